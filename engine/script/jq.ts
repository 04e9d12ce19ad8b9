import type {ASTNode} from '@marcbachmann/cel-js';
import {cel, ROOTS} from '../cel.ts';
import {evaluatePart} from '../cel-program.ts';
import type {Values} from '../expression.ts';
import {plain} from '../plain.ts';
import {COMPREHENSIONS} from '../references.ts';
import {idsOf, leavesOf} from './cel-parts.ts';
import {FUNCTIONS, INFIX, MACROS, METHODS} from './jq-forms.ts';

/*
 * CEL in jq, for scripts. What is known when the script is written is filled in; a value that only a run can tell stands
 * as the marker of a shell variable (`sh.ts`, `variable`), and becomes a variable of jq with the same name.
 */

/** An expression as far as it is known: a value, in which markers may stand, or what jq has to compute. */
export type Translated =
  | {readonly kind: 'value'; readonly value: unknown}
  | {readonly kind: 'jq'; readonly filter: string; readonly variables: ReadonlySet<string>};

/** Something that the script can't say. */
export class Untranslatable extends Error {
  override readonly name = 'Untranslatable';
}

const MARKER = /\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001/gu;

export const hasMarker = (value: unknown): boolean => /\uE000/u.test(JSON.stringify(value) ?? '');

/**
 * Translates an expression with the values that are known.
 * @throws Untranslatable naming what the script can't say
 */
export const translate = (source: string, values: Values): Translated => {
  const translation = new Translation(source, values);
  return translation.of(cel.parse(source).ast, []);
};

