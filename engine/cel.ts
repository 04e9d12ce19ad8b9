import {Environment} from '@marcbachmann/cel-js';
import {isFound} from './pattern.ts';

/** What an expression may read; each is there only where it makes sense. */
export const ROOTS = ['inputs', 'env', 'steps', 'item', 'result', 'run'] as const;

// Values come from JSON, where every number is a double; literals are integers. Without these, `inputs.n % 2` fails.
const OPERATORS: Readonly<Record<string, (left: unknown, right: unknown) => unknown>> = {
  'double % double': (left, right) => Number(left) % Number(right),
  'double % int': (left, right) => Number(left) % Number(right),
  'int % double': (left, right) => Number(left) % Number(right),
  'string + int': (left, right) => `${left}${right}`,
  'string + double': (left, right) => `${left}${right}`,
  'int + string': (left, right) => `${left}${right}`,
  'double + string': (left, right) => `${left}${right}`,
};

for (const [sign, compute] of Object.entries({
  '+': (left: number, right: number) => left + right,
  '-': (left: number, right: number) => left - right,
  '*': (left: number, right: number) => left * right,
  '/': (left: number, right: number) => left / right,
})) {
  const mixed = (left: unknown, right: unknown) => compute(Number(left), Number(right));
  Object.assign(OPERATORS, {[`int ${sign} double`]: mixed, [`double ${sign} int`]: mixed});
}

/** Our `matches`, which takes linear time: the library's own can't be replaced, and is called by this name instead. */
export const MATCHES = 'matches_';

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(text.trim() === '' ? 'json() was given an empty text' : 'json() was given a text that is not JSON');
  }
};

const lines = (text: string): string[] => {
  const all = text.split(/\r?\n/);
  return all.at(-1) === '' ? all.slice(0, -1) : all;
};

const environment = (unlistedVariablesAreDyn: boolean): Environment => {
  const cel = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    unlistedVariablesAreDyn,
    limits: {maxDepth: 100, maxAstNodes: 20_000},
  });
  for (const root of ROOTS) cel.registerVariable(root, 'dyn');
  for (const [signature, compute] of Object.entries(OPERATORS)) cel.registerOperator(signature, compute);
  cel.registerFunction(`string.${MATCHES}(string): bool`, (text: string, pattern: string) => isFound(pattern, text));
  cel.registerFunction('json(string): dyn', parseJson);
  cel.registerFunction('string.lines(): list<string>', lines);
  return cel;
};

/** The language of `${{ }}`: CEL with our roots, `json()`, `.lines()` and arithmetic on any numbers. */
export const cel = environment(false);

let withAnyNames: Environment | undefined;

/** The same where any name may stand: for parts of an expression, which read the variables of `all`, `map`, ... */
export const celWithAnyNames = (): Environment => (withAnyNames ??= environment(true));

/** Names of all functions and methods, for suggestions. */
export const functionNames = (): readonly string[] => [
  ...new Set(cel.getDefinitions().functions.flatMap(({name}) => (name === MATCHES ? [] : [name]))),
];
