import {type ASTNode, TypeError as CheckError, EvaluationError, ParseError} from '@marcbachmann/cel-js';
import {advised} from './advice.ts';
import {cel, functionNames, MATCHES, ROOTS} from './cel.ts';
import {evaluatePart, LONGEST_MS} from './cel-program.ts';
import {messageOf, type Problem, RunbookError} from './errors.ts';
import type {PlaceAt, Values} from './expression.ts';
import {TookTooLong} from './interruptible.ts';
import {listed, suggest} from './nearest.ts';
import {patternProblem} from './pattern.ts';
import {readsIn} from './references.ts';

type CelError = ParseError | CheckError | EvaluationError;

const isCelError = (error: unknown): error is CelError =>
  error instanceof ParseError || error instanceof CheckError || error instanceof EvaluationError;

const textAt = (source: string, error: CelError): string => source.slice(error.range?.start ?? 0, error.range?.end);

/** An expression that can't be parsed, or that can't make sense with any values. */
export const badExpression = (source: string, placeAt: PlaceAt, error: unknown): RunbookError => {
  if (!isCelError(error)) {
    const message = `the expression can't be read: ${messageOf(error)}`;
    return new RunbookError(advised({code: 'bad-expression', message, place: placeAt(0)}), error);
  }
  // an error at the end of the text stands behind its last character
  const place = placeAt(Math.min(error.range?.start ?? 0, source.trimEnd().length));
  return new RunbookError(advised({...described(source, error), place}), error);
};

const described = (source: string, error: CelError): Problem => {
  const text = textAt(source, error);
  if (error.code === 'unknown_variable') {
    const message = `an expression can't read "${text}"`;
    return {code: 'unknown-variable', message, ...suggest(text, ROOTS)};
  }
  const called = /^found no matching overload for '(?:.*\.)?(\w+)\(/.exec(error.summary)?.[1];
  if (called !== undefined && called !== MATCHES && !functionNames().includes(called))
    return {code: 'bad-expression', message: `there is no function "${called}"`, ...suggest(called, functionNames())};
  return {code: 'bad-expression', message: `the expression can't be read: ${inWords(error.summary)}`};
};

const BRACKETS: Readonly<Record<string, string>> = {
  LPAREN: '(',
  RPAREN: ')',
  LBRACKET: '[',
  RBRACKET: ']',
  LBRACE: '{',
  RBRACE: '}',
};

const inWords = (summary: string): string => {
  if (/^Unexpected token: EOF/.test(summary)) return 'it ends too early';
  const text = summary
    .replaceAll(MATCHES, 'matches')
    .replace(/^No such key: index out of bounds, index (\S+) >= size undefined$/, 'what it looks into is no list')
    .replace(/^No such key: index out of bounds, index (\S+) >= size (\d+)$/, 'there is no element $1 in a list of $2')
    .replace(/^no such overload: ([!-])undefined$/, '"$1" can\'t take that')
    .replace(/'undefined'$/, 'nothing that is known')
    .replace(/\bdyn<([^<>]+)>/g, '$1')
    .replace(/^no such overload: (\S+) (\S+) (\S+)$/, '"$2" can\'t take $1 and $3')
    .replace(/\b[LR](PAREN|BRACKET|BRACE)\b/g, (name) => `"${BRACKETS[name]}"`)
    .replace(/\bEOF\b/g, 'the end');
  return (text.charAt(0).toLowerCase() + text.slice(1))
    .replace(/\b(double|int|uint)\b/g, 'number')
    .replace(/\bnull_type\b/g, 'null');
};

