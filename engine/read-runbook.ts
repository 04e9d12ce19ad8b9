import {basename} from 'node:path';
import * as v from 'valibot';
import type {Draft, Named, StepDraft} from './draft.ts';
import type {Place} from './errors.ts';
import {fileSchema, ID, inputSchema, stepSchema} from './format.ts';
import {checkInput} from './inputs.ts';
import {mistakesIn, type Naming, shown} from './issues.ts';
import type {Mistakes} from './mistakes.ts';
import {patternProblem} from './pattern.ts';
import type {Reading} from './read-action.ts';
import {readStep} from './read-step.ts';
import type {Input} from './runbook.ts';
import {SHORTEST_SECRET, shortIn} from './secret-forms.ts';
import type {Json} from './step-type.ts';
import {lookUp, toJson, type YamlMap, type YamlNode} from './yaml.ts';

/** Reads a file's values into a draft. What is wrong is noted, and left out of it. */
export const readRunbook = (root: YamlNode, reading: Reading): Draft => {
  const {mistakes} = reading;
  noteShape(fileSchema, root, '', {holder: 'a runbook', word: 'key'}, mistakes, withoutSteps(root));
  const name = fileName(mistakes.source.file);
  noteName(root, name, mistakes);
  const about = textAt(root, 'about');
  const inputs = readInputs(valueAt(root, 'inputs'), mistakes);
  return {
    name,
    title: textAt(root, 'title') ?? name,
    ...(about === undefined ? {} : {about}),
    env: envFilesAt(root),
    secretEnv: new Set(),
    requires: namesAt(root, 'requires'),
    ...inputs,
    ...readSteps(valueAt(root, 'steps'), reading),
  };
};

/** The name by which a runbook's file is found. */
export const fileName = (file: string): string => basename(file).replace(/\.ya?ml$/, '');

const noteShape = (
  schema: v.GenericSchema,
  node: YamlNode,
  prefix: string,
  naming: Naming,
  mistakes: Mistakes,
  value = toJson(node),
): void => {
  for (const {code, message, path, at, details} of mistakesIn(value, schema, naming)) {
    const found = lookUp(node, at === 'missing' ? path.slice(0, -1) : path);
    mistakes.add(code, prefix + message, at === 'value' ? found.node.place : found.key, details);
  }
};

/** The steps are looked at one by one, and make up almost all of a large file. */
const withoutSteps = (root: YamlNode): Json => {
  if (root.kind !== 'map') return toJson(root);
  const entries = [...root.entries].map(([name, {value}]) => [
    name,
    name === 'steps' && value.kind === 'list' ? value.items.map(() => null) : toJson(value),
  ]);
  return Object.fromEntries(entries);
};

const valueAt = (node: YamlNode, name: string): YamlNode | undefined =>
  node.kind === 'map' ? node.entries.get(name)?.value : undefined;

const textAt = (node: YamlNode, name: string): string | undefined => {
  const value = valueAt(node, name);
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
};

const namesAt = (node: YamlNode, name: string): readonly Named[] => {
  const value = valueAt(node, name);
  const items = value?.kind === 'list' ? value.items : [];
  return items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string' ? [{name: item.value, place: item.place}] : [],
  );
};

const envFilesAt = (root: YamlNode): Draft['env'] => {
  const files = valueAt(root, 'env');
  return (files?.kind === 'list' ? files.items : []).flatMap((item) => {
    const file = item.kind === 'scalar' ? item : valueAt(item, 'file');
    if (file?.kind !== 'scalar' || typeof file.value !== 'string') return [];
    const secret = valueAt(item, 'secret');
    return [{name: file.value, place: file.place, secret: secret?.kind === 'scalar' && secret.value === true}];
  });
};

// Runs and `uses: runbook` find a runbook by its file's name: another name inside would only mislead.
const noteName = (root: YamlNode, name: string, mistakes: Mistakes): void => {
  const given = textAt(root, 'name');
  const place = valueAt(root, 'name')?.place;
  if (given === undefined || place === undefined || given === name) return;
  const next = [`write name: ${name}, or rename the file to ${given}.yaml`];
  mistakes.add('bad-value', "the name is not the file's", place, {expected: name, found: given, next});
};

/** Notes an id that expressions could not write behind a dot. */
const noteId = (kind: 'step' | 'input', id: string, place: Place, mistakes: Mistakes): void => {
  if (ID.test(id) && isReadable(id)) return;
  const better = id
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^[^a-z]+/, '');
  mistakes.add('bad-id', `"${id}" can't be the name of ${kind === 'step' ? 'a step' : 'an input'}`, place, {
    expected: 'a letter, then letters, digits and _, in lower case; none of in, true, false and null',
    ...(ID.test(better) && isReadable(better) ? {next: [`did you mean "${better}"?`]} : {}),
  });
};

/** Words of the expressions' language, which can't stand behind a dot. */
const WORDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

const isReadable = (id: string): boolean => !WORDS.has(id);

