import * as v from 'valibot';
import type {Code, Problem} from './errors.ts';
import {listed, suggest} from './nearest.ts';

type Issue = v.BaseIssue<unknown>;
type Path = readonly (string | number)[];

/** A mistake found by a schema, in plain words. */
export interface Described {
  readonly code: Code;
  readonly message: string;
  readonly path: Path;
  /** Which end of the path is wrong: a key, a value, or something that is not there. */
  readonly at: 'key' | 'value' | 'missing';
  readonly details: Pick<Problem, 'expected' | 'found' | 'next'>;
}

const MOST_UNKNOWN = 20;

/** How a schema's own outermost map is called: `docker.run` has options, `a step` has keys. */
export interface Naming {
  readonly holder: string;
  readonly word: 'key' | 'option' | 'input';
}

/** A value as its schema gives it; undefined where `mistakesIn` says what is wrong. */
export const parsedBy = (schema: v.GenericSchema, value: unknown): {readonly output: unknown} | undefined => {
  const parsed = v.safeParse(schema, value);
  return parsed.success && listsForMaps(value, schema, []).length === 0 ? {output: parsed.output} : undefined;
};

/** Every mistake once: of a choice between several shapes, only the shape that was meant is complained about. */
export const mistakesIn = (value: unknown, schema: v.GenericSchema, naming: Naming): readonly Described[] => {
  const lists = listsForMaps(value, schema, []);
  const {issues = []} = v.safeParse(schema, value);
  const located = issues
    .flatMap((issue) => meant(issue, []))
    .filter(({path}) => !lists.some((list) => list.every((key, index) => key === path[index])))
    .flatMap((one) => siblings(one, schema));
  return [
    ...lists.map((path) => notMap(path, naming)),
    ...withoutEchoes(located.map(({issue, path}) => describe(issue, path, schema, naming))),
  ];
};

// To the library, a list is a map with the keys 0, 1, 2.
const listsForMaps = (value: unknown, schema: v.GenericSchema, path: Path): readonly Path[] => {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value) && isMapAt(schema, path)) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    listsForMaps(inner, schema, [...path, Array.isArray(value) ? Number(key) : key]),
  );
};

const isMapAt = (schema: v.GenericSchema, path: Path): boolean => {
  const shapes = walk(schema as Walkable, path);
  return shapes.length > 0 && shapes.every(({type}) => MAPS.has(type ?? ''));
};

const MAPS = new Set(['object', 'strict_object', 'loose_object', 'object_with_rest', 'record']);

const notMap = (path: Path, {holder}: Naming): Described => ({
  code: 'wrong-type',
  message: `${path.length === 0 ? holder : `"${path.join('.')}"`} must be a map`,
  path,
  at: 'value',
  details: {found: 'a list', next: [WAYS.Object as string]},
});

// The library names only the first unknown key of a map.
const siblings = ({issue, path}: Located, schema: v.GenericSchema): readonly Located[] => {
  const holder: unknown = issue.path?.at(-1)?.input;
  if (!isUnknownKey(issue) || typeof holder !== 'object' || holder === null) return [{issue, path}];
  const known = new Set(keysAt(schema, path.slice(0, -1)));
  const unknown = Object.keys(holder).filter((key) => !known.has(key));
  return unknown.slice(0, MOST_UNKNOWN).map((key) => ({issue, path: [...path.slice(0, -1), key]}));
};

const isUnknownKey = ({type, expected}: Issue): boolean => type === 'strict_object' && expected === 'never';

// A misspelt key is unknown, and the one that was meant is missing: that is one mistake.
const withoutEchoes = (all: readonly Described[]): readonly Described[] => {
  const meantKeys = all.flatMap(({at, path, details}) =>
    at === 'key' ? (details.next ?? []).map((next) => `${path.slice(0, -1).join('.')} ${next}`) : [],
  );
  return all.filter(
    ({at, path}) =>
      at !== 'missing' || !meantKeys.includes(`${path.slice(0, -1).join('.')} did you mean "${path.at(-1)}"?`),
  );
};

interface Located {
  readonly issue: Issue;
  readonly path: Path;
}

const pathOf = (issue: Issue): Path => issue.path?.map(({key}) => key as string | number) ?? [];

const meant = (issue: Issue, before: Path): readonly Located[] => {
  const path = [...before, ...pathOf(issue)];
  const shape = Array.isArray(issue.input) ? 'array' : 'object';
  const inner = (issue.type === 'union' ? (issue.issues ?? []) : []).filter(({path}) => path?.[0]?.type === shape);
  return inner.length === 0 ? [{issue, path}] : inner.flatMap((issue) => meant(issue, path));
};

