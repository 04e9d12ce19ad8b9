import type {Problem} from './errors.ts';
import type {RunFacts} from './run-facts.ts';

export type RunStanding = 'done' | 'failed' | 'interrupted' | 'unfinished' | 'running' | 'superseded' | 'undone';

/** One run as `runbook runs` shows it. */
export interface RunSummary {
  readonly run: string;
  readonly runbook: string;
  readonly file: string;
  readonly state: RunStanding;
  readonly startedAt: string;
  readonly finishedAt?: string;
  /** How long it was worked on, up to now when it is running. */
  readonly durationMs: number;
  readonly steps: {readonly done: number; readonly failed: number; readonly total: number};
  /** The journal can't be read; the other fields are what could be told without it. */
  readonly damaged?: Problem;
}

/** Where runs are remembered. */
export interface Remembered {
  /** Run ids, newest first. */
  runs(): readonly string[];
  facts(run: string): RunFacts | Problem | undefined;
  /** Who works on a runbook now. */
  holder(runbook: string): {readonly run: string} | undefined;
}

/** All runs that began, newest first; a damaged one as such. */
export const summarise = (store: Remembered): RunSummary[] => {
  const holders = new Map<string, string | undefined>();
  const isLive = (run: string, runbook: string): boolean => {
    if (!holders.has(runbook)) holders.set(runbook, store.holder(runbook)?.run);
    return holders.get(runbook) === run;
  };
  return store.runs().flatMap((run) => {
    const facts = store.facts(run);
    if (facts === undefined) return [];
    return 'code' in facts ? [unreadable(run, facts)] : [summaryOf(facts, isLive(run, facts.runbook))];
  });
};

const unreadable = (run: string, problem: Problem): RunSummary => ({
  run,
  runbook: '',
  file: '',
  state: 'unfinished',
  startedAt: '',
  durationMs: 0,
  steps: {done: 0, failed: 0, total: 0},
  damaged: problem,
});

const standing = (facts: RunFacts, live: boolean): RunStanding => {
  if (live) return 'running';
  if (facts.undone) return 'undone';
  if (facts.supersededBy !== undefined) return 'superseded';
  if (facts.outcome === undefined || facts.outcome === 'partial') return 'unfinished';
  return facts.outcome;
};

const summaryOf = (facts: RunFacts, live: boolean): RunSummary => {
  const {run, runbook, file, startedAt, finishedAt, steps} = facts;
  return {
    ...{run, runbook, file, startedAt, steps},
    state: standing(facts, live),
    ...(finishedAt === undefined ? {} : {finishedAt}),
    durationMs: durationOf(facts, live),
  };
};

const durationOf = ({workedMs, goingSince, lastAt}: RunFacts, live: boolean): number => {
  if (goingSince === undefined) return workedMs;
  const until = live ? Date.now() : Date.parse(lastAt);
  return workedMs + Math.max(0, until - Date.parse(goingSince));
};
