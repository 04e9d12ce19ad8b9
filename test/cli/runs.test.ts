import {cpSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, shellRunbook} from '../cli-rig.ts';

const test = suite('runs and runs prune');

interface Summary {
  readonly run: string;
  readonly runbook: string;
  readonly state: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly bytes: number;
}

const runsOf = async (rig: CliRig, ...args: readonly string[]): Promise<Summary[]> =>
  JSON.parse((await rig.runbook(['runs', '--json', ...args])).stdout) as Summary[];

/** One run each that is done, failed and damaged, the last one of long ago. */
const threeRuns = async (rig: CliRig): Promise<void> => {
  await rig.write({
    'runbooks/good.yaml': shellRunbook('good', {a: 'echo hello'}),
    'runbooks/bad.yaml': shellRunbook('bad', {a: 'true', b: 'exit 3'}),
  });
  await rig.runbook(['run', 'good']);
  await rig.runbook(['run', 'bad']);
  const runs = join(rig.dir, '.runbook/runs');
  const [first = ''] = readdirSync(runs).sort();
  const old = join(runs, '20250101-000000-aaaaa');
  cpSync(join(runs, first), old, {recursive: true});
  writeFileSync(join(old, 'journal.jsonl'), readFileSync(join(old, 'journal.jsonl'), 'utf8').replace('hello', 'hullo'));
};

test(
  'lists runs with age, time taken and size, newest first; damaged ones do not keep it from that',
  cliTest(async (rig) => {
    await threeRuns(rig);

    const {stdout, stderr, code} = await rig.runbook(['runs']);

    assert.is(code, 0);
    const [head = '', bad = '', good = '', damaged = ''] = stdout.split('\n');
    assert.match(head, /^RUN +RUNBOOK +STATE +STEPS +AGE +TOOK +SIZE +STARTED$/);
    assert.match(bad, /^\S+ +bad +failed +1\/2 +(\d+ s ago|just now) +[\d.]+ m?s +[\d.]+ k?B +\d{4}-\d\d-\d\d /);
    assert.match(good, /^\S+ +good +done +1\/1 /);
    assert.match(damaged, /^20250101-000000-aaaaa +\? +damaged +\? +\d+ d ago +\? +[\d.]+ k?B +2025-01-01 00:00:00$/);
    assert.match(stderr, /aaaaa\/journal\.jsonl:\d+:1: .*\[journal-damaged\]/);
  }),
);

test(
  'filters by runbook, state and time, and cuts the list',
  cliTest(async (rig) => {
    await threeRuns(rig);
    const names = async (...args: readonly string[]): Promise<string> =>
      (await runsOf(rig, ...args)).map(({runbook, state}) => `${runbook}:${state}`).join(' ');

    assert.is(await names('--runbook', 'good'), 'good:done');
    assert.is(await names('--state', 'failed,damaged'), 'bad:failed :damaged');
    assert.is(await names('--since', '7d'), 'bad:failed good:done');
    assert.is(await names('--since', '2024-12-31', '--limit', '2'), 'bad:failed good:done');
    assert.is(await names('--since', '2025-01-01 00:00'), 'bad:failed good:done :damaged');
    assert.is(await names('--limit', '1'), 'bad:failed');
    assert.match((await rig.runbook(['runs', '--state', 'undone'])).stderr, 'no run is like that');
  }),
);

test(
  'refuses a filter that means nothing, and says what it could be',
  cliTest(async (rig) => {
    const said = async (...args: readonly string[]): Promise<string> => {
      const {code, stderr} = await rig.runbook(['runs', ...args]);
      assert.is(code, 2);
      return stderr;
    };

    assert.match(await said('--state', 'fialed'), /expected .*interrupted.*\n.*did you mean "failed"\?/);
    assert.match(await said('--since', 'yesterday'), 'as 7d or 12h');
    assert.match(await said('--limit', '0'), 'whole number from 1');
    assert.match(await said('prune', '--older-than', '30'), 'did you mean "30s"?');
    assert.match(await said('prune', '--keep', '-1'), 'whole number from 0');
  }),
);

test(
  'prune shows what would go and its size, and removes nothing unasked',
  cliTest(async (rig) => {
    await threeRuns(rig);

    const plan = await rig.runbook(['runs', 'prune', '--older-than', '0s', '--plan']);
    const asked = await rig.runbook(['runs', 'prune', '--older-than', '0s']);
    const byDefault = await rig.runbook(['runs', 'prune', '--yes']);

    assert.match(plan.stdout, /good +done[\s\S]*to be removed: 1 run, [\d.]+ k?B\n/);
    assert.match(plan.stdout, 'stay: 1 run (could be resumed; --unfinished takes such runs, too)');
    assert.match(plan.stdout, 'stay: 1 run (damaged; --state damaged takes such runs)');
    assert.is(asked.code, 1);
    assert.match(asked.stderr, '[no-terminal]');
    assert.match(byDefault.stderr, 'nothing is to be removed');
    assert.is((await runsOf(rig)).length, 3);
  }),
);

test(
  'prune removes what was asked for',
  cliTest(async (rig) => {
    await threeRuns(rig);

    const {code, stdout} = await rig.runbook(['runs', 'prune', '--older-than', '0s', '--yes', '--json']);
    const named = await rig.runbook(['runs', 'prune', 'aaaaa', '--yes']);

    assert.is(code, 0);
    const {removed, keep} = JSON.parse(stdout) as {removed: string[]; keep: {because: string[]}[]};
    assert.is(removed.length, 1);
    assert.equal(
      keep.map(({because}) => because),
      [['unfinished'], ['damaged']],
    );
    assert.match(named.stderr, /removed 1 run, [\d.]+ k?B/);
    assert.equal(
      (await runsOf(rig)).map(({runbook}) => runbook),
      ['bad'],
    );
    assert.is((await rig.runbook(['resume'])).code, 1);
    assert.is((await rig.runbook(['runs', 'prune', 'zzzz'])).code, 2);
  }),
);

test(
  'prune refuses to take a run that is running',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'echo going; sleep 60'})});
    const live = rig.start(['run', 'web']);
    await live.says('| going');
    const [{run} = {run: ''}] = await runsOf(rig, '--state', 'running');

    const {code, stderr} = await rig.runbook(['runs', 'prune', run, '--yes']);

    assert.is(code, 5);
    assert.match(stderr, `run ${run} is running`);
    live.signal('SIGINT');
    assert.is((await live.ended).code, 130);
  }),
);

test(
  'the help of prune says what goes by default, and shows no option twice',
  cliTest(async (rig) => {
    const {stdout} = await rig.runbook(['runs', 'prune', '--help']);

    assert.match(stdout, 'older than 30 days, but not the newest 5');
    for (const option of ['--runbook', '--state ', '--json', '--unfinished ', '--since'])
      assert.is(stdout.split(new RegExp(`^  (?:-., )?${option}`, 'm')).length, option === '--since' ? 1 : 2, option);
  }),
);

test.run();
