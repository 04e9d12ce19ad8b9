/** Two operators, or more, at the same time. */
import {readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readJournal} from '../../engine/journal.ts';
import {type CliRig, cliTest, type Ended, type Live, shellRunbook} from '../cli-rig.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {IMAGE} from '../docker-rig.ts';

const test = suite('world: operators');

const SOAK = process.env.RUNBOOK_TEST_SOAK === '1';
const TRIES = SOAK ? 50 : 2;

/** Each act leaves a line in `acts`, and waits for the file `go`, also its undo. */
const SLOW = `
name: slow
title: Acts that wait
steps:
  - id: a
    run: echo a >> acts; while [ ! -e go ]; do sleep 0.02; done
    undo: {run: 'echo undo >> acts; while [ ! -e go ]; do sleep 0.02; done'}
`;

interface Raced {
  readonly winner: Ended;
  readonly losers: readonly Ended[];
}

/** Starts all calls at once. One holds the run and waits for `go`; it gets that when the others have given up. */
const race = async (rig: CliRig, calls: readonly (readonly string[])[]): Promise<Raced & {pid: number}> => {
  rmSync(join(rig.dir, 'go'), {force: true});
  const lives = calls.map((args) => rig.start(args));
  const going = new Set<Live>(lives);
  for (const live of lives) void live.ended.then(() => going.delete(live));
  while (going.size > 1) await sleep(20);
  const [last] = going;
  assert.ok(last, 'nobody has won');
  await rig.write({go: ''});
  const winner = await last.ended;
  const losers = await Promise.all(lives.filter((live) => live !== last).map(({ended}) => ended));
  return {winner, losers, pid: last.child.pid ?? 0};
};

const actsIn = (rig: CliRig): string[] => {
  const text = readFileSync(join(rig.dir, 'acts'), 'utf8');
  rmSync(join(rig.dir, 'acts'));
  return text.trim().split('\n');
};

/** Every journal can be read to its end. */
const areIntact = (rig: CliRig): void => {
  const runs = join(rig.dir, '.runbook/runs');
  for (const run of readdirSync(runs)) assert.is(readJournal(join(runs, run, 'journal.jsonl')).tornBytes, 0, run);
};

const refused = ({losers, pid}: {losers: readonly Ended[]; pid: number}): void => {
  for (const {code, stderr} of losers) {
    assert.is(code, 5, stderr);
    assert.match(stderr, /\[run-held\]/);
    assert.match(stderr, `process ${pid}`);
  }
};

/** An unfinished run, and nothing in `acts`. */
const interrupted = async (rig: CliRig): Promise<void> => {
  rmSync(join(rig.dir, 'go'), {force: true});
  const live = rig.start(['run', './slow.yaml']);
  await live.says('start $');
  while (!rig.exists('acts')) await sleep(10);
  live.signal('SIGINT');
  assert.is((await live.ended).code, 130);
  rmSync(join(rig.dir, 'acts'));
};

const contest = (
  name: string,
  calls: readonly (readonly string[])[],
  before: (rig: CliRig) => Promise<void>,
  acts: readonly string[],
): void =>
  test(
    `${name}: exactly one wins, the others name it, and what is done is done once`,
    cliTest(
      async (rig) => {
        await rig.write({'slow.yaml': SLOW});
        for (let n = 0; n < TRIES; n++) {
          await before(rig);

          const raced = await race(rig, calls);

          assert.is(raced.winner.code, 0, raced.winner.stderr);
          refused(raced);
          const done = actsIn(rig);
          assert.is(done.length, 1);
          assert.ok(acts.includes(done[0] ?? ''));
          areIntact(rig);
        }
      },
      SOAK ? 600_000 : 60_000,
    ),
  );

const nothing = async (): Promise<void> => {};

contest('four runs', Array(4).fill(['run', './slow.yaml']), nothing, ['a']);
contest('a run and a resume', [['run', './slow.yaml'], ['resume'], ['resume']], interrupted, ['a']);
contest('three resumes', Array(3).fill(['resume']), interrupted, ['a']);
contest('a resume and an undo', [['resume'], ['undo', '--yes']], interrupted, ['a', 'undo']);
contest('three undos', Array(3).fill(['undo', '--yes']), interrupted, ['undo']);

test(
  'of different runbooks, or with different state directories, do not get into each other’s way',
  cliTest(async (rig) => {
    await rig.write({'slow.yaml': SLOW, 'other.yaml': shellRunbook('other', {b: 'echo b >> acts'})});
    const held = rig.start(['run', './slow.yaml']);
    await held.says('start $');

    assert.is((await rig.runbook(['run', './other.yaml'])).code, 0);
    assert.is((await rig.runbook(['run', './other.yaml', '--state-dir', 'mine'])).code, 0);
    const same = rig.start(['run', './slow.yaml', '--state-dir', 'mine']);
    await same.says('start $');
    await rig.write({go: ''});

    assert.is((await held.ended).code, 0);
    assert.is((await same.ended).code, 0);
    assert.equal(actsIn(rig).sort(), ['a', 'a', 'b', 'b']);
  }),
);

test(
  'who find the run finished when the lock is free do not begin it again',
  cliTest(async (rig) => {
    await rig.write({'slow.yaml': SLOW, acts: ''});
    await interrupted(rig);
    await rig.write({go: ''});

    const all = await Promise.all(Array.from({length: SOAK ? 12 : 4}, () => rig.runbook(['resume'])));

    const codes = all.map(({code}) => code).sort();
    assert.is(codes[0], 0);
    for (const {code, stderr} of all) {
      assert.ok([0, 2, 5].includes(code), stderr);
      if (code === 2) assert.match(stderr, '[nothing-to-resume]');
    }
    assert.equal(actsIn(rig), ['a']);
    areIntact(rig);
  }),
);

const named = (command: string): string => `
name: named
title: A container of a name
steps:
  - id: web
    uses: docker.run
    with: {name: rbt-named, image: "${IMAGE}", command: [sleep, "${command}"]}
`;

engineTest(test)(
  'with different state directories share a container that both describe alike, and are told of one that is not theirs',
  cliTest(async (rig) => {
    const engine = await testEngine();
    await engine.load(IMAGE);
    const {env} = engine;
    try {
      for (let n = 0; n < (SOAK ? 30 : 3); n++) {
        await rig.write({'named.yaml': named('600')});
        const both = await Promise.all(
          ['one', 'two', 'three'].map((dir) => rig.runbook(['run', './named.yaml', '--state-dir', dir], {env})),
        );
        for (const {code, stderr} of both) assert.is(code, 0, stderr);
        assert.match(both.map(({stderr}) => stderr).join(''), /web +ran/);

        await rig.write({'named.yaml': named('700')});
        const other = await rig.runbook(['run', './named.yaml', '--state-dir', 'four'], {env});
        assert.is(other.code, 1, other.stderr);
        assert.match(other.stderr, '[name-taken]');
        assert.match(other.stderr, 'made by run');
        await rig.start(['rm', '-f', 'rbt-named'], {command: ['docker'], env}).ended;
      }
    } finally {
      await rig.start(['rm', '-f', 'rbt-named'], {command: ['docker'], env}).ended;
    }
  }, 120_000),
);

test.run();