/** A known value as a jq literal; markers become variables. */
export const literalOf = (value: unknown, variables: Set<string>): string => {
  if (typeof value === 'string') return textLiteral(value, variables);
  if (Array.isArray(value)) return `[${value.map((item) => literalOf(item, variables)).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}: ${literalOf(item, variables)}`)
      .join(', ')}}`;
  return JSON.stringify(value ?? null);
};

const textLiteral = (text: string, variables: Set<string>): string => {
  const parts = text.split(MARKER);
  for (const [index, part] of parts.entries()) if (index % 2 === 1) variables.add(part);
  if (parts.length === 1) return JSON.stringify(text);
  if (parts.length === 3 && parts[0] === '' && parts[2] === '') return `$${parts[1]}`;
  return `"${parts.map((part, index) => (index % 2 === 1 ? `\\($${part})` : JSON.stringify(part).slice(1, -1))).join('')}"`;
};

type Jq = Extract<Translated, {kind: 'jq'}>;

class Translation {
  readonly #source: string;
  readonly #values: Values;

  constructor(source: string, values: Values) {
    this.#source = source;
    this.#values = values;
  }

  of(node: ASTNode, bound: readonly string[]): Translated {
    switch (node.op) {
      case 'value':
        return {kind: 'value', value: plain(node.args)};
      case 'id':
        return this.#name(node.args, bound);
      case '.':
        return this.#member(this.of(node.args[0], bound), {kind: 'value', value: node.args[1]});
      case '[]':
        return this.#member(this.of(node.args[0], bound), this.of(node.args[1], bound));
      case 'list': {
        const items = node.args.map((item) => this.of(item, bound));
        if (items.every(isValue)) return {kind: 'value', value: items.map(({value}) => value)};
        return joined(items, (parts) => `[${parts.join(', ')}]`);
      }
      case '?:':
        return this.#choice(node.args, bound);
      case '+':
        return this.#sum(node, bound);
      default:
        return this.#computed(node, bound);
    }
  }

  #name(name: string, bound: readonly string[]): Translated {
    if (bound.includes(name)) return {kind: 'jq', filter: `$${name}`, variables: new Set()};
    if (!(ROOTS as readonly string[]).includes(name)) throw new Untranslatable(`"${name}"`);
    return {kind: 'value', value: this.#values[name as keyof Values]};
  }

  #member(receiver: Translated, key: Translated): Translated {
    if (receiver.kind === 'value' && key.kind === 'value' && !hasMarker(key.value)) {
      const {value} = receiver;
      const name = String(key.value);
      if (typeof value === 'object' && value !== null) {
        if (Object.hasOwn(value, name)) return {kind: 'value', value: (value as Record<string, unknown>)[name]};
        throw new Untranslatable(`"${name}", which no command of a shell tells`);
      }
    }
    return joined([receiver, key], ([from, at]) => `(${from} | at(${at}))`);
  }

  /** A condition that is known chooses now. */
  #choice([test, yes, no]: readonly ASTNode[], bound: readonly string[]): Translated {
    const condition = this.of(test as ASTNode, bound);
    if (condition.kind === 'value' && typeof condition.value === 'boolean')
      return this.of((condition.value ? yes : no) as ASTNode, bound);
    return joined(
      [condition, this.of(yes as ASTNode, bound), this.of(no as ASTNode, bound)],
      ([c, a, b]) => `(if ${c} then ${a} else ${b} end)`,
    );
  }

  /** Texts are joined now, though a part of them may be a variable. */
  #sum(node: ASTNode & {op: '+'}, bound: readonly string[]): Translated {
    const [left, right] = node.args.map((one) => this.of(one, bound)) as [Translated, Translated];
    if (isValue(left) && isValue(right)) {
      if (typeof left.value === 'string' && typeof right.value === 'string')
        return {kind: 'value', value: left.value + right.value};
      if (Array.isArray(left.value) && Array.isArray(right.value))
        return {kind: 'value', value: [...left.value, ...right.value]};
      if (!hasMarker([left.value, right.value])) return this.#evaluated(node);
    }
    return joined([left, right], ([a, b]) => `plus(${a}; ${b})`);
  }

  #computed(node: ASTNode, bound: readonly string[]): Translated {
    const known = this.#tryEvaluate(node, bound);
    if (known !== undefined) return known;
    switch (node.op) {
      case '!_':
        return joined([this.of(node.args, bound)], ([one]) => `(${one} | not)`);
      case '-_':
        return joined([this.of(node.args, bound)], ([one]) => `(-(${one}))`);
      case 'in':
        return joined(
          node.args.map((one) => this.of(one, bound)),
          ([one, all]) => `(${one} | is_in(${all}))`,
        );
      case 'map':
        return this.#map(node.args, bound);
      case 'call':
        return this.#call(node.args[0], node.args[1], bound);
      case 'rcall':
        return this.#method(...node.args, bound);
      default: {
        const sign = INFIX[node.op];
        if (sign === undefined || !Array.isArray(node.args)) throw new Untranslatable(`"${node.op}"`);
        return joined(
          (node.args as readonly ASTNode[]).map((one) => this.of(one, bound)),
          ([a, b]) => `(${a} ${sign} ${b})`,
        );
      }
    }
  }

  /** What no variable has a part in is computed now, by CEL itself. */
  #tryEvaluate(node: ASTNode, bound: readonly string[]): Translated | undefined {
    const names = idsOf(node);
    if (names.some((name) => bound.includes(name))) return undefined;
    const reads = leavesOf(node).map((leaf) => this.#tryOf(leaf, bound));
    if (!reads.every((read) => read !== undefined && isValue(read) && !hasMarker(read.value))) return undefined;
    return this.#evaluated(node);
  }

  #tryOf(node: ASTNode, bound: readonly string[]): Translated | undefined {
    const chain = node.op === 'id' ? [] : bound;
    try {
      return this.of(node, chain);
    } catch {
      return undefined;
    }
  }

  #evaluated(node: ASTNode): Translated {
    return {
      kind: 'value',
      value: evaluatePart(this.#source.slice(node.start, node.end), {...this.#values}),
    };
  }

  #map(entries: readonly (readonly ASTNode[])[], bound: readonly string[]): Translated {
    const parts = entries.flat().map((one) => this.of(one, bound));
    return joined(
      parts,
      (all) =>
        `{${all.flatMap((part, index) => (index % 2 === 0 ? [`(${part}): ${all[index + 1]}`] : [])).join(', ')}}`,
    );
  }

  #call(name: string, args: readonly ASTNode[], bound: readonly string[]): Translated {
    const [argument] = args;
    if (name === 'has' && argument?.op === '.')
      return joined(
        [this.of(argument.args[0], bound)],
        ([one]) => `(${one} | has(${JSON.stringify(argument.args[1])}))`,
      );
    const render = FUNCTIONS[name];
    if (render === undefined || argument === undefined) throw new Untranslatable(`"${name}()"`);
    return joined([this.of(argument, bound)], ([one]) => render(one as string));
  }

  #method(name: string, receiver: ASTNode, args: readonly ASTNode[], bound: readonly string[]): Translated {
    const [first, second, third] = args;
    const macro = COMPREHENSIONS.has(name) ? MACROS[name] : undefined;
    if (macro !== undefined && first?.op === 'id' && second !== undefined && third === undefined) {
      const variable = first.args;
      return joined([this.of(receiver, bound), this.of(second, [...bound, variable])], ([over, body]) =>
        macro(`(${over} | each)`, variable, body as string),
      );
    }
    const render = METHODS[name];
    if (render === undefined) throw new Untranslatable(`".${name}()"`);
    return joined(
      [receiver, ...args].map((one) => this.of(one, bound)),
      ([one, ...rest]) => render(one as string, ...rest),
    );
  }
}

const isValue = (one: Translated): one is Extract<Translated, {kind: 'value'}> => one.kind === 'value';

const joined = (parts: readonly Translated[], render: (filters: readonly string[]) => string): Jq => {
  const variables = new Set<string>();
  const filters = parts.map((part) => {
    if (part.kind === 'value') return literalOf(part.value, variables);
    for (const name of part.variables) variables.add(name);
    return part.filter;
  });
  return {kind: 'jq', filter: render(filters), variables};
};
