import {type Problem, RunbookError} from './errors.ts';
import {shown} from './issues.ts';
import {listed, suggest} from './nearest.ts';
import {matchesWhole} from './pattern.ts';
import type {Input, InputType, Runbook} from './runbook.ts';
import type {Json} from './step-type.ts';

/** A value that an input takes, or why it doesn't. */
export type InputVerdict = {readonly value: Json} | {readonly expected: string; readonly found: string};

/**
 * The values of a runbook's inputs from what was given. Texts (from `--set`) are read by the input's type; defaults fill
 * the rest. An input that is neither given nor has a default is missing.
 * @throws RunbookError with all of `unknown-input`, `input-missing` and `input-invalid`
 */
export const resolveInputs = (
  runbook: Pick<Runbook, 'inputs' | 'name'>,
  given: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> => {
  const values: [string, Json][] = [];
  const problems: Problem[] = Object.keys(given)
    .filter((name) => !runbook.inputs.has(name))
    .map((name) => unknown(runbook, name));
  for (const input of runbook.inputs.values()) {
    const value = Object.hasOwn(given, input.name) ? given[input.name] : undefined;
    const verdict = value === undefined ? unset(input) : readInput(input, value);
    if ('value' in verdict) values.push([input.name, verdict.value]);
    else if ('code' in verdict) problems.push(verdict);
    else
      problems.push({
        code: 'input-invalid',
        message: `input "${input.name}" can't be this`,
        place: input.place,
        ...verdict,
      });
  }
  const [first, ...rest] = problems;
  if (first !== undefined) throw new RunbookError([first, ...rest]);
  return Object.fromEntries(values);
};

const unknown = (runbook: Pick<Runbook, 'inputs' | 'name'>, name: string): Problem => ({
  code: 'unknown-input',
  message: `runbook "${runbook.name}" has no input "${name}"`,
  ...(runbook.inputs.size === 0 ? {expected: 'no inputs'} : suggest(name, runbook.inputs.keys())),
});

const unset = (input: Input): {readonly value: Json} | Problem => {
  if (input.default !== undefined) return {value: input.default};
  const expected = [WORDS[input.type], ...(input.about === undefined ? [] : [input.about])].join(': ');
  const message = `input "${input.name}" is needed`;
  return {code: 'input-missing', message, place: input.place, expected, next: [`--set ${input.name}=...`]};
};

/** One given value by its input's type; a text is read as that type. Never shows a secret. */
export const readInput = (input: Input, given: Json): InputVerdict => {
  const value = typeof given === 'string' ? readText(input.type, given) : given;
  return value === undefined ? refusal(input, WORDS[input.type], given) : checkInput(input, value);
};

/** Whether a value that has its type already is one that the input takes. */
export const checkInput = (input: Input, value: Json): InputVerdict => {
  const wanted = isOfType(input.type, value) ? unmet(input, value) : WORDS[input.type];
  return wanted === undefined ? {value} : refusal(input, wanted, value);
};

const refusal = (input: Input, expected: string, found: Json): InputVerdict => ({
  expected,
  found: input.secret ? 'a secret that is not that' : shown(found),
});

const WORDS: Readonly<Record<InputType, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list, as in a,b,c or ["a", "b"]',
  map: 'a map, as in a=1,b=2 or {"a": 1}',
};

const isOfType = (type: InputType, value: Json): boolean => {
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'list') return Array.isArray(value);
  if (type === 'map') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
};

/** What a value of the right type still misses. */
const unmet = (input: Input, value: Json): string | undefined => {
  const {minimum, maximum, pattern, choices} = input;
  if (typeof value === 'number' && minimum !== undefined && value < minimum) return `at least ${minimum}`;
  if (typeof value === 'number' && maximum !== undefined && value > maximum) return `at most ${maximum}`;
  if (typeof value === 'string' && pattern !== undefined && !matchesWhole(pattern, value))
    return `text that matches ${pattern}`;
  const known = choices?.map((choice) => JSON.stringify(choice));
  if (known !== undefined && !known.includes(JSON.stringify(value)))
    return `one of ${listed((choices ?? []).map((choice) => String(choice)))}`;
  return undefined;
};

const readText = (type: InputType, text: string): Json | undefined => {
  const trimmed = text.trim();
  switch (type) {
    case 'string':
      return text;
    case 'integer':
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : undefined;
    case 'boolean':
      return /^(true|yes|on)$/i.test(trimmed) ? true : /^(false|no|off)$/i.test(trimmed) ? false : undefined;
    case 'list':
      return trimmed.startsWith('[') ? parsed(trimmed) : entriesOf(trimmed);
    case 'map':
      return trimmed.startsWith('{') ? parsed(trimmed) : pairsOf(entriesOf(trimmed));
  }
};

const entriesOf = (text: string): readonly string[] =>
  text === '' ? [] : text.split(',').map((entry) => entry.trim());

const pairsOf = (entries: readonly string[]): Json | undefined =>
  entries.every((entry) => entry.indexOf('=') > 0)
    ? Object.fromEntries(
        entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
      )
    : undefined;

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};
