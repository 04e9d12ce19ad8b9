import {setTimeout as sleep} from 'node:timers/promises';
import {restoreOutputs} from './assess.ts';
import {namedRun, newestRun} from './choose-run.ts';
import {type Problem, RunbookError} from './errors.ts';
import type {UndoStep} from './events.ts';
import type {Host} from './host.ts';
import {endInterrupted, findInterrupted} from './leftovers.ts';
import {suggest} from './nearest.ts';
import {type Known, openKnown} from './open-known.ts';
import {ownProblem} from './problems.ts';
import type {ResumeRequest} from './resume-request.ts';
import {tellTakeover, tellTorn} from './run.ts';
import {record, type Session, stateOf, tell} from './session.ts';
import type {RunState, StepState} from './state.ts';
import {Store} from './store.ts';
import {stepsToUndo} from './undo-order.ts';
import {undoCommand, undoOf, undoStep} from './undo-step.ts';

/** So long a request may be on its way after the process that sent it has ended. */
const ARRIVAL_MS = 2000;

export interface UndoRequest extends Pick<ResumeRequest, 'run' | 'registry' | 'load'> {
  /** Keeps this step and everything before it. */
  readonly to?: string;
  /** Steps of which a person says that nothing is left to take back, and why. */
  readonly accept?: readonly {readonly step: string; readonly reason: string}[];
}

/** What `undoRun` would take back. */
export interface UndoPlan {
  readonly run: string;
  readonly runbook: string;
  readonly startedAt: string;
  /** In the order in which they are taken back, with those that stay. */
  readonly steps: readonly UndoStep[];
  /** Steps that were interrupted by a kill, and whose processes live on: those are ended first. */
  readonly running: readonly string[];
  /** The process that works on the runbook now: nothing can be taken back meanwhile. */
  readonly heldBy?: number;
  /** Why the runbook's file could not be read: then the journal alone says what to take back. */
  readonly unreadable?: Problem;
  /** Runs of the same runbook that came after it: they may use what is taken back. */
  readonly later: readonly string[];
  /** The newest run before it that was not undone. */
  readonly before?: string;
}

export interface UndoResult {
  readonly run: string;
  readonly undone: readonly string[];
  readonly failed: readonly {readonly step: string; readonly problem: Problem}[];
  /** What is still there, and would be taken back: those that failed, and where it was stopped, those that were still to come. */
  readonly left: readonly string[];
  /** The undo was stopped by a signal; it can be gone on with. */
  readonly interrupted: boolean;
}

const chooseUndo = (store: Store, run: string | undefined): RunState =>
  run === undefined ? newestRun(store) : namedRun(store, run);

const planOf = (session: Session, steps: readonly StepState[]): UndoStep[] =>
  steps.map((step) => ({
    step: step.key,
    title: step.record?.title ?? step.key,
    action: undoOf(session, step),
    command: undoCommand(session, step),
    isInDoubt: step.status === 'in-doubt',
  }));

/**
 * What `undoRun` would take back, in its order; names what it can't. Changes nothing.
 * @throws RunbookError `no-such-run`, `nothing-to-resume`, `unknown-step`, `journal-damaged`
 */
export const planUndo = async (request: UndoRequest, host: Host): Promise<UndoPlan> => {
  const store = new Store(host.stateDir);
  const state = chooseUndo(store, request.run);
  const {session, unreadable} = await openKnown(request, host, store, state);
  const steps = stepsOf(session, state, request);
  const holder = store.holder(state.runbook);
  const isLive = holder?.run === state.run;
  const {later, before} = neighboursOf(store, state);
  return {
    run: state.run,
    runbook: state.runbook,
    startedAt: state.startedAt,
    steps: session.redactor.carried(planOf(session, steps)),
    running: isLive ? [] : [...new Set((await findInterrupted(session)).map(({step}) => step))],
    ...(holder === undefined ? {} : {heldBy: holder.pid}),
    ...(unreadable === undefined ? {} : {unreadable}),
    later,
    ...(before === undefined ? {} : {before}),
  };
};

const neighboursOf = (store: Store, {run, runbook}: RunState): {later: string[]; before: string | undefined} => {
  const later: string[] = [];
  const runs = store.runs();
  const at = runs.indexOf(run);
  const standing = (one: string): boolean => {
    const facts = store.facts(one);
    return facts !== undefined && !('code' in facts) && !facts.undone && facts.supersededBy === undefined;
  };
  for (const one of runs.slice(0, at)) {
    const facts = store.facts(one);
    if (facts !== undefined && !('code' in facts) && facts.runbook === runbook && !facts.undone) later.push(one);
  }
  return {later, before: runs.slice(at + 1).find(standing)};
};

