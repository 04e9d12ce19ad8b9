import {statSync} from 'node:fs';
import {hostname} from 'node:os';
import {folderAt, NAMELESS, shownPlace} from './labels.ts';
import {openJournals} from './open-journals.ts';
import type {Found} from './owned.ts';
import type {Owner as Holder} from './owner.ts';
import {factsOf, type RunFacts} from './run-facts.ts';
import {type RunStanding, standingOf} from './run-summary.ts';
import {Store} from './store.ts';

/** The run that has made things, and how it stands. */
export interface Maker {
  readonly run: string;
  readonly runbook: string;
  /**
   * Beside what a journal says: `missing`, this state directory had its journal and has it no more; `unknown`, its
   * journal is not where its things say, or they say a place on another host, or none.
   */
  readonly standing: RunStanding | 'missing' | 'unknown';
  /** Who works on it: its process, and the host where that is another one. */
  readonly holder?: {readonly pid: number; readonly host?: string};
  /** The state directory, where it is another than this one: as a folder of this host, else as the label has it. */
  readonly place?: string;
  /** When it began, or ended. ISO 8601. */
  readonly since?: string;
  readonly supersededBy?: string;
}

/** Joins things with the runs that have made them. By run id. */
export const makersOf = (things: readonly Found[], store: Store): ReadonlyMap<string, Maker> => {
  const makers = new Map<string, Maker>();
  for (const tag of tagsOf(things, store)) makers.set(tag.run, makerOf(tag, store));
  const lost = [...makers.values()].filter(({standing}) => standing === 'missing' || standing === 'unknown');
  if (lost.length === 0) return makers;
  const open = openJournals();
  for (const maker of lost) {
    const pid = open.get(maker.run);
    if (pid !== undefined) makers.set(maker.run, {...maker, standing: 'running', holder: {pid}});
  }
  return makers;
};

type RunTag = Pick<Found, 'run' | 'runbook' | 'place'>;

/** One tag of each run: the one that tells most. */
const tagsOf = (things: readonly Found[], store: Store): Iterable<RunTag> => {
  const chosen = new Map<string, RunTag>();
  const worth = ({runbook, place}: RunTag): number =>
    (place === store.place ? 4 : 0) + (place === '' ? 0 : 2) + (runbook === NAMELESS ? 0 : 1);
  for (const {run, runbook, place} of things) {
    const tag = {run, runbook, place};
    const known = chosen.get(run);
    if (known === undefined || worth(tag) > worth(known)) chosen.set(run, tag);
  }
  return chosen.values();
};

/** A run by its journal here, else where its things say that it is. */
export const makerOf = ({run, runbook, place}: RunTag, store: Store): Maker => {
  const here = lookIn(store, run, runbook);
  if (here !== undefined) return here;
  if (place === store.place) return {run, runbook, standing: 'missing'};
  const folder = folderAt(place);
  if (folder === undefined) return {run, runbook, standing: 'unknown', ...(place !== '' && {place: shownPlace(place)})};
  const there = lookIn(new Store(folder), run, runbook);
  return {...(there ?? {run, runbook, standing: 'unknown'}), place: folder};
};

/** Undefined where the state directory does not know the run. */
const lookIn = (store: Store, run: string, runbook: string): Maker | undefined => {
  const facts = factsIn(store, run);
  const holder = holderIn(store, typeof facts === 'object' ? facts.runbook : runbook);
  if (holder === 'damaged') return {run, runbook, standing: holder};
  if (holder?.run === run) return {run, runbook, standing: 'running', holder: pointOut(holder), since: holder.since};
  if (facts === 'damaged') return {run, runbook, standing: facts};
  if (facts === undefined) return undefined;
  const since = facts.finishedAt ?? facts.startedAt;
  const {supersededBy} = facts;
  const standing = standingOf(facts, false);
  return {run, runbook: facts.runbook, standing, since, ...(supersededBy !== undefined && {supersededBy})};
};

const pointOut = ({pid, host}: Holder): {pid: number; host?: string} => ({pid, ...(host !== hostname() && {host})});

const factsIn = (store: Store, run: string): RunFacts | 'damaged' | undefined => {
  try {
    // What a label names may be anything: a pipe would keep its reader for ever.
    if (!statSync(store.journalOf(run)).isFile()) return undefined;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '') ? undefined : 'damaged';
  }
  try {
    // Straight from the journal: the index is for the directory's own program.
    const state = store.read(run);
    return state === undefined ? undefined : factsOf(state);
  } catch {
    return 'damaged';
  }
};

const holderIn = (store: Store, runbook: string): Holder | 'damaged' | undefined => {
  try {
    return store.holder(runbook);
  } catch {
    return 'damaged';
  }
};