const describe = (issue: Issue, path: Path, schema: v.GenericSchema, naming: Naming): Described => {
  const [holder, word] = path.length > 1 ? [`"${path.slice(0, -1).join('.')}"`, 'key'] : [naming.holder, naming.word];
  const name = String(path.at(-1) ?? '');
  if (isUnknownKey(issue)) {
    const code =
      naming.word === 'option' ? 'unknown-option' : naming.word === 'input' ? 'unknown-input' : 'unknown-key';
    const message = `${holder} has no ${word} "${name}"`;
    return {code, message, path, at: 'key', details: suggest(name, keysAt(schema, path.slice(0, -1)))};
  }
  const isMissing = issue.input === undefined && path.length > 0;
  if (isMissing)
    return {code: 'missing-key', message: `${holder} needs ${word} "${name}"`, path, at: 'missing', details: {}};
  const subject = path.length === 0 ? holder : `"${path.join('.')}"`;
  const {code, must, next} = wrong(issue);
  const found = shown(issue.input);
  return {
    code,
    message: `${subject} must be ${must}`,
    path,
    at: 'value',
    details: {found, ...(next === undefined ? {} : {next: [next]})},
  };
};

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  Object: 'a map',
  Array: 'a list',
  null: 'nothing (null)',
};

interface Wrong {
  readonly code: Code;
  readonly must: string;
  readonly next?: string;
}

const wrong = (issue: Issue): Wrong => {
  const {requirement} = issue as {requirement?: unknown};
  const isText = typeof issue.input === 'string';
  switch (issue.type) {
    case 'integer':
    case 'safe_integer':
      return {code: 'wrong-type', must: 'a whole number'};
    case 'min_value':
      return {code: 'bad-value', must: `at least ${requirement}`};
    case 'max_value':
      return {code: 'bad-value', must: `at most ${requirement}`};
    case 'min_length':
    case 'non_empty':
      return {code: 'bad-value', must: atLeast(Number(requirement ?? 1), isText)};
    case 'max_length':
      return {code: 'bad-value', must: `at most ${requirement} ${isText ? 'characters' : 'entries'} long`};
    case 'picklist':
    case 'literal':
    case 'enum':
    case 'variant':
      return choice(issue);
  }
  if (issue.kind === 'schema') return {code: 'wrong-type', must: wordsOf(issue.expected), next: howToWrite(issue)};
  const own = /^Invalid \w+: /.test(issue.message) ? `what fits ${issue.expected ?? issue.type}` : issue.message;
  return {code: 'bad-value', must: own};
};

const atLeast = (length: number, isText: boolean): string =>
  length <= 1
    ? `${isText ? 'text' : 'a list'} that is not empty`
    : `at least ${length} ${isText ? 'characters' : 'entries'} long`;

const choice = ({expected, input}: Issue): Wrong => {
  const choices = alternatives(expected).map((text) => text.replace(/^"(.*)"$/, '$1'));
  const next = typeof input === 'string' ? suggest(input, choices).next?.[0] : undefined;
  const must = choices.length === 1 ? `"${choices[0]}"` : `one of ${listed(choices)}`;
  return {code: 'bad-value', must, ...(next === undefined ? {} : {next})};
};

const WAYS: Readonly<Record<string, string>> = {
  Object: 'write a map: {key: value}, or lines with "key: value"',
  Array: 'write a list: [one, two], or lines that begin with "- "',
  string: 'write text; in quotes, where it would be read as something else',
  number: 'write a number, without quotes',
  boolean: 'write true or false, without quotes',
};

const howToWrite = ({expected, input}: Issue): string => {
  const types = alternatives(expected);
  const isScalar = typeof input === 'number' || typeof input === 'boolean';
  if (isScalar && types.includes('string')) return `put it in quotes: "${input}"`;
  return WAYS[types[0] ?? ''] ?? `write ${wordsOf(expected)}`;
};

const alternatives = (expected: string | null): readonly string[] =>
  (expected ?? '').replace(/^\((.*)\)$/, '$1').split(' | ');

const wordsOf = (expected: string | null): string => {
  const words = [...new Set(alternatives(expected).map((type) => WORDS[type] ?? type))];
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
};

/** A value for a message: scalars as they are, collections by kind. */
export const shown = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  if (value === null || value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

interface Walkable {
  readonly type?: string;
  readonly entries?: Readonly<Record<string, Walkable>>;
  readonly item?: Walkable;
  readonly value?: Walkable;
  readonly wrapped?: Walkable;
  readonly options?: readonly (Walkable | string)[];
}

/** The keys that a schema knows at a path. */
export const keysAt = (schema: v.GenericSchema, path: Path): readonly string[] => [
  ...new Set(walk(schema as Walkable, path).flatMap((found) => Object.keys(found.entries ?? {}))),
];

const walk = (schema: Walkable | undefined, path: Path): readonly Walkable[] => {
  if (schema === undefined) return [];
  if (schema.wrapped !== undefined) return walk(schema.wrapped, path);
  if (schema.entries === undefined && schema.options !== undefined)
    return schema.options.flatMap((option) => (typeof option === 'string' ? [] : walk(option, path)));
  const [key, ...rest] = path;
  if (key === undefined) return [schema];
  return walk(schema.entries === undefined ? (schema.item ?? schema.value) : schema.entries[key], rest);
};
