import * as v from 'valibot';
import type {StepRecord} from './entries.ts';
import {RunbookError} from './errors.ts';
import type {UndoStep} from './events.ts';
import {endingWith} from './grace.ts';
import {withLimit} from './limit.ts';
import {lookAt} from './look.ts';
import {declaredOutputs} from './outputs.ts';
import {type Call, commandOf, fillSecrets, undoCommandOf, variablesIn} from './render.ts';
import {variableName} from './scopes.ts';
import {contextOf, openOutput, record, type Session, stateOf, tell} from './session.ts';
import type {StepState} from './state.ts';
import type {Json} from './step-type.ts';
import {endSurvivors} from './survivors.ts';

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
  const secrets = await secretsFor(session, stored.options);
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

const secretsFor = async (session: Session, stored: Json): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const name of variablesIn(stored)) {
    const value =
      session.scopes.secret(name) ??
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
    session.redactor.add(value);
    found.set(name, value);
  }
  return found;
};

/** A secret output is not stored, but can be read again. Undefined when the name is that of an input, or the look fails. */
const readAgain = async (session: Session, name: string): Promise<string | undefined> => {
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
export const undoStep = async (session: Session, key: string, stop: AbortSignal): Promise<void> => {
  const step = stateOf(session, key);
  if (step?.record === undefined) return;
  const start = performance.now();
  if (step.status === 'in-doubt') await endSurvivors(`${session.run}/${key}/`);
  const call = await callOf(session, key, step.record);
  await record(session, {type: 'step-undoing', step: key});
  tell(session, {type: 'step-undoing', step: key, command: undoCommand(session, step)});
  const output = openOutput(session, key);
  output.begin('undo');
  try {
    await withLimit(UNDO_LIMIT_MS, async (limit) => {
      const signal = AbortSignal.any([stop, limit]);
      await endingWith(signal, act(session, key, step, call, {signal, output: output.write}));
      await endingWith(signal, seeGone(session, key, call, signal));
    });
  } finally {
    output.close();
  }
  await record(session, {type: 'step-undone', step: key});
  const node = session.graph.nodes.get(key);
  if (node !== undefined) session.scopes.forget(node);
  tell(session, {type: 'step-undone', step: key, durationMs: performance.now() - start});
};

const act = async (
  session: Session,
  key: string,
  step: StepState,
  call: Call,
  options: {readonly signal: AbortSignal; readonly output: (text: string) => void},
): Promise<void> => {
  const author = authorsUndo(step);
  if (author === undefined) {
    await call.type.undo?.(call.options, contextOf(session, call.site, key, {attempt: 0, ...options}));
    return;
  }
  const own = await callOf(session, key, author);
  await own.type.run(own.options, contextOf(session, own.site, key, {attempt: 0, ...options}));
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
