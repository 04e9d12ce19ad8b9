import {messageOf, RunbookError} from './errors.ts';
import type {Expression, Values} from './expression.ts';
import type {Node} from './graph.ts';
import {withLimit} from './limit.ts';
import {type Call, renderCall} from './render.ts';
import type {Action} from './runbook.ts';
import {contextOf, type Session} from './session.ts';
import {type Json, PermanentError, StepError, type Verdict} from './step-type.ts';

type Outputs = Readonly<Record<string, Json>>;

/** What one look at a step found. */
export type Finding =
  | {readonly ok: true; readonly outputs: Outputs; readonly evidence: readonly string[]}
  | {
      readonly ok: false;
      readonly expected: string;
      readonly found: string;
      readonly error?: unknown;
      /** Looking again can't find anything else. */
      readonly final?: boolean;
      /** As in a verdict; `unproven`: the step's own effect is all there, and what else it has to prove is not. */
      readonly partial?: 'underway' | 'incomplete' | 'unproven';
    };

interface Looking {
  readonly signal: AbortSignal;
  readonly output?: (text: string) => void;
  /** What is known of a step that can't be looked at itself. */
  readonly known?: Outputs;
}

/** No single look takes longer, whatever the outside does. */
export const LOOK_LIMIT_MS = 30_000;

const SHOWN_PARTS = 6;

/** Whether a look can decide if the step's effect holds. An `expect` alone can, where the step only looks. */
export const hasCheck = ({step}: Node): boolean =>
  step.effect === 'reads' || step.type.verify !== undefined || step.verify.length > 0;

/**
 * One look at a step: the type's own verify (or, for a step that only looks, the step itself), then `expect`, then the
 * further checks under `verify:`. Changes nothing. What can't be told counts as not holding.
 * @throws PermanentError where no later look can find anything else, and when the signal aborts
 */
export const lookAt = (session: Session, node: Node, call: Call, options: Looking): Promise<Finding> =>
  bounded(options.signal, (signal) => look(session, node, call, {...options, signal}));

/** One look that ends in time. What can't be told counts as not holding. */
export const bounded = async (stop: AbortSignal, act: (signal: AbortSignal) => Promise<Finding>): Promise<Finding> => {
  let limit: AbortSignal | undefined;
  try {
    return await withLimit(LOOK_LIMIT_MS, stop, (signal) => {
      limit = signal;
      return act(signal);
    });
  } catch (error) {
    stop.throwIfAborted();
    if (error instanceof PermanentError || (error instanceof RunbookError && error.code === 'expression-failed'))
      throw error;
    return unclear(error, limit);
  }
};

const look = async (session: Session, node: Node, call: Call, looking: Looking): Promise<Finding> => {
  const own = await lookAtOwn(session, node, call, looking);
  if (!own.ok) return own;
  const outputs = own.outputs as Outputs;
  learnSecrets(session, node, outputs);
  const expected = checkExpect(
    session,
    node.step.expect,
    session.scopes.valuesOf(node, 'real', outputs),
    hasOwnLook(node, call),
  );
  const isUnproven = call.type.verify === undefined ? {} : ({partial: 'unproven'} as const);
  if (!expected.ok) return {...expected, ...isUnproven};
  const further = await lookAtActions(session, node, outputs, looking);
  if (!further.ok) return {...further, ...isUnproven};
  return {ok: true, outputs, evidence: [...expected.evidence, ...further.evidence]};
};

/** The `expect` of a step that acts speaks of what `run` returned; only a look of its own can be asked again. */
const hasOwnLook = (node: Node, call: Call): boolean => node.step.effect === 'reads' || call.type.verify !== undefined;

/** A secret is masked from here on: an `expect` that does not hold shows the values that decided. */
const learnSecrets = (session: Session, node: Node, outputs: Outputs): void => {
  const values = session.scopes.valuesOf(node, 'real', outputs);
  for (const {value, secret} of node.step.outputs.values()) {
    if (!secret) continue;
    try {
      session.redactor.addAll(value.evaluate(values) as Json);
    } catch {
      // it reads what this look has not found; whoever needs it says so
    }
  }
};

const unclear = (error: unknown, limit: AbortSignal | undefined): Finding => {
  if (limit?.aborted) {
    const message = `no answer within ${LOOK_LIMIT_MS / 1000} s`;
    const next = ['see why it hangs: what a look does must be quick'];
    const late = new RunbookError({code: 'timed-out', message, next}, error);
    return {ok: false, expected: 'an answer', found: message, error: late};
  }
  const details = error instanceof StepError ? error.details : error instanceof RunbookError ? error.problems[0] : {};
  return {ok: false, expected: details.expected ?? 'an answer', found: details.found ?? messageOf(error), error};
};

const lookAtOwn = async (
  session: Session,
  node: Node,
  {type, options, site}: Call,
  look: Looking,
): Promise<Verdict> => {
  const context = contextOf(session, site, node.key, {attempt: 0, ...look});
  if (node.step.effect === 'reads') return {ok: true, outputs: (await type.run(options, context)) as Json};
  if (type.verify !== undefined) return (await type.verify(options, context)) as Verdict;
  return {ok: true, outputs: look.known ?? {}};
};

/** One expression that has to be true, with the values that decided, masked before they are shortened. */
export const checkExpect = (
  {redactor}: Pick<Session, 'redactor'>,
  expect: Expression | undefined,
  values: Values,
  applies = true,
): {ok: true; evidence: readonly string[]} | {ok: false; expected: string; found: string} => {
  if (expect === undefined || !applies) return {ok: true, evidence: []};
  const parts = expect
    .explain(values, (text) => redactor.text(text))
    .slice(0, SHOWN_PARTS)
    .map(({source, value}) => `${source} = ${value}`);
  const value = expect.evaluate(values);
  if (value === true) return {ok: true, evidence: [`${expect.source}`, ...parts.map((part) => `  ${part}`)]};
  const found = parts.length > 0 ? parts.join('\n') : `${JSON.stringify(value)}`;
  return {ok: false, expected: expect.source, found};
};

const lookAtActions = async (
  session: Session,
  node: Node,
  result: Outputs,
  look: {readonly signal: AbortSignal},
): Promise<{ok: true; evidence: readonly string[]} | Exclude<Finding, {ok: true}>> => {
  const evidence: string[] = [];
  for (const action of node.step.verify) {
    const found = await lookAtAction(session, node, action, result, look.signal);
    if (!found.ok) return found;
    evidence.push(...found.evidence);
  }
  return {ok: true, evidence};
};

const lookAtAction = async (
  session: Session,
  node: Node,
  action: Action,
  result: Outputs,
  signal: AbortSignal,
): Promise<{ok: true; evidence: readonly string[]} | Exclude<Finding, {ok: true}>> => {
  const call = renderCall(node, action, session.scopes, session.cwd, result);
  const context = contextOf(session, call.site, node.key, {attempt: 0, signal});
  try {
    const outputs = (await action.type.run(call.options, context)) as Outputs;
    for (const name of action.type.secretOutputs ?? []) session.redactor.addAll(outputs[name] ?? null);
    const checked = checkExpect(session, action.expect, session.scopes.valuesOf(node, 'real', outputs));
    return checked.ok ? {ok: true, evidence: [call.command(), ...checked.evidence]} : checked;
  } catch (error) {
    signal.throwIfAborted();
    // No `error`: it is the check that failed, not the step.
    const details = error instanceof StepError ? error.details.found : undefined;
    return {ok: false, expected: call.command(), found: [messageOf(error), details].filter(Boolean).join(': ')};
  }
};