/** @throws RunbookError `unknown-step` where `to` or what is accepted is no step of the run */
const stepsOf = ({graph}: Session, state: RunState, {to, accept = []}: UndoRequest): readonly StepState[] => {
  for (const {step} of accept) {
    if (state.steps.has(step)) continue;
    throw new RunbookError({
      code: 'unknown-step',
      message: `run ${state.run} has no step "${step}"`,
      ...suggest(step, state.steps.keys()),
    });
  }
  const accepted = new Set(accept.map(({step}) => step));
  return stepsToUndo(graph, state, to).filter(({key}) => !accepted.has(key));
};

/**
 * Takes back what a run has made, last step first, each one verified to be gone. Journaled: after a crash the same call
 * goes on. A step that fails does not keep the others from being undone.
 * @throws RunbookError `run-held`, `no-such-run`, ...
 */
export const undoRun = async (request: UndoRequest, host: Host): Promise<UndoResult> => {
  const store = new Store(host.stateDir);
  const chosen = chooseUndo(store, request.run);
  const open = store.open(chosen.run, chosen.runbook);
  let state = chosen;
  try {
    state = store.read(chosen.run) ?? chosen;
    const known = await openKnown(request, host, store, state);
    const session: Session = {...known.session, open};
    for (const step of state.steps.values()) restoreOutputs(session, step);
    tellTakeover(session, open.lock);
    tellTorn(session, open.contents);
    tellUnreadable(session, known);
    await endInterrupted(session);
    if (open.lock.takenOverFrom !== undefined) await letArrive(state, host.signal);
    const steps = stepsOf(session, state, request);
    await record(session, {type: 'undo-started', ...(request.to === undefined ? {} : {to: request.to})});
    for (const {step, reason} of request.accept ?? []) await record(session, {type: 'step-undone', step, reason});
    tell(session, {type: 'undo-started', run: state.run, steps: planOf(session, steps)});
    const result = await undoAll(session, steps);
    if (request.to === undefined && !result.interrupted)
      await record(session, {type: 'undo-finished', failed: result.failed.map(({step}) => step)});
    return {run: state.run, ...result};
  } finally {
    open.journal.close();
    store.keepIndex(state.run, state);
    open.lock.release();
  }
};

const tellUnreadable = (session: Session, {unreadable}: Known): void => {
  if (unreadable === undefined) return;
  const message = `the runbook can't be read, so the journal alone says what to undo: ${unreadable.message}`;
  tell(session, {type: 'notice', code: 'runbook-unreadable', message});
};

/** A daemon may still be at what a process asked of it that was killed a moment ago; taken back is what is there then. */
const letArrive = async ({steps}: RunState, signal: AbortSignal): Promise<void> => {
  if ([...steps.values()].some(({status}) => status === 'in-doubt'))
    await sleep(ARRIVAL_MS, undefined, {signal}).catch(() => {});
};

const undoAll = async (session: Session, steps: readonly StepState[]): Promise<Omit<UndoResult, 'run'>> => {
  const undone: string[] = [];
  const failed: {step: string; problem: Problem}[] = [];
  const {signal} = session.host;
  const wanted = steps.filter((step) => undoOf(session, step) === 'undo');
  for (const step of wanted) {
    if (signal.aborted) break;
    try {
      await undoStep(session, step.key, {signal});
      undone.push(step.key);
    } catch (error) {
      if (error instanceof RunbookError && error.code === 'state-unwritable') throw error;
      if (signal.aborted) break;
      const problem = session.redactor.carried(problemOfUndo(session, step, error));
      failed.push({step: step.key, problem});
      tell(session, {type: 'step-undo-failed', step: step.key, problem});
    }
  }
  const left = wanted.map(({key}) => key).filter((key) => stateOf(session, key)?.status !== 'undone');
  return {undone, failed, left, interrupted: signal.aborted};
};

const problemOfUndo = (session: Session, step: StepState, error: unknown): Problem => {
  const own = ownProblem(error);
  const line = undoCommand(session, step);
  const {run} = session;
  return {
    ...own,
    code: 'undo-failed',
    message: `step "${step.key}" can't be undone: ${own.message}`,
    ...(own.ran === undefined && line !== '' ? {ran: line} : {}),
    next: [
      ...(own.next ?? ['repair the cause']),
      `then: runbook undo ${run}`,
      `if nothing of it is left: runbook undo ${run} --accept ${step.key} --reason "..."`,
    ],
  };
};
