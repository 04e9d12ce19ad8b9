import {existsSync} from 'node:fs';
import {hostname} from 'node:os';
import {isOrphan, type Judged, judgeAll} from './clean-plan.ts';
import {RunbookError} from './errors.ts';
import type {UndoStep} from './events.ts';
import type {Host} from './host.ts';
import {keepersOf} from './keepers.ts';
import {NAMELESS} from './labels.ts';
import type {Lock} from './lock.ts';
import {type Maker, makerOf, makersOf} from './makers.ts';
import {type Found, takeInventory, type Unseen} from './owned.ts';
import {isUnseen, type Removal, removeAll, verify} from './remove-owned.ts';
import type {Registry} from './step-type.ts';
import {Store} from './store.ts';
import {planUndo, type UndoRequest, type UndoResult, undoRun} from './undo.ts';

export interface OwnedRequest {
  readonly registry: Registry;
  /** Only what this run has made: its id, or enough of it. */
  readonly run?: string;
}

/** Everything that runs have made, and how the runs stand. */
export interface OwnedReport {
  readonly things: readonly Found[];
  readonly makers: ReadonlyMap<string, Maker>;
  readonly unseen: readonly Unseen[];
  /** The run that was asked for. */
  readonly run: Maker | undefined;
}

/** Finds by label what any run has made, and whether that run is alive. Changes nothing. */
export const findOwned = async ({registry, run}: OwnedRequest, host: Host): Promise<OwnedReport> => {
  const store = new Store(host.stateDir);
  store.check();
  const {things, unseen} = await takeInventory(registry, host);
  const makers = makersOf(things, store);
  if (run === undefined) return {things, makers, unseen, run: undefined};
  const id = store.find(run, [...makers.keys()]);
  return {
    things,
    makers,
    unseen,
    run: makers.get(id) ?? makerOf({run: id, runbook: NAMELESS, place: store.place}, store),
  };
};

export interface CleanRequest extends OwnedRequest, Pick<UndoRequest, 'load'> {}

/** What `cleanUp` would do. */
export interface CleanPlan {
  readonly run: Maker | undefined;
  /** What the journal of the run that was asked for says must be taken back; empty without one. */
  readonly undo: readonly UndoStep[];
  readonly judged: readonly Judged[];
  readonly unseen: readonly Unseen[];
}

/**
 * What would be removed, and what would not and why. Changes nothing.
 * @throws RunbookError `no-such-run`; `run-held` when the run that is asked for is alive
 */
export const planClean = async (request: CleanRequest, host: Host): Promise<CleanPlan> => {
  const report = await findOwned(request, host);
  if (report.run !== undefined) refuse(report.run);
  const judged = judge(report, host);
  return {run: report.run, judged, unseen: report.unseen, undo: await undoOf(report.run, request, host)};
};

const judge = ({things, makers, run}: OwnedReport, host: Host): readonly Judged[] => {
  const store = new Store(host.stateDir);
  const keepers = keepersOf(
    things.filter((thing) => isOrphan(makers.get(thing.run))),
    store,
  );
  const judged = judgeAll(things, makers, {
    named: run?.run,
    keeper: (thing) => keepers.get(thing),
    busy: (runbook) => busyIn(store, runbook),
  });
  if (run === undefined) return judged;
  const guarded = judged.find(({thing, why}) => thing.run === run.run && why === 'hosts');
  if (guarded !== undefined) throw hosting(guarded);
  return judged.filter(({fate, thing}) => fate === 'goes' || thing.run === run.run);
};

/** Stands behind the run for which a runbook is held while its things are taken away. */
const CLEANING = ' (clean)';

const busyIn = (store: Store, runbook: string): string | undefined => {
  const holder = store.holder(runbook);
  // While we clean we hold it ourselves.
  const isOurs = holder?.pid === process.pid && holder.host === hostname() && holder.run.endsWith(CLEANING);
  return isOurs ? undefined : holder?.run;
};

/** What is alive, or somebody else's, is not even taken by its name. */
const refuse = ({run, standing, holder, place}: Maker): void => {
  const where = place === undefined ? '' : ` in ${place}`;
  if (standing === 'running')
    throw new RunbookError({
      code: 'run-held',
      message: `run ${run}${where} is alive: process ${holder?.pid ?? 'unknown'}${holder?.host === undefined ? '' : ` on ${holder.host}`}`,
      next: [
        holder?.host === undefined
          ? `wait for it, or end it: kill -INT ${holder?.pid}`
          : 'wait for it, or end it there',
      ],
    });
  if (place !== undefined && standing !== 'unknown')
    throw new RunbookError({
      code: 'no-such-run',
      message: `run ${run} belongs to another state directory`,
      found: place,
      next: [`let that one take it away: runbook clean ${run} --state-dir ${place}`],
    });
};

