import type {Stamped} from './entries.ts';
import {RunbookError} from './errors.ts';
import type {RunFilter, RunSummary} from './run-summary.ts';
import {loggedSteps, readStepLog} from './step-log.ts';
import {Store} from './store.ts';

/** The runs of a state directory, newest first; a damaged journal is shown as such. */
export const listRuns = async (stateDir: string, filter: RunFilter = {}): Promise<readonly RunSummary[]> =>
  new Store(stateDir).summaries(filter);

/**
 * The run that an id, or a part of it, names; the newest one when left out.
 * @throws RunbookError `no-such-run`
 */
export const findRun = async (stateDir: string, part?: string): Promise<string> => {
  const store = new Store(stateDir);
  if (part !== undefined) return store.find(part);
  const [newest] = store.runs();
  if (newest !== undefined) return newest;
  throw new RunbookError({
    code: 'no-such-run',
    message: 'there is no run here yet',
    found: stateDir,
    next: ['start one with: runbook run RUNBOOK'],
  });
};

/** The journal of a run, entry by entry. */
export const readEntries = async (stateDir: string, run: string): Promise<readonly Stamped[]> =>
  new Store(stateDir).entries(run);

/**
 * What the steps of a run have printed, one step after the other, each under its name.
 * @throws RunbookError `unknown-step` when the named step has printed nothing
 */
export async function* readLog(stateDir: string, run: string, step?: string): AsyncIterable<string> {
  const folder = new Store(stateDir).folderOf(run);
  if (step !== undefined) {
    const text = readStepLog(folder, step);
    if (text === undefined) throw nothingPrinted(step, loggedSteps(folder));
    yield text;
    return;
  }
  for (const key of loggedSteps(folder)) yield `== ${key}\n${readStepLog(folder, key) ?? ''}`;
}

const nothingPrinted = (step: string, others: readonly string[]): RunbookError =>
  new RunbookError({
    code: 'unknown-step',
    message: `step "${step}" has printed nothing in this run`,
    ...(others.length === 0 ? {} : {expected: others.join(', ')}),
    next: ['see the steps with: runbook status'],
  });
