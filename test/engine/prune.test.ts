import {existsSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {seal} from '../../engine/journal-line.ts';
import {type PrunePlan, type PruneRequest, planPrune, pruneRuns} from '../../engine/prune.ts';
import type {StepType} from '../../engine/step-type.ts';
import {type Rig, rigTest, throws} from '../rig.ts';

const test = suite('prune');

const DAY_MS = 86_400_000;

/** Everything that is old enough, where the test says nothing else; `types` are the step types that this program has. */
const requestOf = (given: Partial<PruneRequest>, types: readonly StepType[] = []): PruneRequest => ({
  runs: [],
  filter: {},
  olderThanMs: 0,
  keep: 0,
  unfinished: false,
  undoable: false,
  registry: new Map(types.map((type) => [type.name, type])),
  ...given,
});

const planned = (rig: Rig, given: Partial<PruneRequest> = {}, types: readonly StepType[] = []): PrunePlan =>
  planPrune(rig.stateDir, requestOf(given, types), new Date(Date.now() + 1000));

const idsOf = ({remove}: PrunePlan): string[] => remove.map(({run}) => run);
const keptOf = ({keep}: PrunePlan): unknown[] => keep.map(({run, because}) => [run.run, ...because]);

/** A runbook of one step without an undo: what it did is no reason to keep its runs. */
const plainRuns = async (rig: Rig, count: number): Promise<string[]> => {
  rig.step('tell', {effect: 'repeatable', undo: false});
  await rig.runbook('  - {id: tell, uses: tell}\n');
  const runs: string[] = [];
  for (let n = 0; n < count; n++) runs.unshift((await rig.run()).run);
  return runs;
};

const tellType = (rig: Rig): StepType => rig.step('tell', {effect: 'repeatable', undo: false}).type;

test(
  'takes the runs that are old enough, but not the newest of each runbook',
  rigTest(async (rig) => {
    const [newest, middle, oldest] = await plainRuns(rig, 3);

    const types = [tellType(rig)];
    assert.equal(idsOf(planned(rig, {}, types)), [newest, middle, oldest]);
    assert.equal(idsOf(planned(rig, {keep: 1}, types)), [middle, oldest]);
    assert.equal(idsOf(planned(rig, {olderThanMs: DAY_MS}, types)), []);
    assert.equal(idsOf(planned(rig, {filter: {states: ['failed']}}, types)), []);
    assert.equal(idsOf(planned(rig, {filter: {runbook: 'other'}}, types)), []);
    assert.equal(idsOf(planned(rig, {runs: [oldest ?? '']}, types)), [oldest]);
  }),
);

test(
  'removes what was planned, with all that it takes on disk, and nothing else',
  rigTest(async (rig) => {
    const [newest, oldest = ''] = await plainRuns(rig, 2);

    const pruned = pruneRuns(rig.stateDir, planned(rig, {keep: 1}, [tellType(rig)]));

    assert.equal(pruned.removed, [oldest]);
    assert.ok(pruned.bytes > 100);
    assert.equal(rig.store.runs(), [newest]);
    assert.not.ok(existsSync(join(rig.stateDir, 'removed')));
    assert.ok(existsSync(join(rig.stateDir, 'locks', 'test')));
    assert.ok((await rig.run()).ok);
  }),
);

test(
  'takes the lock folder of a runbook that has no run left, which can be run again',
  rigTest(async (rig) => {
    await plainRuns(rig, 2);

    pruneRuns(rig.stateDir, planned(rig, {}, [tellType(rig)]));

    assert.equal(readdirSync(join(rig.stateDir, 'locks')), []);
    assert.equal(rig.store.summaries(), []);
    assert.ok((await rig.run()).ok);
  }),
);

test(
  'leaves a run that can be resumed, unless it is asked for',
  rigTest(async (rig) => {
    const tell = rig.step('tell', {effect: 'repeatable', undo: false});
    tell.failure = 'no';
    await rig.runbook('  - {id: tell, uses: tell}\n');
    const {run} = await rig.run();

    assert.equal(keptOf(planned(rig, {}, [tell.type])), [[run, 'unfinished']]);
    assert.equal(idsOf(planned(rig, {unfinished: true}, [tell.type])), [run]);
    assert.equal(idsOf(planned(rig, {runs: [run]}, [tell.type])), [run]);
  }),
);

test(
  'leaves a run whose things still stand, until they are taken back',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    const {run} = await rig.run();

    assert.equal(keptOf(planned(rig, {}, [web.type])), [[run, 'undoable']]);
    assert.equal(idsOf(planned(rig, {undoable: true}, [web.type])), [run]);

    await rig.undo();
    assert.equal(idsOf(planned(rig, {}, [web.type])), [run]);
  }),
);

test(
  'needs both words for a run that is unfinished and has made something',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const db = rig.step('db');
    db.failure = 'no';
    await rig.runbook('  - {id: web, uses: web}\n  - {id: db, uses: db}\n');
    const {run} = await rig.run();
    const types = [web.type, db.type];

    assert.equal(keptOf(planned(rig, {}, types)), [[run, 'unfinished', 'undoable']]);
    assert.equal(keptOf(planned(rig, {unfinished: true}, types)), [[run, 'undoable']]);
    assert.equal(idsOf(planned(rig, {unfinished: true, undoable: true}, types)), [run]);
  }),
);

