/** A clock that is set, forwards and back, while a run goes and between two of them. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, shellRunbook} from '../cli-rig.ts';
import {mayRun} from '../tools.ts';

const test = suite('world: the clock');

const library = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib', '/usr/lib64']
  .map((folder) => join(folder, 'faketime/libfaketimeMT.so.1'))
  .find((path) => existsSync(path));
const withClock = mayRun(library !== undefined, 'tests that set the clock (faketime is not installed)')
  ? test
  : test.skip;

/** The wall clock is a file's; what only ever goes forwards, by which one measures, is the machine's. */
const faked = (rig: CliRig): Record<string, string> => ({
  LD_PRELOAD: library ?? '',
  FAKETIME_TIMESTAMP_FILE: join(rig.dir, 'clock'),
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  DONT_FAKE_MONOTONIC: '1',
});

const set = (rig: CliRig, clock: '+0' | '+1d' | '-1d'): Promise<void> => rig.write({clock: `${clock}\n`});

interface Entry {
  readonly type: string;
  readonly at: string;
  readonly step?: string;
  readonly durationMs?: number;
}

const entriesOf = (rig: CliRig): Entry[] => {
  const runs = join(rig.dir, '.runbook/runs');
  const [newest = ''] = readdirSync(runs).sort().reverse();
  const text = readFileSync(join(runs, newest, 'journal.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry);
};

for (const jump of ['+1d', '-1d'] as const)
  withClock(
    `that is set by ${jump} in mid-run changes no wait, no limit, no pause and no duration`,
    cliTest(async (rig) => {
      await rig.write({
        'clocked.yaml': `
name: clocked
title: Whatever has to do with time
steps:
  - {id: begun, run: 'touch begun; while [ ! -e set ]; do sleep 0.05; done; date'}
  - {id: waits, run: 'test -e there', effect: reads, expect: result.exitCode == 0, within: 50s, needs: [begun]}
  - {id: limited, run: sleep 60, timeout: 1s, needs: [waits]}
  - {id: retried, run: 'test -e again || { touch again; exit 1; }', retry: {attempts: 2, delay: 500ms}, needs: [waits]}
`,
      });
      await set(rig, '+0');
      const live = rig.start(['run', './clocked.yaml', '--keep-going'], {env: faked(rig)});
      await live.says('begun');
      while (!rig.exists('begun')) await new Promise((resolve) => setTimeout(resolve, 10));
      await set(rig, jump);
      await rig.write({set: ''});
      await live.says('waiting');
      await set(rig, jump === '+1d' ? '-1d' : '+1d');
      await rig.write({there: ''});

      const {code, stderr} = await live.ended;

      assert.is(code, 1, stderr);
      assert.match(stderr, /step "limited" .*did not finish within 1 ?s/);
      assert.match(stderr, /1 failed/);
      const entries = entriesOf(rig);
      const stamps = entries.map(({at}) => Date.parse(at));
      assert.ok(Math.max(...stamps) - Math.min(...stamps) > 20 * 3600_000, 'the clock was set');
      const finished = entries.filter(({type}) => type === 'step-checkpointed').map(({step}) => step);
      assert.equal(finished.sort(), ['begun', 'retried', 'waits']);
      for (const {durationMs = 0, step} of entries) assert.ok(durationMs >= 0 && durationMs < 55_000, `${step}`);
    }),
  );

withClock(
  'that was set back does not hide the newest run',
  cliTest(async (rig) => {
    await rig.write({'two.yaml': shellRunbook('two', {a: 'echo a >> acts', b: 'test -e go; echo b >> acts'})});
    const run = async (...args: string[]) => rig.runbook(args, {env: faked(rig)});
    await set(rig, '+0');
    await run('run', './two.yaml');
    await set(rig, '-1d');
    await run('run', './two.yaml', '--until', 'a');

    const [newest, older] = JSON.parse((await run('runs', '--json')).stdout) as {run: string; state: string}[];
    await rig.write({go: ''});
    const resumed = await run('resume');

    assert.equal([newest?.state, older?.state], ['unfinished', 'superseded']);
    assert.is(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, newest?.run ?? '');
    assert.is(await rig.read('acts'), 'a\na\nb\n');
    assert.match((await run('status')).stdout, `run ${newest?.run}`);
  }),
);

withClock(
  'that was set back between a run and its resume changes nothing',
  cliTest(async (rig) => {
    await rig.write({'two.yaml': shellRunbook('two', {a: 'echo a >> acts', b: 'test -e go; echo b >> acts'})});
    await set(rig, '+0');
    assert.is((await rig.runbook(['run', './two.yaml'], {env: faked(rig)})).code, 1);
    await rig.write({go: ''});
    for (const clock of ['-1d', '+1d'] as const) {
      await set(rig, clock);
      const {code, stderr} = await rig.runbook(['resume', ...(clock === '+1d' ? [newestOf(rig)] : [])], {
        env: faked(rig),
      });
      assert.is(code, 0, stderr);
    }

    assert.is(await rig.read('acts'), 'a\nb\n');
    assert.is((await rig.runbook(['undo', '--yes'], {env: faked(rig)})).code, 0);
  }),
);

const newestOf = (rig: CliRig): string => readdirSync(join(rig.dir, '.runbook/runs')).sort().at(-1) ?? '';

test.run();
