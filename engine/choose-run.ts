import {RunbookError} from './errors.ts';
import type {RunFacts} from './run-facts.ts';
import type {Runbook} from './runbook.ts';
import {isUnfinished, type RunState} from './state.ts';
import type {Store} from './store.ts';

/**
 * A run by its id, or by a part of it that only it has.
 * @throws RunbookError `no-such-run`, `journal-damaged`
 */
export const namedRun = (store: Store, run: string): RunState => {
  store.check();
  return stepsToo(store, store.find(run));
};

/**
 * The newest run, whatever became of it.
 * @throws RunbookError `nothing-to-resume` where there is none
 */
export const newestRun = (store: Store): RunState => {
  store.check();
  return stepsToo(store, newest(store).run);
};

/**
 * The run to go on with: a named one, else the newest unfinished one.
 * @throws RunbookError `nothing-to-resume` naming the newest run, `no-such-run`, `run-held`
 */
export const chooseRun = (store: Store, run: string | undefined): RunState =>
  stepsToo(store, chooseFacts(store, run).run);

/** The same without its steps: for who reads its journal anyway. */
export const chooseFacts = (store: Store, run: string | undefined): RunFacts => {
  store.check();
  return run === undefined ? newestUnfinished(store) : named(store, store.find(run));
};

const named = (store: Store, run: string): RunFacts => {
  const facts = store.facts(run);
  if (facts === undefined) throw neverBegan(run);
  if ('code' in facts) throw new RunbookError(facts);
  return facts;
};

const newest = (store: Store): RunFacts => {
  const found = store.newest(() => true);
  if (found !== undefined) return found;
  throw new RunbookError({
    code: 'nothing-to-resume',
    message: 'there is no run here yet',
    next: ['start one with: runbook run RUNBOOK'],
  });
};

const newestUnfinished = (store: Store): RunFacts => {
  const unfinished = store.newest(isUnfinished);
  if (unfinished !== undefined) return unfinished;
  const last = newest(store);
  // Somebody takes it back at this moment.
  if (last.undoing) store.refuseHeld(last);
  throw new RunbookError({
    code: 'nothing-to-resume',
    message: `there is nothing unfinished; the newest run is ${last.run} (${last.runbook}, ${stateWord(last)})`,
    next: [
      last.undone
        ? `do all of it again, in the same run: runbook resume ${last.run}`
        : `verify and repair it with: runbook resume ${last.run}`,
    ],
  });
};

const stepsToo = (store: Store, run: string): RunState => {
  const state = store.read(run);
  if (state === undefined) throw neverBegan(run);
  return state;
};

const neverBegan = (run: string): RunbookError =>
  new RunbookError({
    code: 'no-such-run',
    message: `run ${run} never began`,
    next: ['see the runs with: runbook runs'],
  });

/**
 * A run's runbook, as its file is now.
 * @throws RunbookError `no-such-runbook` when it has moved, and what is wrong with the file
 */
export const runbookOf = async (
  {run, file}: RunState,
  {load}: {load(file: string): Promise<Runbook>},
): Promise<Runbook> => {
  try {
    return await load(file);
  } catch (error) {
    const isGone = error instanceof RunbookError && error.code === 'no-such-runbook';
    if (!isGone || error.problems[0].place?.file !== file) throw error;
    const message = `the runbook of run ${run} is no longer where it was`;
    const next = [
      'put it back there, or a link to where it is now',
      `or take back what the run has made: runbook undo ${run}`,
    ];
    throw new RunbookError({code: 'no-such-runbook', message, found: `no file ${file}`, next}, error);
  }
};

const stateWord = (state: RunFacts): string => {
  if (state.undone) return 'undone';
  if (state.undoing) return 'undone in part';
  return state.outcome ?? (isUnfinished(state) ? 'unfinished' : 'superseded');
};
