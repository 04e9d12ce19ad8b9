import type {Selection} from './entries.ts';
import {RunbookError} from './errors.ts';
import type {Graph, Node} from './graph.ts';
import {nearest} from './nearest.ts';

/** What a run does with a node: run it, only verify it, or leave it for a later resume. */
export type Part = 'run' | 'verify' | 'leave';

/**
 * Which part of a runbook a run covers. `from` verifies what stands before it, `until` leaves what stands behind it, `only`
 * verifies what it needs and leaves everything else.
 * @throws RunbookError `unknown-step`
 */
export const select = (graph: Graph, selection: Selection): ((node: Node) => Part) => {
  const from = selection.from === undefined ? undefined : first(find(graph, selection.from, '--from'));
  const until = selection.until === undefined ? undefined : last(find(graph, selection.until, '--until'));
  if (selection.only === undefined)
    return (node) => {
      if (until !== undefined && node.index > until) return 'leave';
      return from !== undefined && node.index < from ? 'verify' : 'run';
    };
  const only = new Set(find(graph, selection.only, '--only').map((node) => node.key));
  const needed = ancestors(graph, only);
  return (node) => (only.has(node.key) ? 'run' : needed.has(node.key) ? 'verify' : 'leave');
};

/**
 * The same for a resume: what stood before `--from` is only verified, also when the file has lost that step, and whatever
 * was written in between since.
 * @throws RunbookError `unknown-step` where the journal does not say what stood before it
 */
export const selectAgain = (graph: Graph, selection: Selection): ((node: Node) => Part) => {
  const {from, before, ...rest} = selection;
  const isThere = from === undefined || [...graph.nodes.keys()].some((key) => isMeant(key, from));
  if (isThere || before === undefined) return select(graph, selection);
  const last = Math.max(-1, ...before.flatMap((key) => graph.nodes.get(key)?.index ?? []));
  const part = select(graph, rest);
  return (node) => (node.index <= last ? 'verify' : part(node));
};

const isMeant = (key: string, name: string): boolean =>
  key === name || key.startsWith(`${name}[`) || key.startsWith(`${name}.`);

const first = (nodes: readonly Node[]): number =>
  nodes.reduce((least, {index}) => Math.min(least, index), Number.POSITIVE_INFINITY);
const last = (nodes: readonly Node[]): number =>
  nodes.reduce((most, {index}) => Math.max(most, index), Number.NEGATIVE_INFINITY);

const find = (graph: Graph, name: string, option: string): readonly Node[] => {
  const nodes = [...graph.nodes.values()];
  const found = nodes.filter(({key}) => isMeant(key, name));
  if (found.length > 0) return found;
  const guess = nearest(
    name,
    nodes.map(({key}) => key),
  );
  throw new RunbookError({
    code: 'unknown-step',
    message: `${option}: there is no step "${name}"`,
    next: [guess === undefined ? 'see the steps with: runbook show' : `did you mean "${guess}"?`],
  });
};

const ancestors = (graph: Graph, keys: ReadonlySet<string>): ReadonlySet<string> => {
  const found = new Set<string>();
  const pending = [...keys];
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    for (const need of graph.nodes.get(key)?.needs ?? []) {
      if (found.has(need)) continue;
      found.add(need);
      pending.push(need);
    }
  }
  return found;
};