const readInputs = (node: YamlNode | undefined, mistakes: Mistakes): Pick<Draft, 'inputs' | 'brokenInputs'> => {
  const inputs = new Map<string, Input>();
  const brokenInputs = new Set<string>();
  for (const [name, {key, value}] of node?.kind === 'map' ? node.entries : []) {
    noteId('input', name, key, mistakes);
    const input = readInput(name, key, value, mistakes);
    if (input === undefined) brokenInputs.add(name);
    else inputs.set(name, input);
  }
  return {inputs, brokenInputs};
};

const readInput = (name: string, place: Place, node: YamlNode, mistakes: Mistakes): Input | undefined => {
  // `name:` with nothing behind it is an input without any demands
  const value = node.kind === 'scalar' && node.value === null ? {} : toJson(node);
  const prefix = `input "${name}": `;
  const shape = v.safeParse(inputSchema, value);
  if (!shape.success) {
    noteShape(inputSchema, node, prefix, {holder: 'an input', word: 'key'}, mistakes);
    return undefined;
  }
  const {type = 'string', secret = false, default: standard, ...rest} = shape.output;
  const input = {...rest, name, type, secret, place, ...(standard === undefined ? {} : {default: standard})} as Input;
  noteDemands(input, node, prefix, mistakes);
  return input;
};

const noteDemands = (input: Input, node: YamlNode, prefix: string, mistakes: Mistakes): void => {
  const at = (key: string): Place => valueAt(node, key)?.place ?? input.place;
  const wrong = input.pattern === undefined ? undefined : patternProblem(input.pattern);
  if (wrong !== undefined) {
    const {message, ...details} = wrong;
    mistakes.add('bad-value', `${prefix}the pattern ${message}`, at('pattern'), details);
    return;
  }
  const isNumber = input.type === 'integer' || input.type === 'number';
  for (const key of ['minimum', 'maximum'] as const)
    if (input[key] !== undefined && !isNumber)
      mistakes.add('bad-combination', `${prefix}only numbers have a ${key}`, at(key));
  if (input.secret && input.type === 'boolean')
    mistakes.add('bad-combination', `${prefix}what is true or false can't be hidden`, at('secret'));
  if (input.secret) noteShort(input, prefix, at, mistakes);
  if (input.pattern !== undefined && input.type !== 'string')
    mistakes.add('bad-combination', `${prefix}only a string has a pattern`, at('pattern'));
  noteValue(input, input.default, `${prefix}the default does not fit`, at('default'), mistakes);
  const {choices = [], ...free} = input;
  for (const choice of choices) noteValue(free, choice, `${prefix}a choice does not fit`, at('choices'), mistakes);
};

/** What every text has in it can't be masked. */
const noteShort = (input: Input, prefix: string, at: (key: string) => Place, mistakes: Mistakes): void => {
  const {maximum, minimum = 0, choices = [], default: standard} = input;
  const short = (value: Json | undefined): boolean => value !== undefined && shortIn('', value).length > 0;
  const message = `${prefix}a secret of fewer than ${SHORTEST_SECRET} characters can't be masked`;
  if (maximum !== undefined && [minimum, maximum].every(short))
    mistakes.add('bad-value', message, at('maximum'), {next: ['let it have more digits']});
  if (short(standard)) mistakes.add('bad-value', message, at('default'), {next: ['choose a longer one']});
  if (choices.some(short)) mistakes.add('bad-value', message, at('choices'), {next: ['choose longer ones']});
};

const noteValue = (input: Input, value: Json | undefined, message: string, place: Place, mistakes: Mistakes): void => {
  const verdict = value === undefined ? undefined : checkInput(input, value);
  if (verdict !== undefined && 'expected' in verdict) mistakes.add('wrong-type', message, place, verdict);
};

const readSteps = (node: YamlNode | undefined, reading: Reading): Pick<Draft, 'steps' | 'positions' | 'byId'> => {
  const steps: StepDraft[] = [];
  const positions = new Map<string, number>();
  const places = new Map<string, Place>();
  for (const [index, item] of (node?.kind === 'list' ? node.items : []).entries()) {
    const id = textAt(item, 'id');
    const prefix = id === undefined ? `step ${index + 1}: ` : `step "${id}": `;
    noteShape(stepSchema, item, prefix, {holder: 'a step', word: 'key'}, reading.mistakes);
    if (item.kind !== 'map' || id === undefined) continue;
    const place = valueAt(item, 'id')?.place ?? item.place;
    const first = places.get(id);
    if (first !== undefined) noteSecond(id, first, place, reading.mistakes);
    else noteId('step', id, place, reading.mistakes);
    if (first === undefined) places.set(id, place);
    if (first === undefined) positions.set(id, index);
    const step = readStep(item as YamlMap, index, reading);
    if (step !== undefined) steps.push(step);
  }
  return {steps, positions, byId: new Map(steps.toReversed().map((draft) => [draft.step.id, draft]))};
};

const noteSecond = (id: string, first: Place, place: Place, mistakes: Mistakes): void => {
  const next = ['every step needs an id of its own: it is the key of all that is remembered'];
  mistakes.add('duplicate-id', `there are two steps ${shown(id)}; the first is in line ${first.line}`, place, {next});
};
