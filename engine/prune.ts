import {randomBytes} from 'node:crypto';
import {mkdirSync, renameSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {syncFolder} from './durable.ts';
import {messageOf, type Problem, RunbookError} from './errors.ts';
import type {Lock} from './lock.ts';
import {stampOf} from './run-index.ts';
import {type RunFilter, type RunSummary, summarise} from './run-summary.ts';
import {isUnfinished, type RunState} from './state.ts';
import type {Registry} from './step-type.ts';
import {Store} from './store.ts';
import {undoOf} from './undo-step.ts';

/** What goes when nothing is said: older than this, ... */
export const PRUNED_AGE_MS = 30 * 86_400_000;
/** ... but not the newest of each runbook. They also tell what its steps usually take. */
export const PRUNED_KEEP = 5;

export interface PruneRequest {
  /** These, by their ids or parts of them; else all that the rest fits. */
  readonly runs: readonly string[];
  readonly filter: Pick<RunFilter, 'runbook' | 'states'>;
  readonly olderThanMs: number;
  /** So many of the newest of each runbook stay. */
  readonly keep: number;
  /** Also runs that `resume` could go on with, ... */
  readonly unfinished: boolean;
  /** ... and runs that `undo` could take something back of: their journals say how. */
  readonly undoable: boolean;
  readonly registry: Registry;
}

/** Why a run that would go stays. */
export type KeptBecause = 'running' | 'unfinished' | 'undoable' | 'damaged' | 'unreadable' | 'held' | 'changed';

export interface KeptRun {
  readonly run: RunSummary;
  readonly because: readonly KeptBecause[];
}

export interface PrunePlan {
  readonly remove: readonly RunSummary[];
  /** What would go by its age, but for these reasons stays. */
  readonly keep: readonly KeptRun[];
  /** Folders of runs that never began: nobody was told of them. */
  readonly empty: readonly string[];
  /** Each journal as it was when this was decided. */
  readonly stamps: ReadonlyMap<string, string | undefined>;
}

export interface Pruned {
  readonly removed: readonly string[];
  readonly kept: readonly KeptRun[];
  readonly bytes: number;
}

/**
 * Which runs would go. Changes nothing.
 * @throws RunbookError `no-such-run`; `run-held` for a named run that is running
 */
export const planPrune = (stateDir: string, request: PruneRequest, now = new Date()): PrunePlan => {
  const store = new Store(stateDir);
  const all = summarise(store);
  const named = new Set(request.runs.map((part) => store.find(part)));
  const live = liveRuns(store);
  const stamps = new Map<string, string | undefined>();
  const remove: RunSummary[] = [];
  const keep: KeptRun[] = [];
  for (const run of named.size > 0 ? all.filter((one) => named.has(one.run)) : candidates(all, request, now)) {
    stamps.set(run.run, stampOf(store.journalOf(run.run)));
    const because = reasons(store, run, request, live, named.has(run.run));
    if (because.length === 0) remove.push(run);
    else keep.push({run, because});
  }
  return {remove, keep, stamps, empty: store.runs().filter((run) => isEmpty(store, run, live, named))};
};

const isEmpty = (store: Store, run: string, live: ReadonlySet<string>, named: ReadonlySet<string>): boolean =>
  (named.size === 0 || named.has(run)) && !live.has(run) && store.facts(run) === undefined;

const candidates = (all: readonly RunSummary[], request: PruneRequest, now: Date): RunSummary[] => {
  const {filter, keep, olderThanMs} = request;
  const seen = new Map<string, number>();
  return all.filter((run) => {
    const newer = seen.get(run.runbook) ?? 0;
    seen.set(run.runbook, newer + 1);
    if (filter.runbook !== undefined && filter.runbook !== run.runbook) return false;
    if (filter.states !== undefined && !filter.states.includes(run.state)) return false;
    return newer >= keep && now.getTime() - endOf(run) >= olderThanMs;
  });
};

/** A run of long ago may have been gone on with since. */
const endOf = ({startedAt, finishedAt}: RunSummary): number => Date.parse(finishedAt ?? startedAt);

/** Runs that a live process holds, whatever their journals say. */
const liveRuns = (store: Store): ReadonlySet<string> =>
  new Set(store.lockedRunbooks().flatMap((runbook) => store.holder(runbook)?.run ?? []));

const reasons = (
  store: Store,
  {run, runbook, damaged}: RunSummary,
  request: PruneRequest,
  live: ReadonlySet<string>,
  isNamed: boolean,
): KeptBecause[] => {
  if (live.has(run)) return isNamed ? refuse(run) : ['running'];
  if (store.holder(runbook) !== undefined) return ['held'];
  if (isNamed) return [];
  if (damaged !== undefined) return reasonsOfDamage(damaged, request);
  const state = store.read(run);
  if (state === undefined) return [];
  return [
    ...(isUnfinished(state) && !request.unfinished ? (['unfinished'] as const) : []),
    ...(isUndoable(state, request.registry) && !request.undoable ? (['undoable'] as const) : []),
  ];
};

/** What a newer program has written, or may not be read, is no damage: it has to be named. */
const reasonsOfDamage = ({code}: Problem, {filter}: PruneRequest): KeptBecause[] => {
  if (code !== 'journal-damaged') return ['unreadable'];
  return filter.states?.includes('damaged') === true ? [] : ['damaged'];
};

const refuse = (run: string): never => {
  throw new RunbookError({
    code: 'run-held',
    message: `run ${run} is running; it can't be removed`,
    next: [`follow it with: runbook log ${run} --follow`],
  });
};

/** Whether the journal is needed to take something back. What a step type unknown to us has made may need it, too. */
export const isUndoable = (state: RunState, registry: Registry): boolean =>
  [...state.steps.values()].some((step) => {
    const action = undoOf({registry}, step);
    return action === 'undo' || (action === 'irreversible' && !registry.has(step.record?.uses ?? ''));
  });

/**
 * Removes what was planned, as far as it still is as it was then. A run is moved aside in one go and deleted there, so
 * that half of it never looks like a damaged one. Lock folders of runbooks without runs go, too.
 * @throws RunbookError `state-unwritable`
 */
export const pruneRuns = (stateDir: string, plan: PrunePlan): Pruned => {
  const store = new Store(stateDir);
  const aside = new Aside(join(stateDir, 'removed'));
  const kept: KeptRun[] = [];
  const removed: RunSummary[] = [];
  try {
    for (const run of plan.remove) {
      const because = removeOne(store, run, aside, plan.stamps.get(run.run));
      if (because === undefined) removed.push(run);
      else kept.push({run, because: [because]});
    }
    for (const run of plan.empty) removeEmpty(store, run, aside);
    dismantleLocks(store, aside);
    store.forgetRemoved();
    aside.empty();
  } catch (error) {
    throw error instanceof RunbookError ? error : unwritable(stateDir, error);
  }
  return {removed: removed.map(({run}) => run), kept, bytes: removed.reduce((sum, {bytes}) => sum + bytes, 0)};
};

const unwritable = (found: string, error: unknown): RunbookError => {
  const message = `can't remove all of it: ${messageOf(error)}`;
  return new RunbookError({code: 'state-unwritable', message, found, next: ['then: runbook runs prune']}, error);
};

/** The runbook's lock is held meanwhile: nobody resumes what goes, and who starts a run looks at older ones only later. */
const removeOne = (
  store: Store,
  {run, runbook}: RunSummary,
  aside: Aside,
  stamp: string | undefined,
): KeptBecause | undefined => {
  if (liveRuns(store).has(run)) return 'running';
  const lock = runbook === '' ? undefined : tryHold(store, runbook, run);
  if (lock === 'held') return 'held';
  try {
    if (stampOf(store.journalOf(run)) !== stamp) return 'changed';
    moveAway(store, run, aside);
    return undefined;
  } finally {
    lock?.release();
  }
};

/** A run that never began has a lock from before its folder was made: it is not in the making. */
const removeEmpty = (store: Store, run: string, aside: Aside): void => {
  if (!liveRuns(store).has(run) && store.facts(run) === undefined) moveAway(store, run, aside);
};

const moveAway = (store: Store, run: string, aside: Aside): void => {
  aside.take(run, (path) => renameSync(store.folderOf(run), path));
  syncFolder(dirname(store.folderOf(run)));
};

const tryHold = (store: Store, runbook: string, run: string): Lock | 'held' => {
  try {
    return store.hold(runbook, run);
  } catch (error) {
    if (error instanceof RunbookError && error.code === 'run-held') return 'held';
    throw error;
  }
};

const dismantleLocks = (store: Store, aside: Aside): void => {
  const needed = new Set(summarise(store).map(({runbook}) => runbook));
  for (const runbook of store.lockedRunbooks()) {
    if (needed.has(runbook)) continue;
    const lock = tryHold(store, runbook, 'prune');
    if (lock !== 'held') aside.take(`lock-${runbook}`, (path) => lock.dismantle(path));
  }
};

/** Where removed folders wait for their deletion; what a crash has left there goes with the next ones. */
class Aside {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Another process may empty it at the same time. */
  take(name: string, move: (path: string) => void): void {
    for (let tries = 1; ; tries++) {
      try {
        mkdirSync(this.#folder, {recursive: true, mode: 0o700});
        move(join(this.#folder, `${name}-${randomBytes(4).toString('hex')}`));
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MOST_TRIES) throw error;
      }
    }
  }

  empty(): void {
    rmSync(this.#folder, {recursive: true, force: true, maxRetries: MOST_TRIES});
  }
}

const MOST_TRIES = 3;
