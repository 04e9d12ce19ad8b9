import type {ASTNode} from '@marcbachmann/cel-js';
import {evaluatePart, LONGEST_MS, mayTakeLong} from './cel-program.ts';
import {messageOf} from './errors.ts';
import type {Part, Values} from './expression.ts';
import {interruptible} from './interruptible.ts';
import {plain} from './plain.ts';
import {COMPREHENSIONS, nodesOf} from './references.ts';

const LONGEST = 200;
const MOST_PARTS = 16;
const MOST_ELEMENTS = 4;

type Context = Readonly<Record<string, unknown>>;
/** The variables of the macros around, with their values as text. */
type Bound = readonly {readonly variable: string; readonly value: string}[];
type Value = {readonly ok: true; readonly value: unknown} | {readonly ok: false; readonly error: string};

/** The parts of a condition that decide it, with their values. */
export const explain = (
  ast: ASTNode,
  source: string,
  values: Values,
  mask: (text: string) => string = (text) => text,
): readonly Part[] => {
  try {
    const explanation = new Explanation(source, mask);
    const visit = (): void => explanation.visit(ast, {...values}, []);
    if (mayTakeLong(nodesOf(ast))) interruptible(LONGEST_MS, visit);
    else visit();
    return explanation.parts;
  } catch {
    return []; // an explanation must never hide the failure that it explains
  }
};

class Explanation {
  readonly parts: Part[] = [];
  readonly #source: string;
  readonly #mask: (text: string) => string;

  constructor(source: string, mask: (text: string) => string) {
    this.#source = source;
    this.#mask = mask;
  }

  visit(node: ASTNode, context: Context, bound: Bound): void {
    if (this.parts.length >= MOST_PARTS) return;
    switch (node.op) {
      case 'value':
        return;
      case '&&':
      case '||':
        this.#logical(node.op, node.args, context, bound);
        return;
      case '?:':
        this.#ternary(node.args, context, bound);
        return;
      case '!_':
      case '-_':
        this.visit(node.args, context, bound);
        return;
      case 'id':
      case '.':
      case '.?':
      case '[]':
      case '[?]':
        this.#show(node, context, bound);
        return;
      case 'call':
        this.#call(node, node.args[1], context, bound);
        return;
      case 'rcall':
        if (COMPREHENSIONS.has(node.args[0])) this.#comprehension(node, node.args, context, bound);
        else
          this.#call(
            node,
            isBind(node.args[1]) ? node.args[2].slice(1, 2) : [node.args[1], ...node.args[2]],
            context,
            bound,
          );
        return;
      case 'list':
      case 'map':
        for (const item of node.args.flat()) this.visit(item, context, bound);
        return;
      default:
        for (const side of node.args) this.visit(side, context, bound);
    }
  }

  // Of `a && b` that is false, the false sides decide; of `a || b` that is false, both do.
  #logical(op: '&&' | '||', sides: readonly ASTNode[], context: Context, bound: Bound): void {
    const decided = sides.map((side) => ({side, value: this.#evaluate(side, context)}));
    const deciding = decided.filter(({value}) => !value.ok || value.value === (op === '||'));
    for (const {side} of deciding.length > 0 ? deciding : decided) {
      if (side.op !== '&&' && side.op !== '||') this.#show(side, context, bound);
      this.visit(side, context, bound);
    }
  }

  #ternary([condition, yes, no]: readonly [ASTNode, ASTNode, ASTNode], context: Context, bound: Bound): void {
    this.visit(condition, context, bound);
    const value = this.#evaluate(condition, context);
    if (value.ok) this.visit(value.value === true ? yes : no, context, bound);
  }

  #call(node: ASTNode, args: readonly ASTNode[], context: Context, bound: Bound): void {
    const value = this.#evaluate(node, context);
    // that `a.contains(b)` is false is known; what `a` is, is news
    if (!value.ok || typeof value.value !== 'boolean') this.#show(node, context, bound);
    for (const argument of args) this.visit(argument, context, bound);
  }

  #comprehension(
    node: ASTNode,
    [name, list, [variable, ...bodies]]: readonly [string, ASTNode, readonly ASTNode[]],
    context: Context,
    bound: Bound,
  ): void {
    if (name === 'map' || name === 'filter') this.#show(node, context, bound);
    this.visit(list, context, bound);
    const elements = this.#evaluate(list, context);
    const body = bodies[0];
    if (!elements.ok || variable?.op !== 'id' || body === undefined) return;
    const each = elementsOf(elements.value).map((element) => ({...context, [variable.args]: element}));
    // of `all` the elements that break it decide, of the others any may
    const telling = name === 'all' ? each.filter((scope) => !isTrue(this.#evaluate(body, scope))) : each;
    for (const scope of telling.slice(0, MOST_ELEMENTS)) this.#element(body, variable.args, scope, bound);
  }

  #element(body: ASTNode, variable: string, scope: Context, bound: Bound): void {
    const inner = [...bound, {variable, value: clip(this.#mask(shown(plain(scope[variable]))), 60)}];
    this.#show(body, scope, inner);
    if (COMPREHENSIONS.has(String(body.op === 'rcall' ? body.args[0] : ''))) this.visit(body, scope, inner);
  }

  #show(node: ASTNode, context: Context, bound: Bound): void {
    if (this.parts.length >= MOST_PARTS || isLiteral(node)) return;
    const text = this.#textOf(node).replace(/\s+/g, ' ');
    const read = bound.filter(({variable}) => new RegExp(`\\b${variable}\\b`).test(text));
    const where = read.map(({variable, value}) => `${variable} = ${value}`).join(', ');
    const source = this.#mask(where === '' ? text : `${text} with ${where}`);
    if (this.parts.some((part) => part.source === source)) return;
    const value = this.#evaluate(node, context);
    this.parts.push({source, value: clip(this.#mask(value.ok ? shown(value.value) : value.error), LONGEST)});
  }

  /** The library leaves the closing bracket out of the range of `!(a in b)`. */
  #textOf({start, end}: ASTNode): string {
    let to = end;
    while (to < this.#source.length && isOpen(this.#source.slice(start, to))) to++;
    return this.#source.slice(start, to);
  }

  #evaluate(node: ASTNode, context: Context): Value {
    try {
      return {ok: true, value: evaluatePart(this.#textOf(node), context)};
    } catch (error) {
      const summary = error instanceof Error && 'summary' in error ? String(error.summary) : messageOf(error);
      return {ok: false, error: summary.charAt(0).toLowerCase() + summary.slice(1)};
    }
  }
}

const isOpen = (text: string): boolean => {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '');
  return bare.split('(').length > bare.split(')').length;
};

const elementsOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.keys(value) : [];

// of `cel.bind(x, value, body)` only the value can be looked at from outside
const isBind = (receiver: ASTNode): boolean => receiver.op === 'id' && receiver.args === 'cel';

const isTrue = (value: Value): boolean => value.ok && value.value === true;

const isLiteral = (node: ASTNode): boolean =>
  node.op === 'value' ||
  (node.op === 'list' && node.args.every(isLiteral)) ||
  (node.op === '-_' && isLiteral(node.args));

const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

const clip = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
