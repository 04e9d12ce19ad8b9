import {readdirSync, type Stats, statSync} from 'node:fs';
import {join} from 'node:path';
import {type Problem, RunbookError} from './errors.ts';
import type {RunFacts} from './run-facts.ts';

/** How a run stands, in the words of `runbook runs`. */
export const RUN_STATES = [
  'running',
  'done',
  'failed',
  'interrupted',
  'unfinished',
  'superseded',
  'undone',
  'damaged',
] as const;
export type RunStanding = (typeof RUN_STATES)[number];

/** Which runs are meant; all where nothing is said. */
export interface RunFilter {
  readonly runbook?: string;
  readonly states?: readonly RunStanding[];
  /** Started since then. */
  readonly since?: Date;
  /** So many of the newest. */
  readonly limit?: number;
}

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
  /** What it takes on disk: journal, logs and all. */
  readonly bytes: number;
  /** The journal can't be read; the other fields are what could be told without it. */
  readonly damaged?: Problem;
}

/** Where runs are remembered. */
export interface Remembered {
  /** Run ids, newest first. */
  runs(): readonly string[];
  folderOf(run: string): string;
  facts(run: string): RunFacts | Problem | undefined;
  /** Who works on a runbook now. */
  holder(runbook: string): {readonly run: string} | undefined;
}

/** All runs that began, newest first; a damaged one as such. */
export const summarise = (store: Remembered, filter: RunFilter = {}): RunSummary[] => {
  const holders = new Map<string, string | undefined>();
  const holder = (runbook: string): string | undefined => {
    if (!holders.has(runbook)) holders.set(runbook, store.holder(runbook)?.run);
    return holders.get(runbook);
  };
  const found: RunSummary[] = [];
  for (const run of store.runs()) {
    if (found.length === filter.limit) break;
    const facts = store.facts(run);
    if (facts === undefined) continue;
    const summary = 'code' in facts ? unreadable(run, facts) : summaryOf(run, facts, holder(facts.runbook) === run);
    if (isMeant(summary, filter)) found.push({...summary, bytes: bytesIn(store.folderOf(run))});
  }
  return found;
};

/**
 * One run.
 * @throws RunbookError `no-such-run` when it never began
 */
export const summariseRun = (store: Remembered, run: string): RunSummary => {
  const facts = store.facts(run);
  if (facts === undefined)
    throw new RunbookError({
      code: 'no-such-run',
      message: `run ${run} never began`,
      next: ['see the runs with: runbook runs'],
    });
  const bytes = bytesIn(store.folderOf(run));
  if ('code' in facts) return {...unreadable(run, facts), bytes};
  return {...summaryOf(run, facts, store.holder(facts.runbook)?.run === run), bytes};
};

const isMeant = ({runbook, state, startedAt}: RunSummary, filter: RunFilter): boolean =>
  (filter.runbook === undefined || filter.runbook === runbook) &&
  (filter.states === undefined || filter.states.includes(state)) &&
  (filter.since === undefined || Date.parse(startedAt) >= filter.since.getTime());

const bytesIn = (folder: string): number => {
  try {
    return readdirSync(folder, {recursive: true, withFileTypes: true})
      .filter((file) => file.isFile())
      .reduce((sum, {parentPath, name}) => sum + (statOf(join(parentPath, name))?.size ?? 0), 0);
  } catch {
    // it was removed while we looked
    return 0;
  }
};

const statOf = (file: string): Stats | undefined => statSync(file, {throwIfNoEntry: false});

/** When a run began, by its id. */
const timeIn = (run: string): string => {
  const [, date = '', time = ''] = /^(\d{8})-(\d{6})-/.exec(run) ?? [];
  const iso = `${date}T${time}Z`.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  return Number.isNaN(Date.parse(iso)) ? '' : iso;
};

const unreadable = (run: string, problem: Problem): RunSummary => ({
  run,
  runbook: '',
  file: '',
  state: 'damaged',
  startedAt: timeIn(run),
  durationMs: 0,
  steps: {done: 0, failed: 0, total: 0},
  bytes: 0,
  damaged: problem,
});

export const standingOf = (facts: RunFacts, live: boolean): RunStanding => {
  if (live) return 'running';
  if (facts.undone) return 'undone';
  if (facts.supersededBy !== undefined) return 'superseded';
  if (facts.outcome === undefined || facts.outcome === 'partial') return 'unfinished';
  return facts.outcome;
};

/** A copy of a run goes by the name of its folder. */
const summaryOf = (run: string, facts: RunFacts, live: boolean): RunSummary => {
  const {runbook, file, startedAt, finishedAt, steps} = facts;
  return {
    ...{run, runbook, file, startedAt, steps},
    state: standingOf(facts, live),
    bytes: 0,
    ...(finishedAt === undefined ? {} : {finishedAt}),
    durationMs: durationOf(facts, live),
  };
};

const durationOf = ({workedMs, goingSince, lastAt}: RunFacts, live: boolean): number => {
  if (goingSince === undefined) return workedMs;
  const until = live ? Date.now() : Date.parse(lastAt);
  return workedMs + Math.max(0, until - Date.parse(goingSince));
};
