import {RunbookError} from './errors.ts';
import type {Host} from './host.ts';
import {resolveInputs} from './inputs.ts';
import type {Input, Runbook} from './runbook.ts';
import {isMaskable, SHORTEST_SECRET} from './secret-forms.ts';
import type {Json} from './step-type.ts';
import type {Store} from './store.ts';

type Inputs = Readonly<Record<string, Json>>;

/** The environment variable that may carry an input: a secret should not stand in a command line. */
export const inputVariable = (name: string): string => `RUNBOOK_INPUT_${name.toUpperCase()}`;

/** What a run was given earlier: what was stored, and names of what was not, with keyed hashes. */
export interface Earlier {
  readonly inputs: Inputs;
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * The inputs of a run: what was stored, then `RUNBOOK_INPUT_*`, then `--set`; the operator is asked for what was not stored
 * and none of these gives.
 * @throws RunbookError with everything that is missing or wrong
 */
export const gatherInputs = async (
  runbook: Runbook,
  set: Readonly<Record<string, string>>,
  host: Host,
  earlier: Earlier = {inputs: {}},
): Promise<Inputs> => {
  const known = Object.fromEntries(Object.entries(earlier.inputs).filter(([name]) => runbook.inputs.has(name)));
  const given: Record<string, Json> = {...known, ...fromEnvironment(runbook, host), ...set};
  for (const input of runbook.inputs.values()) {
    if (Object.hasOwn(given, input.name) || !isToBeAsked(input, earlier)) continue;
    const answer = await askFor(input.name, input.about, host);
    if (answer !== undefined) given[input.name] = answer;
    else if (!input.secret) throw notStored(input);
  }
  const inputs = resolveInputs(runbook, given);
  refuseShortSecrets(runbook, inputs);
  return inputs;
};

/** A secret, or an input whose value has held one when the run began. */
const isToBeAsked = ({name, secret, default: standard}: Input, {secrets = {}}: Earlier): boolean =>
  secret ? standard === undefined : Object.hasOwn(secrets, name);

const notStored = ({name, place}: Input): RunbookError =>
  new RunbookError({
    code: 'input-missing',
    message: `input "${name}" held a secret when the run began, so it was not stored`,
    place,
    next: [`give it again: --set ${name}=..., or the variable ${inputVariable(name)}`],
  });

const refuseShortSecrets = (runbook: Runbook, inputs: Inputs): void => {
  for (const input of runbook.inputs.values()) {
    const value = inputs[input.name];
    const isOne = typeof value === 'string' || typeof value === 'number';
    if (!input.secret || !isOne || isMaskable(String(value))) continue;
    throw new RunbookError({
      code: 'input-invalid',
      message: `the secret input "${input.name}" is shorter than ${SHORTEST_SECRET} characters, so it can't be masked`,
      expected: `${SHORTEST_SECRET} characters or digits at least`,
      place: input.place,
      next: ['choose a longer one'],
    });
  }
};

/**
 * The inputs of a run that is only looked at or taken back: a secret that nobody gives is left out, and what needs it says so.
 * @throws RunbookError with everything else that is missing or wrong
 */
export const gatherKnown = async (
  runbook: Runbook,
  host: Host,
  earlier: Earlier,
  set: Readonly<Record<string, string>> = {},
): Promise<Inputs> => {
  const present = {...earlier.inputs, ...fromEnvironment(runbook, host), ...set};
  const isStored = ({name, secret}: Input): boolean => !secret && !Object.hasOwn(earlier.secrets ?? {}, name);
  const needed = [...runbook.inputs].filter(([name, input]) => isStored(input) || Object.hasOwn(present, name));
  const quiet = {...host, askSecret: async () => undefined};
  return await gatherInputs({...runbook, inputs: new Map(needed)}, set, quiet, {inputs: earlier.inputs});
};

/** The secrets that a person gives for those inputs; who has none gives nothing. */
export const askForSecrets = async (
  inputs: readonly Pick<Input, 'name' | 'about'>[],
  host: Host,
): Promise<Readonly<Record<string, string>>> => {
  const answers: [string, string][] = [];
  for (const {name, about} of inputs) {
    const words = [about, 'leave it empty if you have it no longer'].filter((text) => text !== undefined);
    const answer = await askFor(name, words.join('; '), host);
    if (answer !== undefined && answer !== '') answers.push([name, answer]);
  }
  return Object.fromEntries(answers);
};

const fromEnvironment = (runbook: Runbook, host: Host): Record<string, string> =>
  Object.fromEntries(
    [...runbook.inputs.keys()].flatMap((name) => {
      const value = host.env[inputVariable(name)];
      return value === undefined ? [] : [[name, value]];
    }),
  );

const askFor = async (name: string, about: string | undefined, host: Host): Promise<string | undefined> => {
  try {
    return await host.askSecret?.(name, about);
  } catch (error) {
    if (error instanceof RunbookError && error.code === 'no-terminal') return undefined;
    throw error;
  }
};

/** Inputs as the journal keeps them: the open ones by value, secret ones and those that hold a secret by keyed hash. */
export const forJournal = (
  runbook: Runbook,
  inputs: Inputs,
  store: Store,
  isMasked: (value: Json) => boolean,
): {readonly inputs: Inputs; readonly secrets: Readonly<Record<string, string>>} => {
  const isSecret = (name: string): boolean =>
    runbook.inputs.get(name)?.secret === true || isMasked(inputs[name] ?? null);
  const entries = Object.entries(inputs);
  const hash = (value: Json): string => store.fingerprint(typeof value === 'string' ? value : JSON.stringify(value));
  return {
    inputs: Object.fromEntries(entries.filter(([name]) => !isSecret(name))),
    secrets: Object.fromEntries(entries.filter(([name]) => isSecret(name)).map(([name, value]) => [name, hash(value)])),
  };
};
