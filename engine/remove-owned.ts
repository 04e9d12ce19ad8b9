import type {Judged} from './clean-plan.ts';
import {isCode, messageOf, type Problem} from './errors.ts';
import type {Host} from './host.ts';
import {withLimit} from './limit.ts';
import {contextIn, type Found, kindsOf, takeInventory, type Unseen} from './owned.ts';
import {type OwnedKind, type Registry, StepError} from './step-type.ts';

/** One removal takes no longer. */
const REMOVE_MS = 120_000;
const AT_ONCE = 4;

/** What has become of one thing. */
export interface Removal {
  readonly thing: Found;
  /** Left out when it is gone. */
  readonly problem?: Problem;
}

/** Removes what is given, kind after kind, and goes on after a failure. What is told is not yet verified. */
export const removeAll = async (
  targets: readonly Judged[],
  registry: Registry,
  host: Host,
  tell: (removal: Removal) => Promise<void>,
): Promise<Removal[]> => {
  const done: Removal[] = [];
  const end = async (removal: Removal): Promise<void> => {
    done.push(removal);
    await tell(removal);
  };
  for (const kind of kindsOf(registry)) {
    const queue = targets.filter(({thing}) => thing.kind === kind.kind && !isInside(thing, targets));
    const worker = async (): Promise<void> => {
      for (let one = queue.shift(); one !== undefined && !host.signal.aborted; one = queue.shift())
        for (const removal of await removeOne(one, targets, kind, host)) await end(removal);
    };
    await Promise.all(Array.from({length: AT_ONCE}, worker));
  }
  return done;
};

const isInside = ({where}: Found, targets: readonly Judged[]): boolean =>
  where !== undefined && targets.some(({thing}) => thing.provides === where);

/** A machine goes with all that is on it. */
const removeOne = async (
  {thing}: Judged,
  targets: readonly Judged[],
  kind: OwnedKind,
  host: Host,
): Promise<Removal[]> => {
  const inside = targets.filter((one) => one.thing.where !== undefined && one.thing.where === thing.provides);
  const all = [thing, ...inside.map((one) => one.thing)];
  try {
    await withLimit(REMOVE_MS, host.signal, async (signal) => {
      await kind.remove(thing, {...contextIn(thing.where, host, signal), labels: thing.labels});
      if (signal.aborted) throw new StepError(host.signal.aborted ? 'it was interrupted' : 'it takes too long');
    });
    return all.map((each) => ({thing: each}));
  } catch (error) {
    return all.map((each) => ({thing: each, problem: problemOf(each, error)}));
  }
};

const problemOf = ({kind, name}: Found, error: unknown): Problem => {
  const details = error instanceof StepError ? error.details : {};
  return {
    code: details.code !== undefined && isCode(details.code) ? details.code : 'clean-failed',
    message: `${kind} "${name}" is left: ${messageOf(error)}`,
    ...(details.found !== undefined && {found: details.found}),
    next: [details.next ?? 'repair the cause, then repeat it'],
  };
};

/** What is still there, or can't be seen to be gone. */
export const verify = async (tried: readonly Removal[], registry: Registry, host: Host): Promise<Removal[]> => {
  if (tried.length === 0 || host.signal.aborted) return tried.filter(({problem}) => problem !== undefined);
  const {things, unseen} = await takeInventory(registry, host);
  const there = new Set(things.map(({kind, id}) => `${kind} ${id}`));
  return tried.flatMap((removal) => {
    const {thing, problem} = removal;
    if (problem !== undefined) return [removal];
    if (there.has(`${thing.kind} ${thing.id}`)) return [{thing, problem: problemOf(thing, 'it is still there')}];
    return isUnseen(thing, unseen) ? [{thing, problem: problemOf(thing, 'it can’t be seen whether it is gone')}] : [];
  });
};

export const isUnseen = ({where, kind}: Found, unseen: readonly Unseen[]): boolean =>
  unseen.some((one) => one.where === where && one.kinds.includes(kind));
