import * as v from 'valibot';
import type {StepRecord} from './entries.ts';
import {RunbookError} from './errors.ts';
import type {Reference, Values} from './expression.ts';
import {inputVariable} from './given.ts';
import {journaledExpression, placeOf, valuesByJournal} from './journal-values.ts';
import {lookAt} from './look.ts';
import {declaredOutputs} from './outputs.ts';
import {MASK} from './redact.ts';
import {type Call, commandOf, renderCall} from './render.ts';
import {variableName} from './scopes.ts';
import {type Session, stateOf} from './session.ts';
import {fillSecrets, valueAt, variablesIn} from './stand-ins.ts';
import type {Json, Site} from './step-type.ts';

/** A step, or an author's `undo:`, as the journal has kept it. */
export type Stored = Pick<StepRecord, 'uses' | 'options' | 'on' | 'derived' | 'withheld' | 'isMasked' | 'dir'>;

/** Where a journaled step acts. */
export const siteOf = (session: Session, key: string, {on, dir}: Stored): Site => ({
  on,
  dir: dir ?? session.graph.nodes.get(key)?.scope.runbook.dir ?? session.runbook.dir,
  cwd: session.cwd,
});

/**
 * A journaled step, ready to be called again without the runbook's file.
 * @param isSpare what it acts with does not matter: what can't be had stays masked
 * @throws RunbookError when its type is unknown here, or a secret can't be had
 */
export const callOf = async (session: Session, key: string, stored: Stored, isSpare = false): Promise<Call> => {
  const type = session.registry.get(stored.uses);
  if (type === undefined)
    throw new RunbookError({
      code: 'unknown-step-type',
      message: `step "${key}": there is no step type "${stored.uses}"`,
    });
  if (stored.isMasked === true && !isSpare) return fromFile(session, key, stored);
  const secrets = await secretsFor(session, key, stored, isSpare);
  const filled = fillSecrets(stored.options, (name) => secrets.get(name));
  const site = siteOf(session, key, stored);
  const parsed = v.safeParse(type.options, filled);
  if (!parsed.success)
    throw new RunbookError({
      code: 'wrong-type',
      message: `step "${key}": this program reads its options otherwise: ${v.summarize(parsed.issues)}`,
    });
  return {type, site, options: parsed.output, command: () => commandOf(type, stored.options, site)};
};

const secretsFor = async (
  session: Session,
  key: string,
  stored: Stored,
  isSpare: boolean,
): Promise<ReadonlyMap<string, Json>> => {
  const found = new Map<string, Json>();
  for (const name of variablesIn(stored.options)) {
    const value = secretBehind(session, key, stored, name);
    const isDispensable = isSpare && stored.withheld?.includes(name) === true;
    found.set(name, await (isDispensable ? value.catch(() => MASK) : value));
  }
  return found;
};

/** An option has a secret in its own text: what the journal has of it is masked, so only the file can tell it. */
const fromFile = (session: Session, key: string, {uses, options}: Stored): Call => {
  const node = session.graph.nodes.get(key);
  const {redactor, scopes, cwd} = session;
  for (const action of node === undefined ? [] : [node.step, node.step.undo]) {
    if (node === undefined || action?.type.name !== uses) continue;
    const call = renderCall(node, action, scopes, cwd, stateOf(session, key)?.outputs ?? {});
    if (JSON.stringify(redactor.json(call.stored)) === JSON.stringify(options)) return call;
  }
  throw new RunbookError({
    code: 'input-missing',
    message: `step "${key}": one of its options has a secret in its text, and was not stored`,
    next: ["put the runbook's file back as it was, or see to it by hand"],
  });
};

/**
 * The value of a variable in the options of a journaled step.
 * @throws RunbookError when it can't be had
 */
export const secretBehind = async (
  session: Session,
  key: string,
  {derived}: Pick<Stored, 'derived'>,
  name: string,
): Promise<Json> => {
  const source = derived?.[name];
  return source === undefined ? await secretOf(session, name) : await derive(session, key, source);
};

/** A secret by the name of its variable: known, read again, or asked for. */
const secretOf = async (session: Session, name: string): Promise<Json> => {
  const {host, scopes, redactor} = session;
  const known = scopes.secret(name) ?? (await readAgain(session, name)) ?? host.env[inputVariable(name)];
  const value = known ?? (await host.askSecret?.(name, undefined));
  if (value === undefined)
    throw new RunbookError({
      code: 'input-missing',
      message: `the secret ${name} is needed, and it is not stored`,
      next: [`give it on a terminal, or by the variable ${inputVariable(name)}`],
    });
  redactor.addAll(value);
  return value;
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

/** An output that holds a secret is not stored, either; a look may give it again. */
const readWithheld = async (session: Session, name: string): Promise<Json | undefined> => {
  for (const node of session.graph.nodes.values()) {
    const state = stateOf(session, node.key);
    const output = state?.withheld.find((one) => variableName(node.key, one) === name);
    if (output === undefined || state?.record === undefined) continue;
    const call = await callOf(session, node.key, state.record);
    const finding = await lookAt(session, node, call, {signal: session.host.signal, known: state.outputs});
    return finding.ok ? finding.outputs[output] : undefined;
  }
  return undefined;
};

/** Makes again what an expression had made of secrets. */
const derive = async (session: Session, key: string, source: string): Promise<Json> => {
  const node = session.graph.nodes.get(key);
  const outputs = stateOf(session, key)?.outputs ?? {};
  let values: Values =
    node === undefined ? journaledValues(session, key, outputs) : session.scopes.valuesOf(node, 'real', outputs);
  const expression = journaledExpression(source, session.runbook.file);
  for (const reference of expression.references) {
    const name = secretNameOf(key, reference);
    if (name === undefined || valueAt(values, reference) !== undefined) continue;
    values = withValue(values, reference, (await readWithheld(session, name)) ?? (await secretOf(session, name)));
  }
  return expression.evaluate(values) as Json;
};

const journaledValues = (session: Session, key: string, result: unknown): Values =>
  session.state === undefined ? {} : valuesByJournal(session.state, key, result);

/** The variable of what is read, if that is a secret: an input, or an output of another step. */
const secretNameOf = (key: string, {root, path}: Reference): string | undefined => {
  const {prefix} = placeOf(key);
  const [first = '', second, ...rest] = path;
  if (root === 'inputs' || root === 'env') return variableName(prefix, first);
  if (root === 'result') return variableName(key, ...path);
  return root === 'steps' && second === 'outputs' ? variableName(prefix + first, ...rest) : undefined;
};

/** The values with one more, made on the way to it. */
const withValue = (values: Values, {root, path}: Reference, value: Json): Values => {
  const put = (into: unknown, [name, ...rest]: readonly string[]): unknown => {
    if (name === undefined) return value;
    const known = into !== null && typeof into === 'object' ? (into as Readonly<Record<string, unknown>>) : {};
    return {...known, [name]: put(known[name], rest)};
  };
  return {...values, [root]: put(values[root], path)};
};
