import type {ASTNode} from '@marcbachmann/cel-js';
import {cel, celWithAnyNames, MATCHES} from './cel.ts';
import type {Values} from './expression.ts';
import {interruptible} from './interruptible.ts';
import {plain} from './plain.ts';
import {Recent} from './recent.ts';
import {COMPREHENSIONS, nodesOf} from './references.ts';

/** What an expression may take. Thousands of elements take milliseconds. */
export const LONGEST_MS = 2000;

/** So many parts can't take long, whatever they are applied to. */
const FEW_PARTS = 500;

/** An expression that can be evaluated. */
export interface Program {
  /** What is known of its type, or what is wrong. */
  readonly checked: ReturnType<ReturnType<typeof cel.parse>['check']>;
  /**
   * Its value as plain JSON.
   * @throws TookTooLong and the library's errors
   */
  evaluate(values: Values): unknown;
}

/**
 * Parses and checks.
 * @param read sees the tree as it was written: checking rewrites it, and nobody else may have it
 */
export const programOf = (
  source: string,
  read: (ast: ASTNode, nodes: readonly ASTNode[]) => void = () => {},
  environment = cel,
): Program => {
  const program = environment.parse(source);
  const nodes = nodesOf(program.ast);
  read(program.ast, nodes);
  nodes.forEach(redirect);
  const evaluate = (values: Values): unknown => plain(program(values));
  return {
    checked: program.check(),
    evaluate: mayTakeLong(nodes) ? (values) => interruptible(LONGEST_MS, () => evaluate(values)) : evaluate,
  };
};

// Each look that waits asks for the same ones, and so do steps with the same condition.
const parts = new Recent<Program>(100);
const trees = new Recent<ASTNode>(100);

/** The value of a part of an expression, in which variables of `all`, `map`, ... may stand. */
export const evaluatePart = (source: string, values: Readonly<Record<string, unknown>>): unknown =>
  parts.of(source, () => programOf(source, undefined, celWithAnyNames())).evaluate(values as Values);

/** An expression as it was written, to read only. */
export const treeOf = (source: string): ASTNode => trees.of(source, () => cel.parse(source).ast);

const redirect = (node: ASTNode): void => {
  if (node.op === 'rcall' && node.args[0] === 'matches') node.args[0] = MATCHES;
};

const LONG = new Set([...COMPREHENSIONS, MATCHES, 'matches', 'bind']);

/** Only what could take long pays for being watched: that takes a quarter of a millisecond each time. */
export const mayTakeLong = (nodes: readonly ASTNode[]): boolean =>
  nodes.length > FEW_PARTS || nodes.some((node) => node.op === 'rcall' && LONG.has(node.args[0]));