const hosting = ({thing, by}: Judged): RunbookError =>
  new RunbookError({
    code: 'run-held',
    message: `on ${thing.kind} "${thing.name}" is something of run ${by}, which is alive`,
    next: ['wait for that run, or end it'],
  });

const UNDOABLE: ReadonlySet<Maker['standing']> = new Set(['done', 'failed', 'interrupted', 'unfinished']);

const undoOf = async (
  run: Maker | undefined,
  {registry, load}: CleanRequest,
  host: Host,
): Promise<readonly UndoStep[]> => {
  if (run === undefined || !UNDOABLE.has(run.standing)) return [];
  return (await planUndo({run: run.run, registry, load}, host)).steps;
};

export interface Consent {
  /** What was shown and agreed to. */
  readonly plan: CleanPlan;
  /** Also what this state directory knows nothing of. */
  readonly missing: boolean;
  /** Told of each removal as it ends. */
  tell(removal: Removal): Promise<void>;
}

export interface Cleaned {
  readonly removed: readonly Found[];
  readonly failed: readonly Removal[];
  /** What taking back by the journal came to, where that was done first. */
  readonly undo: UndoResult | undefined;
  readonly interrupted: boolean;
}

/**
 * Takes away what was agreed to, and only that: things are looked at once more before. A run that was asked for by name
 * is undone first, so that its journal knows. Safe to repeat.
 */
export const cleanUp = async (request: CleanRequest, host: Host, consent: Consent): Promise<Cleaned> => {
  const first = await undoFirst(request, host, consent.plan);
  const swept = await sweep(request, host, consent);
  const isOver = first === undefined || first.failed.length === 0 || host.signal.aborted;
  // What kept a step from being undone may be gone now.
  const second = isOver ? undefined : await undoFirst(request, host, consent.plan);
  const undo = second && first ? {...second, undone: [...first.undone, ...second.undone]} : first;
  return {...swept, undo, interrupted: host.signal.aborted};
};

const undoFirst = async (
  {registry, load}: CleanRequest,
  host: Host,
  {run, undo}: CleanPlan,
): Promise<UndoResult | undefined> =>
  run === undefined || !UNDOABLE.has(run.standing) || undo.length === 0
    ? undefined
    : await undoRun({run: run.run, registry, load}, host);

const keyOf = ({thing: {kind, id}}: Judged): string => `${kind} ${id}`;

const sweep = async (
  {registry}: CleanRequest,
  host: Host,
  {plan, missing, tell}: Consent,
): Promise<Pick<Cleaned, 'removed' | 'failed'>> => {
  const agreed = plan.judged.filter(({fate}) => fate === 'goes' || (missing && fate === 'apart'));
  if (agreed.length === 0 || host.signal.aborted) return {removed: [], failed: []};
  const locks = lockAll(agreed, plan.run, host);
  try {
    const run = plan.run === undefined ? {} : {run: plan.run.run};
    const report = await findOwned({registry, ...run}, host);
    const now = judge(report, host);
    const keys = new Set(agreed.map(keyOf));
    const targets = now.filter((one) => one.fate !== 'stays' && keys.has(keyOf(one)));
    const there = new Set(now.map(keyOf));
    const gone = agreed.filter((one) => !there.has(keyOf(one)) && !isUnseen(one.thing, report.unseen));
    const tried = await removeAll(targets, registry, host, tell);
    const failed = await verify(tried, registry, host);
    const bad = new Set(failed.map(({thing}) => thing));
    return {
      removed: [...gone.map(({thing}) => thing), ...tried.map(({thing}) => thing).filter((thing) => !bad.has(thing))],
      failed,
    };
  } finally {
    for (const lock of locks) lock.release();
  }
};

/** Nothing of these runbooks starts meanwhile. What is held by another process stays out of the next look. */
const lockAll = (agreed: readonly Judged[], run: Maker | undefined, host: Host): Lock[] => {
  const store = new Store(host.stateDir);
  // Where there is no state directory, no run can start in it.
  if (!existsSync(host.stateDir)) return [];
  const runs = new Map(agreed.map(({maker}) => [maker.runbook, maker.run]));
  runs.delete(NAMELESS);
  return [...runs].flatMap(([runbook, id]) => {
    try {
      return [store.hold(runbook, id + CLEANING)];
    } catch (error) {
      if (run !== undefined || !(error instanceof RunbookError) || error.code !== 'run-held') throw error;
      return [];
    }
  });
};
