import * as v from 'valibot';
import type {StepRecord} from './entries.ts';
import {RunbookError} from './errors.ts';
import type {Reference, Values} from './expression.ts';
import {inputVariable} from './given.ts';
import {journaledExpression, placeOf, valuesByJournal} from './journal-values.ts';
import {lookAt} from './look.ts';
import {declaredOutputs} from './outputs.ts';
import {type Call, commandOf} from './render.ts';
import {variableName} from './scopes.ts';
import {type Session, stateOf} from './session.ts';
import {fillSecrets, valueAt, variablesIn} from './stand-ins.ts';
import type {Json, Site} from './step-type.ts';

/** A step, or an author's `undo:`, as the journal has kept it. */
export type Stored = Pick<StepRecord, 'uses' | 'options' | 'on' | 'derived' | 'dir'>;

/** Where a journaled step acts. */
export const siteOf = (session: Session, key: string, {on, dir}: Stored): Site => ({
  on,
  dir: dir ?? session.graph.nodes.get(key)?.scope.runbook.dir ?? session.runbook.dir,
  cwd: session.cwd,
});

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
  const secrets = await secretsFor(session, key, stored);
  const filled = fillSecrets(stored.options, (name) => secrets.get(name));
  const site = siteOf(session, key, stored);
  const parsed = v.safeParse(type.options, filled);
  if (!parsed.success)
    throw new RunbookError({
      code: 'wrong-type',
      message: `step "${key}": this program reads its options otherwise: ${v.summarize(parsed.issues)}`,
    });
  return {type, site, options: parsed.output, command: commandOf(type, stored.options, site)};
};

const secretsFor = async (session: Session, key: string, stored: Stored): Promise<ReadonlyMap<string, Json>> => {
  const found = new Map<string, Json>();
  for (const name of variablesIn(stored.options)) found.set(name, await secretBehind(session, key, stored, name));
  return found;
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
    values = withValue(values, reference, await secretOf(session, name));
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
