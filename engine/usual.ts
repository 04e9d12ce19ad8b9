import {RunbookError} from './errors.ts';
import type {RunState} from './state.ts';
import type {Store} from './store.ts';

const RUNS_LOOKED_AT = 5;
const RUNS_READ = 15;

/** Median duration of each step in the last runs of a runbook; milliseconds. */
export const usualDurations = (store: Store, runbook: string, except: string): ReadonlyMap<string, number> => {
  const durations = new Map<string, number[]>();
  for (const state of lastRuns(store, runbook, except)) {
    for (const step of state.steps.values()) {
      if (step.how !== 'ran' || step.durationMs === undefined) continue;
      durations.set(step.key, [...(durations.get(step.key) ?? []), step.durationMs]);
    }
  }
  return new Map([...durations].map(([key, list]) => [key, median(list)]));
};

const lastRuns = (store: Store, runbook: string, except: string): RunState[] => {
  const found: RunState[] = [];
  for (const run of store.runs().slice(0, RUNS_READ)) {
    if (run === except || found.length >= RUNS_LOOKED_AT) continue;
    const state = tryRead(store, run);
    if (state?.runbook === runbook) found.push(state);
  }
  return found;
};

// A damaged journal has no say here; whoever asks for that run is told.
const tryRead = (store: Store, run: string): RunState | undefined => {
  try {
    return store.read(run);
  } catch (error) {
    if (error instanceof RunbookError) return undefined;
    throw error;
  }
};

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};