test(
  'leaves a superseded run that has made something: only its journal says how to take it back',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const db = rig.step('db');
    db.failure = 'no';
    await rig.runbook('  - {id: web, uses: web}\n  - {id: db, uses: db}\n');
    const older = (await rig.run()).run;
    const newer = (await rig.run()).run;

    assert.equal(keptOf(planned(rig, {unfinished: true}, [web.type, db.type])), [
      [newer, 'undoable'],
      [older, 'undoable'],
    ]);
  }),
);

test(
  'leaves what a step type unknown to this program has made',
  rigTest(async (rig) => {
    await plainRuns(rig, 1);

    assert.is(planned(rig).keep[0]?.because.join(), 'undoable');
  }),
);

test(
  'leaves a damaged run, unless it is named or its state is',
  rigTest(async (rig) => {
    const [run = ''] = await plainRuns(rig, 1);
    writeFileSync(rig.store.journalOf(run), 'nonsense\n');

    assert.equal(keptOf(planned(rig)), [[run, 'damaged']]);
    assert.equal(idsOf(planned(rig, {runs: [run]})), [run]);
    assert.equal(pruneRuns(rig.stateDir, planned(rig, {filter: {states: ['damaged']}})).removed, [run]);
    assert.equal(rig.store.runs(), []);
  }),
);

test(
  'leaves a run of a newer program, unless it is named',
  rigTest(async (rig) => {
    const [run = ''] = await plainRuns(rig, 1);
    const {line} = seal({n: 1, at: '2026-01-01T00:00:00.000Z', type: 'run-started', journal: 99, run}, 0);
    writeFileSync(rig.store.journalOf(run), line);

    assert.equal(keptOf(planned(rig, {filter: {states: ['damaged']}})), [[run, 'unreadable']]);
    assert.equal(idsOf(planned(rig, {runs: [run]})), [run]);
  }),
);

test(
  'goes by when a run ended, not by when it was begun',
  rigTest(async (rig) => {
    const [run = ''] = await plainRuns(rig, 1);
    const entry = (await rig.store.entries(run))[0];
    assert.is(entry?.type, 'run-started');
    const old = '20250101-000000-aaaaa';
    const text = [
      {...entry, n: 1, at: '2025-01-01T00:00:00.000Z', run: old},
      {n: 2, at: new Date().toISOString(), type: 'run-finished', outcome: 'done', durationMs: 1},
    ].reduce(
      ({lines, sum}, one) => {
        const sealed = seal(one, sum);
        return {lines: lines + sealed.line, sum: sealed.sum};
      },
      {lines: '', sum: 0},
    ).lines;
    mkdirSync(rig.store.folderOf(old));
    writeFileSync(rig.store.journalOf(old), text);

    assert.equal(idsOf(planned(rig, {olderThanMs: DAY_MS})), []);
    assert.equal(idsOf(planned(rig, {keep: 1}, [tellType(rig)])), [old]);
  }),
);

test(
  'never takes a run that is running, nor the others of its runbook meanwhile',
  rigTest(async (rig) => {
    const [older = ''] = await plainRuns(rig, 1);
    const tell = rig.step('tell', {effect: 'repeatable', undo: false});
    const {started, release} = tell.hold();
    const before = planned(rig, {}, [tell.type]);
    const running = rig.run();
    await started;
    const [run = ''] = rig.store.runs();

    const all = {unfinished: true, undoable: true};
    assert.equal(keptOf(planned(rig, all, [tell.type])), [
      [run, 'running'],
      [older, 'held'],
    ]);
    assert.is(throws(() => planned(rig, {runs: [run]}, [tell.type]), 'run-held').exitCode, 5);
    // what was decided before it was started
    assert.equal(
      pruneRuns(rig.stateDir, before).kept.map(({because}) => because),
      [['held']],
    );
    release();

    assert.ok((await running).ok);
    assert.equal(rig.store.runs(), [run, older]);
  }),
);

test(
  'leaves a run that somebody went on with after it was shown',
  rigTest(async (rig) => {
    const [run = ''] = await plainRuns(rig, 1);
    const plan = planned(rig, {}, [tellType(rig)]);

    await rig.resume({run});

    assert.equal(
      pruneRuns(rig.stateDir, plan).kept.map(({because}) => because),
      [['changed']],
    );
    assert.equal(rig.store.runs(), [run]);
  }),
);

test(
  'goes on with what a crash has left half removed, which is no run any more',
  rigTest(async (rig) => {
    const [run = ''] = await plainRuns(rig, 1);
    const aside = join(rig.stateDir, 'removed', 'older-abcd', 'steps');
    mkdirSync(aside, {recursive: true});
    writeFileSync(join(aside, 'web.log'), 'x');

    assert.equal(
      rig.store.summaries().map((one) => one.run),
      [run],
    );
    pruneRuns(rig.stateDir, planned(rig, {olderThanMs: DAY_MS}));

    assert.not.ok(existsSync(join(rig.stateDir, 'removed')));
    assert.equal(rig.store.runs(), [run]);
  }),
);

test(
  'takes folders of runs that never began, but none that is being made',
  rigTest(async (rig) => {
    const [run = ''] = await plainRuns(rig, 1);
    const dead = rig.store.create('other', '20260101-000000-aaaaa');
    dead.journal.close();
    dead.lock.release();
    const open = rig.store.create('test', '20260101-000000-bbbbb');

    const plan = planned(rig, {olderThanMs: DAY_MS});
    assert.equal(plan.empty, [dead.run]);
    pruneRuns(rig.stateDir, plan);
    open.journal.close();
    open.lock.release();

    assert.equal(rig.store.runs(), [run, open.run]);
  }),
);

test.run();
