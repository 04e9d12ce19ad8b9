import type {Stamped, StepRecord} from './entries.ts';
import {messageOf} from './errors.ts';
import type {Node} from './graph.ts';
import {writtenIn} from './journal-values.ts';
import {callOf, secretBehind} from './journaled-call.ts';
import {lookAt} from './look.ts';
import {declaredOutputs} from './outputs.ts';
import {renderStep} from './render.ts';
import {learnSecrets, variableName} from './scopes.ts';
import {type Session, stateOf} from './session.ts';
import type {Json} from './step-type.ts';
import {textOf} from './template.ts';

/** A secret of a run whose value is known. */
export interface KnownSecret {
  /** As the runbook says it: `inputs.token`, `steps.login.outputs.password`. */
  readonly name: string;
  readonly value: Json;
  /** The journal's keyed hash says that it is the value which the run had; else nothing tells. */
  readonly isProven: boolean;
}

/** A secret of which the run had a value that is not known here. */
export interface MissingSecret {
  readonly name: string;
  readonly why: string;
}

/** A value under the variable by which the journal knows it. */
interface Valued {
  readonly variable: string;
  readonly value: Json;
}

/** A step, or its `undo:`, as some entry has it. */
interface Recorded {
  readonly key: string;
  readonly stored: StepRecord | NonNullable<StepRecord['undo']>;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Gathers the values that a run's secrets have, and says of which there is none. Steps that read a secret output are asked
 * once more; nothing is changed.
 */
export const secretsOf = async (
  session: Session,
  entries: readonly Stamped[],
): Promise<{readonly known: readonly KnownSecret[]; readonly missing: readonly MissingSecret[]}> => {
  const unread = await readOutputs(session);
  learnSecrets(session.graph, session.scopes);
  const recorded = recordedIn(entries);
  const labels = labelsOf(session, entries, recorded);
  const plain = [...[...session.scopes.secrets].map(([variable, value]) => ({variable, value})), ...heldIn(session)];
  const made = await madeAgain(session, recorded);
  const values: readonly Valued[] = [...plain, ...made];
  const hashes = hashesIn(session, entries, recorded);
  const hashOf = ({value}: Valued): string => session.store.fingerprint(textOf(value));
  const isProven = (one: Valued): boolean => hashes.get(one.variable)?.has(hashOf(one)) === true;
  const known = [...plain, ...notIn(plain, made)]
    .filter(({value}) => value !== '')
    .map((one) => ({name: labels.get(one.variable) ?? `$${one.variable}`, value: one.value, isProven: isProven(one)}));

  const missing = [...new Set([...labels.keys(), ...hashes.keys()])].flatMap((variable) => {
    const own = values.filter((one) => one.variable === variable).map(hashOf);
    const isAll = own.length > 0 && [...(hashes.get(variable) ?? [])].every((hash) => own.includes(hash));
    const why = own.length > 0 ? 'the run had another value than the one that is known now' : unread.get(variable);
    return isAll ? [] : [{name: labels.get(variable) ?? `$${variable}`, why: why ?? 'its value is not known'}];
  });
  return {known, missing: [...missing, ...untold(session, recorded)]};
};

/** Inputs and variables that are no secrets, and whose value held one, so that the journal has a hash of it. */
const heldIn = ({graph, scopes, state}: Session): readonly Valued[] => {
  const held = new Set(Object.keys(state?.secrets ?? {}));
  return graph.scopes.flatMap((scope) => {
    const root = scope.parent === undefined ? scopes.inputsOf(scope, 'real') : {};
    const inputs = [...scope.runbook.inputs.values()]
      .filter(({name, secret}) => !secret && held.has(name) && Object.hasOwn(root, name))
      .map(({name}) => ({variable: variableName(name), value: root[name] ?? null}));
    const env = Object.entries(scopes.envOf(scope).open)
      .filter(([name]) => held.has(ENV + name))
      .map(([name, value]) => ({variable: scopes.envVariable(scope, name), value}));
    return [...inputs, ...env];
  });
};

/** Those that are neither one of the others nor a part of one. */
const notIn = (others: readonly Valued[], values: readonly Valued[]): readonly Valued[] => {
  const seen = new Set(others.flatMap(({value}) => textsIn(value)));
  return values.filter(({value}) => {
    const text = textOf(value);
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
};

/** A value, and all that it is made of, as text. */
const textsIn = (value: Json): readonly string[] =>
  typeof value === 'object' && value !== null
    ? [textOf(value), ...Object.values(value).flatMap(textsIn)]
    : [textOf(value)];

const secretNamesOf = ({step}: Node): readonly string[] =>
  [...step.outputs].filter(([, {secret}]) => secret).map(([name]) => name);

/** Steps that were begun read their secrets once more. @returns why not, by variable */
const readOutputs = async (session: Session): Promise<ReadonlyMap<string, string>> => {
  const unread = new Map<string, string>();
  for (const node of session.graph.nodes.values()) {
    const names = secretNamesOf(node);
    const state = stateOf(session, node.key);
    if (names.length === 0 || state === undefined || state.status === 'skipped') continue;
    const why = await readOutput(session, node);
    for (const name of why === undefined ? [] : names) unread.set(variableName(node.key, name), why ?? '');
  }
  return unread;
};

const readOutput = async (session: Session, node: Node): Promise<string | undefined> => {
  const {scopes, cwd, store, host} = session;
  const state = stateOf(session, node.key);
  try {
    const call =
      state?.record === undefined
        ? renderStep(node, scopes, cwd, (secret) => store.fingerprint(secret))
        : await callOf(session, node.key, state.record);
    const finding = await lookAt(session, node, call, {signal: host.signal, known: state?.outputs ?? {}});
    if (!finding.ok) return `step "${node.key}" was asked again, and its check does not hold`;
    const {outputs, secrets} = declaredOutputs(session, node, {...state?.outputs, ...finding.outputs});
    scopes.finish(node, outputs, secrets);
    return undefined;
  } catch (error) {
    host.signal.throwIfAborted();
    return `step "${node.key}" can't be asked again: ${session.redactor.text(messageOf(error))}`;
  }
};

/** Every step as any entry has it: an earlier attempt may have had other values. */
const recordedIn = (entries: readonly Stamped[]): readonly Recorded[] =>
  entries.flatMap((entry) => {
    if (entry.type !== 'step-started' && entry.type !== 'step-checkpointed') return [];
    const {record, step: key} = entry;
    const undo = ('undo' in entry ? entry.undo : undefined) ?? record?.undo;
    return [
      ...(record === undefined ? [] : [{key, stored: record, secrets: record.secrets}]),
      ...(undo === undefined ? [] : [{key, stored: undo, secrets: {}}]),
    ];
  });

/** What expressions had made of secrets, as far as it can be made again. */
const madeAgain = async (session: Session, recorded: readonly Recorded[]): Promise<readonly Valued[]> => {
  const made: Valued[] = [];
  const seen = new Set<string>();
  for (const {key, stored} of recorded)
    for (const [variable, source] of derivedOf(stored)) {
      const id = JSON.stringify([key, variable, source]);
      if (seen.has(id)) continue;
      seen.add(id);
      const value = await secretBehind(session, key, stored, variable).catch(() => undefined);
      session.host.signal.throwIfAborted();
      if (value !== undefined) made.push({variable, value});
    }
  return made;
};

/** Without what is no secret itself and holds one that is looked for by itself. */
const derivedOf = ({derived = {}, withheld = []}: Recorded['stored']): readonly (readonly [string, string])[] =>
  Object.entries(derived).filter(([variable]) => !withheld.includes(variable));

/** How the runbook says what stands as a variable in the journal; of steps only those that were begun. */
const labelsOf = (
  session: Session,
  entries: readonly Stamped[],
  recorded: readonly Recorded[],
): ReadonlyMap<string, string> => {
  const {graph, scopes} = session;
  const journaled = givenHashes(entries).map(
    ([name]) => [variableGiven(session, name), name.startsWith(ENV) ? name : `inputs.${name}`] as const,
  );
  const derived = recorded.flatMap(({stored}) =>
    derivedOf(stored).map(([variable, source]) => [variable, source] as const),
  );
  const given = graph.scopes.flatMap((scope) => [
    ...[...scope.runbook.inputs.values()]
      .filter(({secret}) => secret)
      .map(({name}) => [variableName(scope.prefix, name), `${scope.prefix}inputs.${name}`] as const),
    ...Object.keys(scopes.envOf(scope).secret).map((name) => [scopes.envVariable(scope, name), `env.${name}`] as const),
  ]);
  const outputs = [...graph.nodes.values()]
    .filter(({key}) => ![undefined, 'skipped'].includes(stateOf(session, key)?.status))
    .flatMap((node) =>
      secretNamesOf(node).map(
        (output) => [variableName(node.key, output), `steps.${node.key}.outputs.${output}`] as const,
      ),
    );
  return new Map([...derived, ...journaled, ...given, ...outputs]);
};

/** Of a variable of an env file the journal says `env.NAME`, of an input its name. */
const ENV = 'env.';

/** The variable of a secret input, or of one of an env file, by the name that the beginning of a run has for it. */
export const variableGiven = ({graph, scopes}: Session, name: string): string => {
  if (!name.startsWith(ENV)) return variableName(name);
  const env = name.slice(ENV.length);
  const scope = graph.scopes.find((one) => Object.hasOwn(scopes.envOf(one).secret, env)) ?? graph.scopes[0];
  return scope === undefined ? variableName(env) : scopes.envVariable(scope, env);
};

const givenHashes = (entries: readonly Stamped[]): readonly (readonly [name: string, hash: string])[] =>
  entries.flatMap((entry) =>
    entry.type === 'run-started' || entry.type === 'run-resumed' ? Object.entries(entry.secrets) : [],
  );

/** The keyed hashes of all values that the run had, by variable. */
const hashesIn = (
  session: Session,
  entries: readonly Stamped[],
  recorded: readonly Recorded[],
): ReadonlyMap<string, ReadonlySet<string>> => {
  const all = new Map<string, Set<string>>();
  const note = (variable: string, hash: string): void => {
    all.set(variable, (all.get(variable) ?? new Set()).add(hash));
  };
  for (const [name, hash] of givenHashes(entries)) note(variableGiven(session, name), hash);
  for (const {stored, secrets} of recorded)
    for (const [variable, hash] of Object.entries(secrets))
      if (!('withheld' in stored && stored.withheld?.includes(variable))) note(variable, hash);
  for (const entry of entries)
    if (entry.type === 'step-checkpointed' || entry.type === 'step-verified')
      for (const [output, hash] of Object.entries(entry.secrets ?? {})) note(variableName(entry.step, output), hash);
  return all;
};

/** Without the runbook's file only the text of a step says that it had secret outputs. */
const untold = ({graph}: Session, recorded: readonly Recorded[]): readonly MissingSecret[] => {
  const sources = recorded.flatMap(({key, stored}) =>
    'definition' in stored && !graph.nodes.has(key)
      ? writtenIn(stored.definition).secrets.map((source) => `steps.${key}: ${source}`)
      : [],
  );
  return [...new Set(sources)].map((name) => ({name, why: "the runbook's file has that step no longer"}));
};
