import {messageOf, RunbookError} from './errors.ts';
import type {UndoStep} from './events.ts';
import {callOf, type Stored, siteOf} from './journaled-call.ts';
import {withLimit} from './limit.ts';
import {openOutput} from './live-output.ts';
import {hasCheck, lookAt} from './look.ts';
import {ownProblem} from './problems.ts';
import {type Call, commandOf, undoCommandOf} from './render.ts';
import {contextOf, record, type Session, stateOf, tell} from './session.ts';
import {isFatal} from './settled.ts';
import type {StepState} from './state.ts';
import type {Stays} from './step-type.ts';

/** One undo takes no longer. */
const UNDO_LIMIT_MS = 5 * 60_000;

/** What undo will do with a step. */
export const undoOf = (session: Pick<Session, 'registry'>, step: StepState): UndoStep['action'] => {
  if (step.record === undefined || step.status === 'undone' || step.record.effect === 'reads') return 'nothing';
  if (!step.made) return step.status === 'skipped' ? 'nothing' : 'keep';
  const type = session.registry.get(step.record.uses);
  if (authorsUndo(step) !== undefined || type?.undo !== undefined) return 'undo';
  return type?.asks === true ? 'nothing' : 'irreversible';
};

const authorsUndo = (step: StepState): Stored | undefined => {
  const undo = step.undo ?? step.record?.undo;
  return undo === undefined ? undefined : {...undo, ...(step.record?.dir && {dir: step.record.dir})};
};

/** The line that takes a step back: the author's, or the type's; empty where there is none to type. */
export const undoCommand = (session: Session, step: StepState): string => {
  const author = authorsUndo(step);
  const stored = author ?? step.record;
  const type = stored === undefined ? undefined : session.registry.get(stored.uses);
  if (stored === undefined || type === undefined) return '';
  const site = siteOf(session, step.key, stored);
  return author === undefined
    ? (undoCommandOf(type, stored.options, site) ?? '')
    : commandOf(type, stored.options, site);
};

/**
 * Takes one step back and sees that it is gone. Journaled; succeeds when there is nothing to take back.
 * @throws RunbookError `undo-failed`, or what the step type reports
 */
export const undoStep = async (
  session: Session,
  key: string,
  {signal: stop, isMadeAnew = false}: {readonly signal: AbortSignal; readonly isMadeAnew?: boolean},
): Promise<void> => {
  const step = stateOf(session, key);
  if (step?.record === undefined) return;
  const start = performance.now();
  const wasInDoubt = step.status === 'in-doubt';
  const call = await callOf(session, key, step.record, authorsUndo(step) !== undefined);
  await record(session, {type: 'step-undoing', step: key});
  tell(session, {type: 'step-undoing', step: key, command: undoCommand(session, step)});
  const output = openOutput(session, key);
  output.begin('undo');
  let left: Stays | undefined;
  try {
    left = await withLimit(UNDO_LIMIT_MS, stop, (signal) =>
      takeBack(session, step, call, {signal, output: output.write, isMadeAnew}),
    );
    await tellWhatHolds(session, step, call, stop);
  } catch (error) {
    if (isFatal(error) || stop.aborted) throw error;
    if (!wasInDoubt || !(await isNotThere(session, key, call, stop))) throw withOutput(error, output.tail());
    output.write(`it can't be undone (${messageOf(error)}); it was in doubt, and its check finds nothing of it\n`);
  } finally {
    output.close();
  }
  await record(session, {type: 'step-undone', step: key, ...left});
  const node = session.graph.nodes.get(key);
  if (node !== undefined) session.scopes.forget(node);
  tell(session, {type: 'step-undone', step: key, durationMs: performance.now() - start, ...left});
};

const withOutput = (error: unknown, tail: readonly string[]): RunbookError => {
  const own = ownProblem(error);
  return new RunbookError({...own, ...(tail.some((line) => line !== '') ? {output: tail} : {})}, error);
};

/** The author's undo of a step without a check of its own: what `verify:` asks may be more than the step made. */
const tellWhatHolds = async (session: Session, step: StepState, call: Call, signal: AbortSignal): Promise<void> => {
  const node = session.graph.nodes.get(step.key);
  if (node === undefined || node.step.verify.length === 0 || call.type.verify !== undefined) return;
  const finding = await lookAt(session, node, call, {signal, known: step.outputs}).catch((error: unknown) => {
    // What its checks read may be taken back already: then nothing can be told, and it is undone all the same.
    if (isFatal(error) || signal.aborted) throw error;
    return undefined;
  });
  if (finding?.ok !== true) return;
  const message = `step "${step.key}": its undo has run, and its checks hold still`;
  tell(session, {type: 'notice', code: 'still-holds', message});
};

interface Taking {
  readonly signal: AbortSignal;
  readonly output: (text: string) => void;
  readonly isMadeAnew: boolean;
}

const takeBack = async (session: Session, step: StepState, call: Call, how: Taking): Promise<Stays | undefined> => {
  const left = await act(session, step, call, how);
  if (left === undefined) await seeGone(session, step.key, call, how.signal);
  return left;
};

const act = async (session: Session, step: StepState, call: Call, taking: Taking): Promise<Stays | undefined> => {
  const {key} = step;
  const how = {attempt: 0, acts: true, ...taking};
  const author = authorsUndo(step);
  if (author === undefined) return await call.type.undo?.(call.options, contextOf(session, call.site, key, how));
  const own = await callOf(session, key, author);
  await own.type.run(own.options, contextOf(session, own.site, key, how));
  return undefined;
};

const seeGone = async (
  session: Session,
  key: string,
  {type, options, site, command}: Call,
  signal: AbortSignal,
): Promise<void> => {
  if (type.verify === undefined) return;
  const verdict = await type.verify(options, contextOf(session, site, key, {attempt: 0, signal}));
  if (verdict.ok)
    throw new RunbookError({
      code: 'undo-failed',
      message: `step "${key}" was undone, but its effect is still there`,
      ran: command(),
      next: ['look at it by hand, then: runbook undo'],
    });
};

/**
 * A step in doubt may not have acted at all, or an undo that was killed has taken it back already: then a script such as
 * `rmdir data` fails, and its check knows why. A look that can't tell is no proof.
 */
const isNotThere = async (session: Session, key: string, call: Call, signal: AbortSignal): Promise<boolean> => {
  const node = session.graph.nodes.get(key);
  if (node === undefined || !hasCheck(node) || signal.aborted) return false;
  const known = stateOf(session, key)?.outputs ?? {};
  const finding = await lookAt(session, node, call, {signal, known}).catch((error: unknown) => {
    if (isFatal(error) || signal.aborted) throw error;
    return undefined;
  });
  return finding?.ok === false && finding.error === undefined;
};
