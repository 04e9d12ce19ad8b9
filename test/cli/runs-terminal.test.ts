import {stripVTControlCharacters} from 'node:util';
import pty from '@lydell/node-pty';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, program, shellRunbook} from '../cli-rig.ts';

const test = suite('runs on a terminal');

/** A call on a terminal of this width. */
const onTerminal = (rig: CliRig, args: readonly string[], cols: number) => {
  const [file, ...before] = program;
  const env = {PATH: process.env.PATH ?? '', HOME: rig.dir, TZ: 'UTC', TERM: 'xterm-256color'};
  const child = pty.spawn(file, [...before, ...args], {cols, rows: 24, cwd: rig.dir, env});
  let printed = '';
  const watchers = new Set<() => void>();
  child.onData((data) => {
    printed += data;
    for (const look of watchers) look();
  });
  const text = (): string => stripVTControlCharacters(printed).replaceAll('\r\n', '\n');
  return {
    type: (keys: string) => child.write(keys),
    says: (words: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => void (text().includes(words) && resolve());
        watchers.add(look);
        look();
      }),
    ended: new Promise<{code: number; printed: string; text: string}>((resolve) =>
      child.onExit(({exitCode}) => resolve({code: exitCode, printed, text: text()})),
    ),
  };
};

const ranOnce = async (rig: CliRig): Promise<void> => {
  await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'echo hello'})});
  await rig.runbook(['run', 'web']);
};

test(
  'shows what fits: on a narrow terminal without size and exact time, on a wide one with them',
  cliTest(async (rig) => {
    await ranOnce(rig);

    const narrow = await onTerminal(rig, ['runs'], 64).ended;
    const wide = await onTerminal(rig, ['runs'], 200).ended;

    assert.match(narrow.text, /^RUN +RUNBOOK +STATE +STEPS +AGE +TOOK\n/);
    assert.ok(narrow.text.split('\n').every((line) => line.length < 64));
    assert.match(wide.text, /^RUN +RUNBOOK +STATE +STEPS +AGE +TOOK +SIZE +STARTED\n/);
    assert.match(narrow.printed, '\x1b[32mdone');
  }),
);

test(
  'prune asks, and takes a no for an answer',
  cliTest(async (rig) => {
    await ranOnce(rig);

    const first = onTerminal(rig, ['runs', 'prune', '--older-than', '0s'], 80);
    await first.says('Remove them?');
    first.type('n');
    const no = await first.ended;

    assert.is(no.code, 1);
    assert.match(no.text, /to be removed: 1 run, [\d.]+ k?B\n/);
    assert.is((JSON.parse((await rig.runbook(['runs', '--json'])).stdout) as unknown[]).length, 1);

    const second = onTerminal(rig, ['runs', 'prune', '--older-than', '0s'], 80);
    await second.says('Remove them?');
    second.type('y');
    const yes = await second.ended;

    assert.is(yes.code, 0);
    assert.match(yes.text, /removed 1 run, /);
    assert.equal(JSON.parse((await rig.runbook(['runs', '--json'])).stdout), []);
  }),
);

test(
  'prune that is left with Ctrl-C removes nothing',
  cliTest(async (rig) => {
    await ranOnce(rig);

    const asked = onTerminal(rig, ['runs', 'prune', '--older-than', '0s'], 80);
    await asked.says('Remove them?');
    asked.type('\x03');

    assert.is((await asked.ended).code, 130);
    assert.is((JSON.parse((await rig.runbook(['runs', '--json'])).stdout) as unknown[]).length, 1);
  }),
);

test.run();
