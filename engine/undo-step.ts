import * as v from 'valibot';
import type {StepRecord} from './entries.ts';
import {messageOf, RunbookError} from './errors.ts';
import type {UndoStep} from './events.ts';
import {endingWith} from './grace.ts';
import {withLimit} from './limit.ts';
import {hasCheck, lookAt} from './look.ts';
import {declaredOutputs} from './outputs.ts';
import {type Call, commandOf, fillSecrets, renderStep, undoCommandOf, variablesIn} from './render.ts';
import {variableName} from './scopes.ts';
import {contextOf, openOutput, record, type Session, stateOf, tell} from './session.ts';
import type {StepState} from './state.ts';
import type {Json, Stays} from './step-type.ts';

/** One undo takes no longer. */
const UNDO_LIMIT_MS = 5 * 60_000;

type Stored = Pick<StepRecord, 'uses' | 'options' | 'on'>;

/**
 * A journaled step, ready to be called again without the runbook's file.
 * @throws RunbookError when its type is unknown here, or a secret can't be had
 */
export const callOf = async (session: Session, key: string, stored: Stored): Promise<Call> => {
  const type = session.registry.get(stored.uses);
  if (type === undefined)
    throw new RunbookError({
      code: 'unknown-step-type',
      message: `step "${key}": there is no step type "${stored.uses}"`,
    });
  const secrets = await secretsFor(session, key, stored.options);
  const filled = fillSecrets(stored.options, (name) => secrets.get(name));
  const site = {
    on: stored.on,
    dir: session.graph.nodes.get(key)?.scope.runbook.dir ?? session.runbook.dir,
    cwd: session.cwd,
  };
  const parsed = v.safeParse(type.options, filled);
  if (!parsed.success)
    throw new RunbookError({
      code: 'wrong-type',
      message: `step "${key}": this program reads its options otherwise: ${v.summarize(parsed.issues)}`,
    });
  return {type, site, options: parsed.output, command: commandOf(type, stored.options, site)};
};

const secretsFor = async (session: Session, key: string, stored: Json): Promise<ReadonlyMap<string, Json>> => {
  const found = new Map<string, Json>();
  for (const name of variablesIn(stored)) {
    const value =
      session.scopes.secret(name) ??
      derivedAgain(session, key, name) ??
      (await readAgain(session, name)) ??
      (await session.host.askSecret?.(name, undefined));
    if (value === undefined) {
      const next = [`give it on a terminal, or with --set or RUNBOOK_INPUT_${name}`];
      throw new RunbookError({
        code: 'input-missing',
        message: `the secret ${name} is needed, and it is not stored`,
        next,
      });
    }
    session.redactor.addAll(value);
    found.set(name, value);
  }
  return found;
};

/** What an expression has made of a secret is made again where the file still says how. */
const derivedAgain = (session: Session, key: string, name: string): Json | undefined => {
  const node = session.graph.nodes.get(key);
  try {
    if (node !== undefined)
      renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
  } catch {
    // it reads what is not known any more
  }
  return session.scopes.secret(name);
};

/** A secret output is not stored, but can be read again. Undefined when the name is that of an input, or the look fails. */
const readAgain = async (session: Session, name: string): Promise<Json | undefined> => {
  const node = [...session.graph.nodes.values()].find(({key, step}) =>
    [...step.outputs].some(([output, {secret}]) => secret && variableName(key, output) === name),
  );
  const state = node === undefined ? undefined : stateOf(session, node.key);
  if (node === undefined || state?.record === undefined) return undefined;
  const call = await callOf(session, node.key, state.record);
  const finding = await lookAt(session, node, call, {signal: session.host.signal, known: state.outputs});
  if (!finding.ok) return undefined;
  const {outputs, secrets} = declaredOutputs(session, node, {...state.outputs, ...finding.outputs});
  session.scopes.finish(node, outputs, secrets);
  return session.scopes.secret(name);
};

/** What undo will do with a step. */
export const undoOf = (session: Pick<Session, 'registry'>, step: StepState): UndoStep['action'] => {
  if (step.record === undefined || step.status === 'undone' || step.record.effect === 'reads') return 'nothing';
  if (!step.made) return step.status === 'skipped' ? 'nothing' : 'keep';
  const type = session.registry.get(step.record.uses);
  if (authorsUndo(step) !== undefined || type?.undo !== undefined) return 'undo';
  return type?.asks === true ? 'nothing' : 'irreversible';
};

const authorsUndo = (step: StepState): StepRecord['undo'] => step.undo ?? step.record?.undo;

/** The line that takes a step back: the author's, or the type's; empty where there is none to type. */
export const undoCommand = (session: Session, step: StepState): string => {
  const author = authorsUndo(step);
  const stored = author ?? step.record;
  const type = stored === undefined ? undefined : session.registry.get(stored.uses);
  if (stored === undefined || type === undefined) return '';
  const site = {on: stored.on, dir: session.runbook.dir, cwd: session.cwd};
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
  const call = await callOf(session, key, step.record);
  await record(session, {type: 'step-undoing', step: key});
  tell(session, {type: 'step-undoing', step: key, command: undoCommand(session, step)});
  const output = openOutput(session, key);
  output.begin('undo');
  let left: Stays | undefined;
  try {
    left = await withLimit(UNDO_LIMIT_MS, (limit) => {
      const signal = AbortSignal.any([stop, limit]);
      return takeBack(session, step, call, {signal, output: output.write, isMadeAnew});
    });
  } catch (error) {
    if (!wasInDoubt || stop.aborted || !(await isNotThere(session, key, call, stop))) throw error;
    output.write(`it can't be undone (${messageOf(error)}); it was in doubt, and its check finds nothing of it\n`);
  } finally {
    output.close();
  }
  await record(session, {type: 'step-undone', step: key, ...left});
  const node = session.graph.nodes.get(key);
  if (node !== undefined) session.scopes.forget(node);
  tell(session, {type: 'step-undone', step: key, durationMs: performance.now() - start, ...left});
};

interface Taking {
  readonly signal: AbortSignal;
  readonly output: (text: string) => void;
  readonly isMadeAnew: boolean;
}

const takeBack = async (session: Session, step: StepState, call: Call, how: Taking): Promise<Stays | undefined> => {
  const {signal} = how;
  const left = await endingWith(signal, act(session, step, call, how));
  if (left === undefined) await endingWith(signal, seeGone(session, step.key, call, signal));
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
      ran: command,
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
  const finding = await lookAt(session, node, call, {signal, known: stateOf(session, key)?.outputs ?? {}});
  return !finding.ok && finding.error === undefined;
};
