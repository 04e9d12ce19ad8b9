import type {ASTNode} from '@marcbachmann/cel-js';
import {COMPREHENSIONS} from '../references.ts';

const partsOf = (node: ASTNode): readonly ASTNode[] => {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case '!_':
    case '-_':
      return [node.args];
    default:
      return (node.args as readonly (ASTNode | readonly ASTNode[])[]).flat() as ASTNode[];
  }
};

/** Every name in an expression. */
export const idsOf = (node: ASTNode): readonly string[] =>
  node.op === 'id' ? [node.args] : partsOf(node).flatMap(idsOf);

/** The parts of an expression that read something: `steps.a.outputs.b` as one; a macro's own variables are none. */
export const leavesOf = (node: ASTNode, own: readonly string[] = []): readonly ASTNode[] => {
  if (node.op === 'id') return own.includes(node.args) ? [] : [node];
  if (node.op === '.' || node.op === '[]') {
    const root = rootOf(node);
    if (root !== undefined && own.includes(root)) return [];
    if (root !== undefined) return [node, ...(node.op === '[]' ? leavesOf(node.args[1], own) : [])];
  }
  if (node.op === 'rcall' && COMPREHENSIONS.has(node.args[0])) {
    const [, receiver, [variable, ...rest]] = node.args;
    const names = variable?.op === 'id' ? [...own, variable.args] : own;
    return [...leavesOf(receiver, own), ...rest.flatMap((one) => leavesOf(one, names))];
  }
  return partsOf(node).flatMap((part) => leavesOf(part, own));
};

const rootOf = (node: ASTNode): string | undefined => {
  if (node.op === 'id') return node.args;
  if (node.op === '.' || node.op === '[]') return rootOf(node.args[0]);
  return undefined;
};