/** An expression that failed with these values. */
export const failure = (source: string, placeAt: PlaceAt, values: Values, error: unknown): RunbookError => {
  if (error instanceof TookTooLong) return tooLong(source, placeAt, values, error);
  if (!isCelError(error)) {
    const message = `"${source}" failed: ${messageOf(error)}`;
    return new RunbookError(advised({code: 'expression-failed', message, place: placeAt(0)}), error);
  }
  const problem = error.code === 'no_such_key' ? missingKey(source, values, error) : undefined;
  const text = textAt(source, error);
  const message =
    error.code === 'unknown_variable'
      ? `"${text}" can't be read here`
      : `"${source}" failed: ${inWords(error.summary)}`;
  return new RunbookError(
    advised({code: 'expression-failed', ...(problem ?? {message}), place: placeAt(error.range?.start ?? 0)}),
    error,
  );
};

const tooLong = (source: string, placeAt: PlaceAt, values: Values, error: TookTooLong): RunbookError => {
  const read = new Set(readsIn(cel.parse(source).ast).map(({root, path}) => [root, ...path].join('.')));
  const sizes = [...read].flatMap((name) => sizeOf(name, values));
  return new RunbookError(
    {
      code: 'expression-failed',
      message: `"${source}" takes too long to compute`,
      place: placeAt(0),
      expected: `a value within ${LONGEST_MS / 1000} s`,
      found: `none${sizes.length === 0 ? '' : `, with ${listed(sizes)}`}`,
      next: [
        'nest all(), exists(), map() and filter() less deep, or give them shorter lists',
        'let a script compute it: a step has a timeout',
      ],
    },
    error,
  );
};

/** How much there is to look through; the values themselves may be secret. */
const sizeOf = (name: string, values: Values): readonly string[] => {
  const value = name.split('.').reduce<unknown>((holder, key) => ownOf(holder, key), values);
  if (typeof value === 'string') return [`${name} of ${value.length} characters`];
  if (Array.isArray(value)) return [`${name} of ${value.length} elements`];
  return typeof value === 'object' && value !== null ? [`${name} of ${Object.keys(value).length} keys`] : [];
};

const ownOf = (holder: unknown, key: string): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key)
    ? (holder as Readonly<Record<string, unknown>>)[key]
    : undefined;

const missingKey = (source: string, values: Values, error: CelError): Pick<Problem, 'message' | 'next'> => {
  const key = error.summary.replace(/^No such key: /, '').replace('[object Object]', 'a map');
  const holder = holderOf(error);
  const where = holder === undefined ? '' : source.slice(holder.start, holder.end);
  if (where === 'steps') return {message: `step "${key}" has no outputs: it did not run, or was skipped`};
  const keys = keysOf(where, values);
  const known = keys === undefined ? '' : keys.length === 0 ? '; it is empty' : `; there are: ${listed(keys)}`;
  const {next} = suggest(key, keys ?? []);
  return {message: `no "${key}" in ${where === '' ? 'what it looks into' : where}${known}`, ...(next ? {next} : {})};
};

const holderOf = (error: CelError): ASTNode | undefined => {
  const node = error.node;
  if (node === undefined || !('op' in node) || !Array.isArray(node.args)) return undefined;
  const [holder] = node.args as readonly unknown[];
  return typeof holder === 'object' && holder !== null && 'start' in holder ? (holder as ASTNode) : undefined;
};

const keysOf = (source: string, values: Values): readonly string[] | undefined => {
  try {
    const value: unknown = evaluatePart(source, {...values});
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : undefined;
  } catch {
    return undefined; // it reads a variable of a macro
  }
};

/** Refuses literal patterns of `matches()` that are none. */
export const refusePatterns = (nodes: readonly ASTNode[], placeAt: PlaceAt): void => {
  for (const node of nodes) {
    if (node.op !== 'rcall' || node.args[0] !== 'matches') continue;
    const [pattern] = node.args[2];
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string') continue;
    const wrong = patternProblem(pattern.args);
    if (wrong === undefined) continue;
    const message = `the pattern "${pattern.args}" ${wrong.message}`;
    throw new RunbookError(advised({...wrong, code: 'bad-expression', message, place: placeAt(pattern.start)}));
  }
};
