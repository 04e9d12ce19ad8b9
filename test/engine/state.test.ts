import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Entry, Stamped, StepRecord} from '../../engine/entries.ts';
import type {How} from '../../engine/events.ts';
import {isUnfinished, type RunState, readState, type Status} from '../../engine/state.ts';
import {RUN_STARTED} from '../run-started.ts';

const test = suite('state');

const record: StepRecord = {
  title: 'A',
  uses: 'a',
  effect: 'converges',
  options: {},
  definition: 'id: a',
  reads: {},
  secrets: {},
};

const START: Entry = {...RUN_STARTED, journal: 1, inputs: {size: 1}};

const stateAfter = (...entries: readonly Entry[]): RunState => {
  const stamped = [START, ...entries].map((entry, index): Stamped => ({n: index + 1, at: `t${index + 1}`, ...entry}));
  const state = readState(stamped);
  if (state === undefined) throw new Error('no state');
  return state;
};

const step = 'a';
const started = (attempt = 1): Entry => ({type: 'step-started', step, attempt, record});
const done = (how: How = 'ran'): Entry => ({
  type: 'step-checkpointed',
  step,
  how,
  outputs: {x: 1},
  durationMs: 5,
  evidence: [],
});
const failed: Entry = {type: 'step-failed', step, attempt: 1, problem: {code: 'step-failed', message: 'no'}};
const undoing: Entry = {type: 'step-undoing', step};
const undone: Entry = {type: 'step-undone', step};
const reopened: Entry = {type: 'step-reopened', step, why: 'drifted', detail: ''};
const finished = (outcome: 'done' | 'failed' | 'partial' | 'interrupted'): Entry => ({
  type: 'run-finished',
  outcome,
  durationMs: 1,
});
const resumed: Entry = {type: 'run-resumed', program: '1', inputs: {size: 2}, secrets: {}, env: {}, envFiles: []};

test('is nothing without a first entry', () => {
  assert.is(readState([]), undefined);
});

test('knows of each step where it stands', () => {
  const cases: readonly (readonly [readonly Entry[], Status])[] = [
    [[started()], 'in-doubt'],
    [[started(), done()], 'checkpointed'],
    [[started(), failed], 'failed'],
    [[started(), failed, started(2)], 'in-doubt'],
    [[started(), {type: 'step-interrupted', step, attempt: 1}], 'in-doubt'],
    [[{type: 'step-skipped', step, reason: 'when'}], 'skipped'],
    [[started(), done(), reopened], 'reopened'],
    [[started(), done(), undoing], 'in-doubt'],
    [[started(), done(), undoing, undone], 'undone'],
    [[started(), done(), undoing, undone, started()], 'in-doubt'],
  ];
  for (const [entries, status] of cases) assert.is(stateAfter(...entries).steps.get(step)?.status, status);
});

test('knows what the run has made, or may have: undo takes it back', () => {
  const made = (...entries: readonly Entry[]): boolean | undefined => stateAfter(...entries).steps.get(step)?.made;

  assert.is(made(started()), true);
  assert.is(made(started(), failed), true);
  assert.is(made(started(), done()), true);
  assert.is(made(done('already-true')), false);
  assert.is(made(done('verified')), false);
  assert.is(made(done('ran')), false, 'a step that looks is never started');
  assert.is(made(started(), done('adopted')), true);
  assert.is(made(done('accepted')), true);
  assert.is(made(started(), done(), reopened, done('already-true')), true, 'what was made stays ours');
  assert.is(made(started(), done(), undoing, undone), false);
  assert.is(made(started(), done(), undoing, undone, done('already-true')), false);
});

test('forgets what a step remembered when it is undone', () => {
  const remembered: Entry = {type: 'remembered', step, name: 'previous', value: 'old'};

  assert.equal(stateAfter(started(), remembered).steps.get(step)?.remembered, {previous: 'old'});
  assert.equal(stateAfter(started(), remembered, done(), undoing, undone).steps.get(step)?.remembered, {});
});

test('remembers that a value was too secret to be stored', () => {
  const state = stateAfter(started(), {type: 'remembered', step, name: 'previous', value: null, isMasked: true});

  assert.equal(state.steps.get(step)?.remembered, {});
  assert.equal(state.steps.get(step)?.forgotten, ['previous']);
});

test('takes the newest outputs, inputs and env', () => {
  const state = stateAfter(started(), done(), {type: 'step-verified', step, outputs: {x: 2}}, resumed);

  assert.equal(state.steps.get(step)?.outputs, {x: 2});
  assert.equal(state.inputs, {size: 2});
});

test('keeps the place where a step was begun first', () => {
  assert.is(stateAfter(started(), failed, started(2), done()).steps.get(step)?.order, 2);
});

test('knows which runs can be gone on with', () => {
  const cases: readonly (readonly [readonly Entry[], boolean])[] = [
    [[], true],
    [[started()], true],
    [[finished('failed')], true],
    [[finished('interrupted')], true],
    [[finished('partial')], true],
    [[finished('done')], false],
    [[finished('done'), resumed], true],
    [[finished('failed'), {type: 'run-superseded', by: 'x'}], false],
    [[finished('failed'), {type: 'run-superseded', by: 'x'}, resumed], true],
    [[finished('done'), {type: 'undo-started'}], false],
    [[finished('failed'), {type: 'undo-started'}], false],
    [[finished('failed'), {type: 'undo-started'}, {type: 'undo-finished', failed: ['a']}], false],
    [[finished('failed'), {type: 'undo-started'}, {type: 'undo-finished', failed: ['a']}, resumed], true],
    [[finished('done'), {type: 'undo-started', to: 'a'}], true],
    [[finished('done'), {type: 'undo-started'}, {type: 'undo-finished', failed: []}], false],
    [[finished('done'), {type: 'undo-started'}, {type: 'undo-finished', failed: []}, resumed], true],
  ];
  for (const [entries, expected] of cases)
    assert.is(isUnfinished(stateAfter(...entries)), expected, entries.map(({type}) => type).join());
});

test.run();
