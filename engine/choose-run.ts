import {RunbookError} from './errors.ts';
import type {Runbook} from './runbook.ts';
import {isUnfinished, type RunState} from './state.ts';
import type {Store} from './store.ts';

/**
 * A run by its id, or by a part of it that only it has.
 * @throws RunbookError `no-such-run`, `journal-damaged`
 */
export const namedRun = (store: Store, run: string): RunState => {
  store.check();
  const id = store.find(run);
  const state = store.read(id);
  if (state !== undefined) return state;
  throw new RunbookError({
    code: 'no-such-run',
    message: `run ${id} never began`,
    next: ['see the runs with: runbook runs'],
  });
};

/**
 * The newest run, whatever became of it.
 * @throws RunbookError `nothing-to-resume` where there is none
 */
export const newestRun = (store: Store): RunState => {
  store.check();
  const newest = store.newest(() => true);
  if (newest !== undefined) return newest;
  throw new RunbookError({
    code: 'nothing-to-resume',
    message: 'there is no run here yet',
    next: ['start one with: runbook run RUNBOOK'],
  });
};

/**
 * The run to go on with: a named one, else the newest unfinished one.
 * @throws RunbookError `nothing-to-resume` naming the newest run, `no-such-run`, `run-held`
 */
export const chooseRun = (store: Store, run: string | undefined): RunState => {
  if (run !== undefined) return namedRun(store, run);
  store.check();
  const unfinished = store.newest(isUnfinished);
  if (unfinished !== undefined) return unfinished;
  const newest = newestRun(store);
  // Somebody takes it back at this moment.
  if (newest.undoing) store.refuseHeld(newest);
  throw new RunbookError({
    code: 'nothing-to-resume',
    message: `there is nothing unfinished; the newest run is ${newest.run} (${newest.runbook}, ${stateWord(newest)})`,
    next: [
      newest.undone
        ? `do all of it again, in the same run: runbook resume ${newest.run}`
        : `verify and repair it with: runbook resume ${newest.run}`,
    ],
  });
};

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

const stateWord = (state: RunState): string => {
  if (state.undone) return 'undone';
  if (state.undoing) return 'undone in part';
  return state.outcome ?? (isUnfinished(state) ? 'unfinished' : 'superseded');
};
