import {readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, shellRunbook} from '../cli-rig.ts';

const test = suite('log');

const FLAKY = [
  'name: web',
  'title: A web server',
  'steps:',
  '  - id: greet',
  '    title: Say hello',
  '    run: printf "hello\\nno newline"',
  '  - id: flaky',
  '    title: Fail at first',
  '    run: echo trying; test -e ok || { touch ok; exit 1; }',
  '    retry: {attempts: 2, delay: 10ms}',
  '  - id: bad',
  '    run: echo almost; exit 3',
  '',
].join('\n');

const TIME = '\\d\\d:\\d\\d:\\d\\d';

const newest = (rig: CliRig): string => readdirSync(join(rig.dir, '.runbook/runs')).sort().at(-1) ?? '';

/** A step that prints, and goes on when the test says so. */
const waiting = (text: string, file: string): string => `echo ${text}; while ! test -e ${file}; do sleep 0.05; done`;

test(
  'shows of each step how it ended, when, how long it took, and what it printed, attempt by attempt',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': FLAKY});
    await rig.runbook(['run', 'web']);

    const {code, stdout} = await rig.runbook(['log']);

    assert.is(code, 0);
    const lines = stdout.split('\n');
    assert.match(lines[0] ?? '', /^web {2}failed {2}run \S+, started \d{4}-\d\d-\d\d \S+, took [\d.]+ m?s$/);
    const rest = lines
      .slice(2)
      .map((line) => line.replace(new RegExp(TIME), 'TIME').replace(/ +[\d.]+ m?s\b/, ' TOOK'));
    assert.equal(rest, [
      '✔ greet  ran     TIME TOOK  Say hello',
      '    hello',
      '    no newline',
      '✔ flaky  ran     TIME TOOK  Fail at first',
      '    trying',
      '    -- attempt 2, TIME',
      '    trying',
      '✖ bad    failed  TIME TOOK',
      '    almost',
      '    ✖ exited with code 3',
      '',
    ]);
  }),
);

test(
  'shows times where they are known, and the last lines',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': FLAKY});
    await rig.runbook(['run', 'web']);

    const timed = await rig.runbook(['log', newest(rig), 'greet', '--times']);
    const last = await rig.runbook(['log', '--tail', '1']);
    rmSync(join(rig.dir, '.runbook/runs', newest(rig), 'steps/greet.times'));
    const old = await rig.runbook(['log', newest(rig), 'greet', '--times']);

    assert.match(timed.stdout, new RegExp(`\\n {4}${TIME}\\.\\d {2}hello\\n {4}${TIME}\\.\\d {2}no newline\\n$`));
    assert.match(last.stdout, /Say hello\n {4}\[1 line before\]\n {4}no newline\n/);
    assert.match(old.stdout, /\n {16}hello\n {16}no newline\n$/);
  }),
);

test(
  '--raw is what was printed, and nothing else',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': FLAKY});
    await rig.runbook(['run', 'web']);

    assert.is((await rig.runbook(['log', newest(rig), 'greet', '--raw'])).stdout, 'hello\nno newline');
    assert.is((await rig.runbook(['log', '--raw'])).stdout.length, 'hello\nno newlinetrying\ntrying\nalmost\n'.length);
    assert.is((await rig.runbook(['log', '--raw', '--follow'])).code, 2);
  }),
);

test(
  'says what was left out of a log that was too long, and ends quietly when its reader has seen enough',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {long: 'seq 1 4000000'})});
    await rig.runbook(['run', 'web']);
    const piped = (line: string) => rig.start(['-c', line, 'sh'], {command: ['sh']}).ended;
    const log = `"${process.execPath}" "${join(import.meta.dirname, '../../dist/cli/main.cjs')}" log`;

    const all = await rig.runbook(['log']);
    const head = await piped(`${log} | head -n 3`);
    const followed = await piped(`${log} --follow | head -n 3`);

    assert.match(all.stdout, /\n {4}\[\d+ MB are left out here\]\n/);
    assert.match(all.stdout, /\n {4}4000000\n$/);
    assert.is(head.stdout.split('\n').length, 4);
    assert.is(followed.stdout.split('\n').length, 4);
    assert.is(head.stderr + followed.stderr, '');
  }),
);

test(
  '--follow shows what a run in another terminal does, until it ends',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: waiting('first', 'one'), b: 'echo second'})});
    const live = rig.start(['run', 'web']);
    await live.says('| first');

    const following = rig.start(['log', '--follow']);
    await following.says('| first');
    const asJson = rig.start(['log', '--follow', '--json']);
    await asJson.says('"step-started"');
    assert.not.match(following.printed(), 'second');
    await rig.write({one: ''});

    const {code, stdout, stderr} = await following.ended;
    assert.is(code, 0);
    assert.is(stderr, '');
    assert.equal(
      stdout
        .replace(new RegExp(TIME, 'g'), 'TIME')
        .replace(/[\d.]+ m?s\b/g, 'TOOK')
        .split('\n'),
      [
        `TIME running web (run ${newest(rig)})`,
        'TIME a         start a',
        'TIME a         | first',
        'TIME a         ran (TOOK)',
        'TIME b         start b',
        'TIME b         | second',
        'TIME b         ran (TOOK)',
        'TIME done in TOOK',
        '',
      ],
    );
    const journal = readFileSync(join(rig.dir, '.runbook/runs', newest(rig), 'journal.jsonl'), 'utf8');
    assert.equal(
      (await asJson.ended).stdout.split('\n').map((line) => line.slice(0, 40)),
      journal.split('\n').map((line) => line.slice(0, 40)),
    );
    assert.is((await live.ended).code, 0);
  }),
);

test(
  '--follow ends when the run is killed, says so, and follows who goes on with it',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: waiting('first', 'one'), b: 'echo second'})});
    const live = rig.start(['run', 'web']);
    await live.says('| first');
    const following = rig.start(['log', '--follow']);
    await following.says('| first');

    live.signal('SIGKILL');

    const {code, stderr} = await following.ended;
    assert.is(code, 0);
    assert.match(stderr, `process ${live.child.pid}, which worked on it, is gone without finishing it`);
    assert.match(stderr, `go on with: runbook resume ${newest(rig)}`);

    const resumed = rig.start(['resume']);
    await resumed.says('| first');
    const again = rig.start(['log', '--follow', '--tail', '0']);
    await again.says('lines before]');
    await rig.write({one: ''});
    const {code: ended, stdout} = await again.ended;
    assert.is(ended, 0);
    assert.match(stdout, /b +\| second\n.*b +ran .*\n.*done in /);
    assert.is((await resumed.ended).code, 0);
  }),
);

test(
  '--follow ends quietly with 130 on Ctrl-C, and leaves the run alone',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: waiting('first', 'one')})});
    const live = rig.start(['run', 'web']);
    await live.says('| first');
    const following = rig.start(['log', '--follow']);
    await following.says('| first');

    following.signal('SIGINT');

    const {code, stderr} = await following.ended;
    assert.equal([code, stderr], [130, '']);
    await rig.write({one: ''});
    assert.is((await live.ended).code, 0);
  }),
);

test.run();
