import {RunbookError} from './errors.ts';
import type {Graph} from './graph.ts';
import {suggest} from './nearest.ts';
import type {RunState, StepState} from './state.ts';

/**
 * The steps to take back, last one first.
 * @param to a step, the items of a `foreach` or a child runbook: it is kept, with everything before it in the file
 * @throws RunbookError `unknown-step`
 */
export const stepsToUndo = (graph: Graph, state: RunState, to: string | undefined): readonly StepState[] => {
  const all = [...state.steps.values()];
  const steps = backwards(
    graph,
    all.filter((step) => step.status !== 'undone' && step.record !== undefined),
  );
  if (to === undefined) return steps;
  const kept = all.filter(({key}) => key === to || key.startsWith(`${to}[`) || key.startsWith(`${to}.`));
  if (kept.length === 0) throw unknown(state, to);
  const places = placesOf(graph, all);
  const after = (a: StepState, b: StepState): number =>
    (places.get(a.key) ?? 0) - (places.get(b.key) ?? 0) || a.order - b.order;
  const last = kept.reduce((latest, step) => (after(step, latest) > 0 ? step : latest));
  return steps.filter((step) => after(step, last) > 0);
};

const unknown = (state: RunState, to: string): RunbookError =>
  new RunbookError({
    code: 'unknown-step',
    message: `--to: run ${state.run} has no step "${to}"`,
    ...suggest(to, state.steps.keys()),
  });

/**
 * What needs another step goes before it; of those that don't need each other, the one that was begun last. A step that an
 * edit has put before others is begun after them, and needed by them all the same: it counts as begun with the first of them.
 */
const backwards = (graph: Graph, steps: readonly StepState[]): readonly StepState[] => {
  const begun = new Map(steps.map(({key, order}) => [key, order]));
  for (const {key, needs} of [...graph.nodes.values()].toReversed())
    for (const need of needs)
      begun.set(
        need,
        Math.min(begun.get(need) ?? Number.POSITIVE_INFINITY, begun.get(key) ?? Number.POSITIVE_INFINITY),
      );
  const order = ({key}: StepState): number => begun.get(key) ?? 0;
  const index = ({key}: StepState): number => graph.nodes.get(key)?.index ?? -1;
  return steps.toSorted((a, b) => order(b) - order(a) || index(b) - index(a));
};

/** Places in the order of the file. A step that it has no longer stands behind those that were begun before it. */
const placesOf = (graph: Graph, steps: readonly StepState[]): ReadonlyMap<string, number> => {
  const indexOf = ({key}: StepState): number | undefined => graph.nodes.get(key)?.index;
  const left = steps.filter((step) => indexOf(step) !== undefined);
  const behind = (step: StepState): number =>
    left.reduce((last, other) => (other.order < step.order ? Math.max(last, indexOf(other) ?? -1) : last), -1) + 0.5;
  return new Map(steps.map((step) => [step.key, indexOf(step) ?? behind(step)]));
};
