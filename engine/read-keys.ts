import type {Reference} from './expression.ts';
import {expressionsOfStep, type Graph, type Node, readsFrom, type Scope} from './graph.ts';
import type {Step} from './runbook.ts';
import {referencesOf} from './template.ts';

/** A step whose outputs another one reads, and how that is written: `steps.server1.outputs.ip`. */
export interface Read {
  readonly key: string;
  readonly as: string;
}

/** By the scope, which belongs to one graph: the items of a step read the same. */
const known = new WeakMap<Scope, Map<Step, readonly Read[]>>();

/** All that a step reads of others: itself, by a condition around it, or by an input of its runbook. */
export const readsOfNode = (graph: Graph, node: Node): readonly Read[] => {
  const ofScope = known.get(node.scope) ?? new Map<Step, readonly Read[]>();
  known.set(node.scope, ofScope);
  const reads = ofScope.get(node.step) ?? findReads(graph, node);
  ofScope.set(node.step, reads);
  return reads;
};

const findReads = (graph: Graph, node: Node): readonly Read[] => [
  ...readsIn(
    graph,
    node.scope,
    expressionsOfStep(node.step).flatMap(({references}) => references),
  ),
  ...readsOfGuards(graph, node),
  ...readsOfInputs(graph, node.scope),
];

/** What the conditions around a step read. */
export const readsOfGuards = (graph: Graph, node: Node): readonly Read[] =>
  node.guards.flatMap(({when, scope}) => readsIn(graph, scope, when.references));

const readsIn = (graph: Graph, scope: Scope, references: readonly Reference[]): readonly Read[] =>
  references.flatMap((reference) =>
    readsFrom([reference]).flatMap((id) =>
      graph.keysOf(scope, id).map((key) => ({key, as: ['steps', ...reference.path].join('.')})),
    ),
  );

/** What the inputs of a child runbook are made from. */
const readsOfInputs = (graph: Graph, {parent}: Scope): readonly Read[] => {
  if (parent === undefined) return [];
  const references = [...parent.inputs.values()].flatMap(referencesOf);
  return [...readsIn(graph, parent.scope, references), ...readsOfInputs(graph, parent.scope)];
};
