import {setTimeout as sleep} from 'node:timers/promises';
import {chooseRun} from './choose-run.ts';
import {messageOf, type Problem, RunbookError} from './errors.ts';
import type {UndoStep} from './events.ts';
import type {Host} from './host.ts';
import {endInterrupted, findInterrupted} from './leftovers.ts';
import {openKnown} from './open-known.ts';
import type {ResumeRequest} from './resume-request.ts';
import {tellTakeover, tellTorn} from './run.ts';
import {record, type Session, tell} from './session.ts';
import type {RunState, StepState} from './state.ts';
import {Store} from './store.ts';
import {stepsToUndo} from './undo-order.ts';
import {undoCommand, undoOf, undoStep} from './undo-step.ts';

/** So long a request may be on its way after the process that sent it has ended. */
const ARRIVAL_MS = 2000;

export interface UndoRequest extends Pick<ResumeRequest, 'run' | 'registry' | 'load'> {
  /** Keeps this step and everything before it. */
  readonly to?: string;
}

export interface UndoResult {
  readonly run: string;
  readonly undone: readonly string[];
  readonly failed: readonly {readonly step: string; readonly problem: Problem}[];
  /** The undo was stopped by a signal; it can be gone on with. */
  readonly interrupted: boolean;
}

const chooseUndo = (store: Store, run: string | undefined): RunState => {
  if (run !== undefined) return chooseRun(store, run);
  store.check();
  return store.newest((state) => !state.undone && state.supersededBy === undefined) ?? chooseRun(store, undefined);
};

/** What the journal knows suffices to take steps back: a file that is gone or broken does not keep anybody from it. */
const openUndo = async (request: UndoRequest, host: Host, store: Store, state: RunState): Promise<Session> => {
  const {session, unreadable} = await openKnown(request, host, store, state);
  if (unreadable !== undefined) {
    const message = `the runbook can't be read, so the journal alone says what to undo: ${unreadable.message}`;
    host.emit({type: 'notice', code: 'runbook-unreadable', message});
  }
  return session;
};

const planOf = (session: Session, steps: readonly StepState[]): UndoStep[] =>
  steps.map((step) => ({
    step: step.key,
    title: step.record?.title ?? step.key,
    action: undoOf(session, step),
    command: undoCommand(session, step),
  }));

export interface UndoPlan {
  readonly run: string;
  readonly steps: readonly UndoStep[];
  /** Steps that were interrupted by a kill, and whose processes live on: those are ended first. */
  readonly running: readonly string[];
}

/** What `undoRun` would take back, in its order; names what it can't. Changes nothing. */
export const planUndo = async (request: UndoRequest, host: Host): Promise<UndoPlan> => {
  const store = new Store(host.stateDir);
  const state = chooseUndo(store, request.run);
  const session = await openUndo(request, host, store, state);
  const running = [...new Set((await findInterrupted(session)).map(({step}) => step))];
  return {run: state.run, steps: planOf(session, stepsToUndo(session.graph, state, request.to)), running};
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
    const session: Session = {...(await openUndo(request, host, store, state)), open};
    tellTakeover(session, open.lock);
    tellTorn(session, open.contents);
    await endInterrupted(session);
    if (open.lock.takenOverFrom !== undefined) await letArrive(state, host.signal);
    const steps = stepsToUndo(session.graph, state, request.to);
    await record(session, {type: 'undo-started', ...(request.to === undefined ? {} : {to: request.to})});
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

/** A daemon may still be at what a process asked of it that was killed a moment ago; taken back is what is there then. */
const letArrive = async ({steps}: RunState, signal: AbortSignal): Promise<void> => {
  if ([...steps.values()].some(({status}) => status === 'in-doubt'))
    await sleep(ARRIVAL_MS, undefined, {signal}).catch(() => {});
};

const undoAll = async (session: Session, steps: readonly StepState[]): Promise<Omit<UndoResult, 'run'>> => {
  const undone: string[] = [];
  const failed: {step: string; problem: Problem}[] = [];
  const {signal} = session.host;
  for (const step of steps) {
    if (signal.aborted) break;
    if (undoOf(session, step) !== 'undo') continue;
    try {
      await undoStep(session, step.key, {signal});
      undone.push(step.key);
    } catch (error) {
      if (error instanceof RunbookError && error.code === 'state-unwritable') throw error;
      if (signal.aborted) break;
      const problem = session.redactor.carried(problemOfUndo(step, error));
      failed.push({step: step.key, problem});
      tell(session, {type: 'step-undo-failed', step: step.key, problem});
    }
  }
  return {undone, failed, interrupted: signal.aborted};
};

const problemOfUndo = (step: StepState, error: unknown): Problem => {
  const own = error instanceof RunbookError ? error.problems[0] : undefined;
  return {
    ...own,
    code: 'undo-failed',
    message: `step "${step.key}" can't be undone: ${own?.message ?? messageOf(error)}`,
    next: own?.next ?? ['repair the cause, then: runbook undo'],
  };
};
