import {setMaxListeners} from 'node:events';
import {messageOf} from './errors.ts';
import type {Host} from './host.ts';
import {readTag, type Tag} from './labels.ts';
import {withLimit} from './limit.ts';
import {processes} from './owned-processes.ts';
import {type OwnedKind, type OwnedThing, PermanentError, type Registry, type StepContext} from './step-type.ts';

/** Something that a run has made, where it is, and whose it is. */
export interface Found extends OwnedThing, Tag {
  readonly kind: string;
  /** The Docker context that it was found in; undefined for the user's own. */
  readonly where: string | undefined;
}

/** A place that could not be looked into, wholly or for some kinds. */
export interface Unseen {
  readonly where: string | undefined;
  readonly kinds: readonly string[];
  /** Nothing at all could be seen there. */
  readonly wholly: boolean;
  readonly message: string;
}

/** All that could be found. */
export interface Inventory {
  readonly things: readonly Found[];
  readonly unseen: readonly Unseen[];
}

/** The user's own engine may be busy; a machine's is asked beside it, and one that hangs keeps nobody waiting. */
const OWN_MS = 10_000;
const PLACE_MS = 5000;

/** Every kind that step types make, once, in the order in which things can be removed. */
export const kindsOf = (registry: Registry): readonly OwnedKind[] => {
  const all = new Map<string, OwnedKind>([[processes.kind, processes]]);
  for (const {owns = []} of registry.values()) for (const one of owns) if (!all.has(one.kind)) all.set(one.kind, one);
  const sorted: OwnedKind[] = [];
  const visit = (one: OwnedKind): void => {
    if (sorted.includes(one)) return;
    for (const kind of one.after) {
      const before = all.get(kind);
      if (before !== undefined) visit(before);
    }
    sorted.push(one);
  };
  for (const one of all.values()) visit(one);
  return sorted;
};

/** What a kind may touch in a place; there is no step behind it. */
export const contextIn = (
  where: string | undefined,
  {env, cwd}: Pick<Host, 'env' | 'cwd'>,
  signal: AbortSignal,
): StepContext => ({
  on: where,
  dir: cwd,
  cwd,
  key: '',
  attempt: 0,
  labels: {},
  env,
  signal,
  remember: (_, make) => make(),
  recall: () => [],
  output: () => {},
  isSecret: () => false,
  hide: () => {},
  ask: () => Promise.reject(new PermanentError('nobody can be asked')),
});

/** Looks everywhere for what carries our labels. Changes nothing. */
export const takeInventory = async (registry: Registry, host: Host): Promise<Inventory> => {
  const kinds = kindsOf(registry);
  const places = await placesOf(kinds, host);
  const looks = await Promise.all(places.map((where) => lookInto(where, kinds, host)));
  host.signal.throwIfAborted();
  return {things: distinct(looks.flatMap(({things}) => things)), unseen: looks.flatMap(({unseen}) => unseen)};
};

const placesOf = async (kinds: readonly OwnedKind[], host: Host): Promise<(string | undefined)[]> => {
  const context = contextIn(undefined, host, host.signal);
  const found = await Promise.all(kinds.map(async (one) => (await one.places?.(context)) ?? []));
  return [...new Set([undefined, ...found.flat()])];
};

const lookInto = async (where: string | undefined, kinds: readonly OwnedKind[], host: Host): Promise<Inventory> => {
  const limitMs = where === undefined ? OWN_MS : PLACE_MS;
  const message = `no answer within ${limitMs / 1000} s`;
  try {
    return await withLimit(limitMs, host.signal, async (signal) => {
      // Many questions are asked at once, and each listens.
      setMaxListeners(0, signal);
      const seen = await ask(kinds, contextIn(where, host, signal));
      const isLate = signal.aborted && !host.signal.aborted;
      return isLate ? {...seen, unseen: seen.unseen.map((one) => ({...one, message}))} : seen;
    });
  } catch (error) {
    host.signal.throwIfAborted();
    // one of them has not even heard that nobody waits any more
    if (!(error instanceof DOMException)) throw error;
    return {things: [], unseen: [{where, message, wholly: true, kinds: kinds.map(({kind}) => kind)}]};
  }
};

const ask = async (kinds: readonly OwnedKind[], context: StepContext): Promise<Inventory> => {
  const {on: where} = context;
  // What belongs to no place is looked for once.
  const looked = kinds.filter((one) => one !== processes || where === undefined);
  const answers = await Promise.allSettled(looked.map((one) => one.list(context)));
  const things = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' ? answer.value.flatMap((thing) => asFound(thing, looked[index]?.kind, where)) : [],
  );
  const failed = answers.flatMap((answer, index) =>
    answer.status === 'rejected' ? [{kind: looked[index]?.kind ?? '', reason: answer.reason as unknown}] : [],
  );
  const [first] = failed;
  if (first === undefined) return {things, unseen: []};
  const wholly = looked.every((one) => one === processes || failed.some(({kind}) => kind === one.kind));
  const message = messageOf(first.reason);
  return {things, unseen: [{where, message, wholly, kinds: failed.map(({kind}) => kind)}]};
};

// A process may call itself anything.
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?');

const asFound = (thing: OwnedThing, kind = '', where: string | undefined): Found[] => {
  const tag = readTag(thing.labels);
  const {name, state} = thing;
  return tag === undefined ? [] : [{...thing, ...tag, kind, where, name: printable(name), state: printable(state)}];
};

/** Two contexts may lead to the same engine, and every manager tells of the same services. */
const distinct = (things: readonly Found[]): Found[] => {
  const seen = new Set<string>();
  return things.filter(({kind, id}) => {
    const isNew = !seen.has(`${kind} ${id}`);
    seen.add(`${kind} ${id}`);
    return isNew;
  });
};
