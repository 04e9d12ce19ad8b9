import {join} from 'node:path';
import {readCache, writeCache} from './cache-file.ts';
import type {Stamped} from './entries.ts';
import {RunbookError} from './errors.ts';
import {readJournal} from './journal.ts';
import {stampOf} from './run-index.ts';
import type {Store} from './store.ts';

/** The newest runs of a runbook that have a say. */
const RUNS_LOOKED_AT = 20;
/** Changes with `Durations`. */
const VERSION = 1;
const ALMOST_ALL = 0.95;

/** How long the steps of one run took that ran, and the journal which says so. */
interface Durations {
  readonly stamp: string;
  readonly steps: Readonly<Record<string, number>>;
}

/** How long a step took in earlier runs. Milliseconds. */
export interface Usual {
  readonly medianMs: number;
  /** Of 100 runs 95 took no longer. */
  readonly slowMs: number;
}

/** What the last runs of a runbook say of each step that ran in them. */
export const usualDurations = (store: Store, runbook: string, except: string): ReadonlyMap<string, Usual> => {
  const durations = new Map<string, number[]>();
  for (const run of lastRuns(store, runbook, except)) {
    for (const [key, ms] of Object.entries(durationsOf(store, run))) {
      const known = durations.get(key);
      if (known === undefined) durations.set(key, [ms]);
      else known.push(ms);
    }
  }
  return new Map([...durations].map(([key, list]) => [key, usualOf(list)]));
};

// A damaged journal has no say here; whoever asks for that run is told.
const lastRuns = (store: Store, runbook: string, except: string): string[] => {
  const found: string[] = [];
  for (const run of store.runs()) {
    if (found.length === RUNS_LOOKED_AT) break;
    const facts = run === except ? undefined : store.facts(run);
    if (facts !== undefined && !('code' in facts) && facts.runbook === runbook) found.push(run);
  }
  return found;
};

/** From the file beside the journal, while it is of this very journal; else from the journal. */
const durationsOf = (store: Store, run: string): Durations['steps'] => {
  const file = join(store.folderOf(run), 'durations.jsonl');
  const journal = store.journalOf(run);
  const stamp = stampOf(journal);
  const cached = readCache(file, VERSION)?.value as Durations | undefined;
  if (cached !== undefined && cached.stamp === stamp) return cached.steps;
  const steps = read(journal);
  if (stamp !== undefined && steps !== undefined) writeCache(file, VERSION, {stamp, steps} satisfies Durations);
  return steps ?? {};
};

const read = (journal: string): Durations['steps'] | undefined => {
  try {
    return durationsIn(readJournal(journal).entries);
  } catch (error) {
    if (error instanceof RunbookError) return undefined;
    throw error;
  }
};

/** A step that was found true took no time to speak of, and says nothing of one that runs. */
const durationsIn = (entries: readonly Stamped[]): Durations['steps'] => {
  const steps: Record<string, number> = {};
  for (const entry of entries)
    if (entry.type === 'step-checkpointed' && entry.how === 'ran') steps[entry.step] = entry.durationMs;
  return steps;
};

const usualOf = (values: readonly number[]): Usual => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return {medianMs: at(0.5), slowMs: at(ALMOST_ALL)};
};
