import type {Stamped} from './entries.ts';
import {RunbookError} from './errors.ts';
import {isMeant} from './run-log.ts';
import type {RunFilter, RunSummary} from './run-summary.ts';
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
  const newest = store.runs().find((run) => store.facts(run) !== undefined);
  if (newest !== undefined) return newest;
  throw new RunbookError({
    code: 'no-such-run',
    message: 'there is no run here yet',
    found: stateDir,
    next: ['start one with: runbook run RUNBOOK'],
  });
};

/** The journal of a run, entry by entry; without what is of other steps where one is named. */
export const readEntries = async (stateDir: string, run: string, step?: string): Promise<readonly Stamped[]> => {
  const entries = new Store(stateDir).entries(run);
  return step === undefined ? entries : entries.filter((entry) => !('step' in entry) || isMeant(entry.step, step));
};

/** The newest run of a runbook that can be gone on with. */
export const unfinishedRun = async (stateDir: string, runbook: string): Promise<string | undefined> =>
  new Store(stateDir).unfinished(runbook)[0]?.run;
