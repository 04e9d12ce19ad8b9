import type {Maker} from './makers.ts';
import type {Found} from './owned.ts';

/** Why a thing goes or stays. */
export type Why =
  /** Goes: its run was undone, or replaced by a newer one, or its journal is gone; or it was asked for by its run's name. */
  | 'undone'
  | 'superseded'
  | 'missing'
  | 'named'
  /** Goes when it is asked for: this state directory knows nothing of its run. */
  | 'unknown'
  /** Goes with the machine that it is on. */
  | 'inside'
  /** Stays: its run goes on, or could; or one of the same runbook does. */
  | 'running'
  | 'finished'
  | 'busy'
  /** Stays: a later run needs it. */
  | 'needed'
  /** Stays: another state directory knows its run; or the journal can't be read. */
  | 'elsewhere'
  | 'damaged'
  /** Stays: it is a machine, and on it is something of another run. */
  | 'hosts';

/** `apart`: goes only with consent of its own. */
export type Fate = 'goes' | 'apart' | 'stays';

/** What becomes of a thing, and why. */
export interface Judged {
  readonly thing: Found;
  readonly maker: Maker;
  readonly fate: Fate;
  readonly why: Why;
  /** The run, or the machine, that is the reason. */
  readonly by?: string;
}

/** What is known beside the things and their makers. */
export interface Surroundings {
  /** The run that is asked for by its name. */
  readonly named: string | undefined;
  /** A later run that needs the thing. */
  keeper(thing: Found): string | undefined;
  /** The run of that runbook which is going on now. */
  busy(runbook: string): string | undefined;
}

type Verdict = Pick<Judged, 'fate' | 'why' | 'by'>;

const stays = (why: Why, by?: string): Verdict => ({fate: 'stays', why, ...(by !== undefined && {by})});

/** By the run alone: whether its things are orphans. */
const byMaker = ({standing, place, supersededBy}: Maker): Verdict => {
  if (standing === 'running' || standing === 'damaged') return stays(standing);
  if (standing === 'unknown') return {fate: 'apart', why: 'unknown', ...(place !== undefined && {by: place})};
  if (place !== undefined) return stays('elsewhere', place);
  if (standing === 'missing' || standing === 'undone') return {fate: 'goes', why: standing};
  if (standing === 'superseded')
    return {fate: 'goes', why: standing, ...(supersededBy !== undefined && {by: supersededBy})};
  return stays('finished');
};

/** Whether no run lays claim to the things of this one any more. */
export const isOrphan = (maker: Maker | undefined): boolean => maker !== undefined && byMaker(maker).fate !== 'stays';

const judge = (thing: Found, maker: Maker, around: Surroundings): Verdict => {
  const {named} = around;
  const verdict = byMaker(maker);
  if (maker.standing === 'running') return verdict;
  if (maker.run === named) return {fate: 'goes', why: 'named'};
  if (verdict.fate === 'stays') return verdict;
  const keeper = around.keeper(thing);
  if (keeper !== undefined && keeper === named) return {fate: 'goes', why: 'named'};
  if (keeper !== undefined) return stays('needed', keeper);
  const busy = around.busy(maker.runbook);
  return busy === undefined ? verdict : stays('busy', busy);
};

/** What is to be done with each thing. Pure. */
export const judgeAll = (
  things: readonly Found[],
  makers: ReadonlyMap<string, Maker>,
  around: Surroundings,
): readonly Judged[] => {
  const all = things.flatMap((thing) => {
    const maker = makers.get(thing.run);
    return maker === undefined ? [] : [{thing, maker, ...judge(thing, maker, around)}];
  });
  const spared = all.map((one) => spare(one, all, around.named));
  return spared.map((one) => within(one, spared));
};

/** A machine takes all that is on it with it: it stays as long as others need something there. */
const spare = (one: Judged, all: readonly Judged[], named: string | undefined): Judged => {
  const {provides} = one.thing;
  if (one.fate === 'stays' || provides === undefined) return one;
  const guest = all.find(
    ({thing, maker, fate}) =>
      thing.where === provides && (maker.standing === 'running' || (named === undefined && fate === 'stays')),
  );
  return guest === undefined ? one : {...one, ...stays('hosts', guest.maker.run)};
};

const within = (one: Judged, all: readonly Judged[]): Judged => {
  const {where} = one.thing;
  const machine = where === undefined ? undefined : all.find(({thing}) => thing.provides === where);
  return machine === undefined || machine.fate === 'stays'
    ? one
    : {...one, fate: machine.fate, why: 'inside', by: machine.thing.name};
};
