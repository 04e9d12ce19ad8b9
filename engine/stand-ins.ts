import {isDeepStrictEqual} from 'node:util';
import type {Expression, Reference, Values} from './expression.ts';
import type {Node} from './graph.ts';
import {type Scopes, variableName} from './scopes.ts';
import {hasVariable, variable} from './sh.ts';
import type {Json} from './step-type.ts';
import {type Evaluate, textOf} from './template.ts';

const MARKERS = /\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001/gu;

/** What a reference leads to; undefined where that is not there. */
export const valueAt = (values: Values, {root, path}: Reference): unknown =>
  path.reduce<unknown>(
    (value, name) =>
      value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined,
    values[root],
  );

/** The variables that stand in a value. */
export const variablesIn = (stored: Json): readonly string[] => {
  const text = JSON.stringify(stored);
  if (!hasVariable(text)) return [];
  return [...new Set([...text.matchAll(MARKERS)].map(([, name = '']) => name))];
};

/**
 * Puts the secrets back into journaled options.
 * @param secret gives the value of a variable; undefined leaves its marker
 */
export const fillSecrets = (stored: Json, secret: (name: string) => Json | undefined): Json => {
  if (typeof stored === 'string') return hasVariable(stored) ? fillText(stored, secret) : stored;
  if (Array.isArray(stored)) return stored.map((item) => fillSecrets(item, secret));
  if (stored === null || typeof stored !== 'object') return stored;
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, fillSecrets(value, secret)]));
};

const fillText = (text: string, secret: (name: string) => Json | undefined): Json => {
  const [whole, name = ''] = /^\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001$/u.exec(text) ?? [];
  // A text that is nothing but a variable keeps the type of its value.
  if (whole !== undefined) return secret(name) ?? text;
  return text.replace(MARKERS, (marker, part: string) => {
    const value = secret(part);
    return value === undefined ? marker : textOf(value);
  });
};

/** The variables that an expression reads, or parts of what they stand for: a secret map is one variable as a whole. */
const variablesRead = ({references}: Expression, shown: Values): readonly string[] =>
  references.flatMap(({root, path}) => {
    let value: unknown = shown[root];
    for (const name of path) {
      if (typeof value !== 'object' || value === null) break;
      value = (value as Record<string, unknown>)[name];
    }
    return value === undefined ? [] : variablesIn(value as Json);
  });

const attempt = (act: () => unknown): Json | undefined => {
  try {
    return act() as Json;
  } catch {
    return undefined;
  }
};

/** The same expression of the same step has the same name in every process. */
const derivedName = ({scope, item}: Node, {source, references}: Expression): string => {
  const [first] = references;
  const isPath = first !== undefined && source === [first.root, ...first.path].join('.');
  const words = isPath ? first.path.filter((word) => word !== 'outputs') : [source];
  return variableName(scope.prefix, ...(item === undefined ? [] : [item.key]), ...words);
};

/**
 * For what is stored and told: what is made of a secret stands as a variable, also where the expression can't be asked
 * what it makes of a variable, as in `inputs.login.password` or `inputs.pin + 1`.
 */
export class StandIns {
  readonly #node: Node;
  readonly #scopes: Scopes;
  readonly #real: Values;
  readonly #shown: Values;
  /** By the name of its variable, the expression that makes a value of secrets: so it can be made again. */
  readonly derived: Record<string, string> = {};
  /** Those of them that are no secrets, but hold one: what a step has printed, say. */
  readonly withheld: string[] = [];

  constructor(node: Node, scopes: Scopes, real: Values, shown: Values) {
    this.#node = node;
    this.#scopes = scopes;
    this.#real = real;
    this.#shown = shown;
  }

  readonly evaluate: Evaluate = (expression) => {
    const value = expression.evaluate(this.#real) as Json;
    if (!this.#scopes.hasSecrets) return value;
    if (variablesRead(expression, this.#shown).length === 0)
      return this.#scopes.isMasked(value) ? this.#withhold(expression, value) : value;
    const standIn = attempt(() => expression.evaluate(this.#shown));
    const filled = standIn === undefined ? undefined : fillSecrets(standIn, (name) => this.#scopes.secret(name));
    if (standIn !== undefined && isDeepStrictEqual(filled, value)) return standIn;
    if (!this.#scopes.tells(value)) return value;
    const name = derivedName(this.#node, expression);
    this.derived[name] = expression.source;
    return this.#scopes.derive(name, value);
  };

  #withhold(expression: Expression, value: Json): string {
    const name = derivedName(this.#node, expression);
    this.derived[name] = expression.source;
    this.withheld.push(name);
    return this.#scopes.withhold(name, value);
  }
}

/** For showing what is not done yet: what can't be evaluated stands as a variable named after what it reads. */
export const showIn =
  (node: Node, values: Values): Evaluate =>
  (expression) => {
    const value = attempt(() => expression.evaluate(values));
    const read = variablesRead(expression, values);
    if (read.length > 0) {
      const kept = value === undefined ? [] : variablesIn(value);
      return value !== undefined && read.every((name) => kept.includes(name))
        ? value
        : variable(derivedName(node, expression));
    }
    if (value !== undefined) return value;
    const {path = [], root = 'run'} = expression.references[0] ?? {};
    return variable(variableName(...(path.length === 0 ? [root] : path.filter((part) => part !== 'outputs'))));
  };
