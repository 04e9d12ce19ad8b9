import type {Found} from './owned.ts';
import type {StepState} from './state.ts';
import type {Json} from './step-type.ts';
import type {Store} from './store.ts';

/** A step of a run that still counts, and what it relies on. */
interface Reliance {
  readonly run: string;
  readonly runbook: string;
  readonly step: string;
  /** It made nothing itself: what it needs was there. */
  readonly found: boolean;
  /** What its outputs name: ids and names of things, among other texts. */
  readonly names: ReadonlySet<string>;
}

const textsIn = (value: Json): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((each) => textsIn(each as Json));
};

const reliance = (run: string, runbook: string, step: StepState): Reliance[] => {
  const {key, how, status, outputs, record} = step;
  if (how === undefined || status === 'undone' || record?.effect !== 'converges') return [];
  const found = how === 'already-true' || how === 'adopted';
  return [{run, runbook, step: key, found, names: new Set(textsIn(outputs))}];
};

/** Of all runs that are neither undone nor superseded, newest first. */
const reliances = (store: Store, since: string): Reliance[] =>
  store.runs().flatMap((run) => {
    const facts = run > since ? store.facts(run) : undefined;
    if (facts === undefined || 'code' in facts || facts.undone || facts.supersededBy !== undefined) return [];
    return [...(store.read(run)?.steps.values() ?? [])].flatMap((step) => reliance(run, facts.runbook, step));
  });

/**
 * Which later run needs a thing that an earlier one has made: it found it already true, took it over, or its outputs name
 * it. By the id of the thing.
 */
export const keepersOf = (things: readonly Found[], store: Store): ReadonlyMap<Found, string> => {
  const [oldest] = things.map(({run}) => run).sort();
  if (oldest === undefined) return new Map();
  const all = reliances(store, oldest);
  return new Map(
    things.flatMap((thing) => {
      const keeper = all.find((one) => one.run > thing.run && needs(one, thing));
      return keeper === undefined ? [] : [[thing, keeper.run] as const];
    }),
  );
};

const needs = ({runbook, step, found, names}: Reliance, thing: Found): boolean =>
  (found && runbook === thing.runbook && step === thing.step) ||
  names.has(thing.name) ||
  names.has(thing.id.split('/').at(-1) ?? '');
