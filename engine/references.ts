import type {ASTNode} from '@marcbachmann/cel-js';
import {ROOTS} from './cel.ts';
import type {Reference} from './expression.ts';

/** Macros whose first argument names a variable that stands for each element. */
export const COMPREHENSIONS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** A root that an expression reads, the path behind it as far as it is literal, and where in its source that stands. */
export interface RootRead {
  readonly root: Reference['root'];
  readonly path: readonly string[];
  readonly start: number;
}

/** Everything that an expression reads from outside; the variables of its own macros are none of that. */
export const readsIn = (ast: ASTNode): readonly RootRead[] => {
  const found: RootRead[] = [];
  const visit = (node: ASTNode, bound: ReadonlySet<string>): void => {
    const chain = chainOf(node);
    if (chain !== undefined && isRoot(chain.root) && !bound.has(chain.root)) found.push({...chain, root: chain.root});
    for (const [child, names] of childrenOf(node, chain !== undefined))
      visit(child, names.length === 0 ? bound : new Set([...bound, ...names]));
  };
  visit(ast, new Set());
  return found;
};

const isRoot = (name: string): name is Reference['root'] => (ROOTS as readonly string[]).includes(name);

interface Chain {
  readonly root: string;
  readonly path: readonly string[];
  readonly start: number;
}

/** `steps.a["b"][0].c` reads root `steps`, path `a`, `b`: as far as the keys are literal texts. */
export const chainOf = (node: ASTNode): Chain | undefined => {
  if (node.op === 'id') return {root: node.args, path: [], start: node.start};
  if (node.op !== '.' && node.op !== '.?' && node.op !== '[]' && node.op !== '[?]') return undefined;
  const before = chainOf(node.args[0]);
  const key = node.args[1];
  const name =
    typeof key === 'string' ? key : key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
  // once a key is computed, the path ends; keys behind it belong to an unknown value
  if (before === undefined || endsEarly(node.args[0])) return before;
  return name === undefined ? before : {...before, path: [...before.path, name]};
};

const endsEarly = (node: ASTNode): boolean => {
  if (node.op === '.' || node.op === '.?') return endsEarly(node.args[0]);
  if (node.op !== '[]' && node.op !== '[?]') return false;
  const key = node.args[1];
  return !(key.op === 'value' && typeof key.args === 'string') || endsEarly(node.args[0]);
};

/** The parts of a node, each with the variables that it alone may read; of a chain only its computed keys. */
const childrenOf = (node: ASTNode, inChain: boolean): readonly (readonly [ASTNode, readonly string[]])[] => {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return inChain ? childrenOf(node.args[0], true) : [[node.args[0], []]];
    case '[]':
    case '[?]':
      return [...(inChain ? childrenOf(node.args[0], true) : [[node.args[0], []] as const]), [node.args[1], []]];
    case 'call':
      return node.args[1].map((argument) => [argument, []]);
    case 'rcall':
      return receiverCallChildren(...node.args);
    case 'list':
      return node.args.map((item) => [item, []]);
    case 'map':
      return node.args.flat().map((item) => [item, []]);
    case '!_':
    case '-_':
      return [[node.args, []]];
    default:
      return node.args.map((argument) => [argument, []]);
  }
};

const receiverCallChildren = (
  name: string,
  receiver: ASTNode,
  args: readonly ASTNode[],
): readonly (readonly [ASTNode, readonly string[]])[] => {
  const [variable, ...rest] = args;
  if (COMPREHENSIONS.has(name) && variable?.op === 'id')
    return [[receiver, []], ...rest.map((argument) => [argument, [variable.args]] as const)];
  if (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && variable?.op === 'id')
    return rest.map((argument, index) => [argument, index === 0 ? [] : [variable.args]] as const);
  return [[receiver, []], ...args.map((argument) => [argument, []] as const)];
};

/** All nodes of an expression, outermost first. */
export const nodesOf = (ast: ASTNode): readonly ASTNode[] => {
  const found: ASTNode[] = [];
  const visit = (node: ASTNode): void => {
    found.push(node);
    for (const [child] of childrenOf(node, false)) visit(child);
  };
  visit(ast);
  return found;
};
