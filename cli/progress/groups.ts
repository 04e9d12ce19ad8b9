import type {Event, StepInfo} from '../../engine/index.ts';
import {spoken} from '../time.ts';
import type {Board} from './board.ts';
import {type RowLayout, row} from './rows.ts';
import {HOW, SKIPPED, UNDONE, type Wording} from './words.ts';

/** So many items of a `foreach` have a line each. */
const FITS = 20;
/** Lines of a frame that show how far groups are. */
const MOST_OPEN = 3;

interface Group {
  readonly name: string;
  readonly total: number;
  /** Items that have not ended yet. */
  left: number;
  /** When something was heard of the first of them. */
  since: number | undefined;
  readonly ended: Map<Wording, {readonly count: number; readonly last: string}>;
}

/** Where many items of a `foreach` end as they should, they share a line: who reads along looks for those that don't. */
export class Groups {
  readonly #groupOf = new Map<string, Group>();
  readonly #open = new Set<Group>();

  /** What the lines of groups are called, at their longest. */
  get titles(): readonly string[] {
    return [...new Set(this.#groupOf.values())].map(({name, total}) => `${name}: ${total} of ${total} items`);
  }

  /** Learns which steps are still to come. */
  begin({infos, pending}: Board): void {
    const members = new Map<string, string[]>();
    const names = new Map<string, string>();
    for (const key of pending) {
      const found = groupIn(infos.get(key));
      if (found === undefined) continue;
      names.set(found.key, found.name);
      const keys = members.get(found.key);
      if (keys === undefined) members.set(found.key, [key]);
      else keys.push(key);
    }
    for (const [group, keys] of members) {
      if (keys.length <= FITS) continue;
      const name = names.get(group) ?? group;
      const one: Group = {name, total: keys.length, left: keys.length, since: undefined, ended: new Map()};
      for (const key of keys) this.#groupOf.set(key, one);
    }
  }

  /** Whether the line of this event is left to that of its group. */
  takes(event: Event, board: Board, now: number): boolean {
    if (!('step' in event)) return false;
    const group = this.#groupOf.get(event.step);
    if (group === undefined) return false;
    const title = board.titleOf(event.step);
    group.since ??= now;
    const wording = plainEnd(event);
    if (wording === undefined) return false;
    group.ended.set(wording, {count: (group.ended.get(wording)?.count ?? 0) + 1, last: title});
    this.#open.add(group);
    return true;
  }

  /** Counts an item that has ended, in whatever way. @returns the lines of its group, when that was the last one */
  end(event: Event, now: number, layout: RowLayout): readonly string[] {
    const group = 'step' in event && ENDS.has(event.type) ? this.#groupOf.get(event.step) : undefined;
    if (group === undefined) return [];
    group.left -= 1;
    return group.left > 0 ? [] : this.#close(group, now, layout);
  }

  /** How far the groups are that are going on, for a frame. */
  soFar(now: number, layout: RowLayout): readonly string[] {
    return [...this.#open].flatMap((group) => linesOf(group, now, layout)).slice(-MOST_OPEN);
  }

  /** The lines of all that are still open: nothing more is drawn for now. */
  closeAll(now: number, layout: RowLayout): readonly string[] {
    return [...this.#open].flatMap((group) => this.#close(group, now, layout));
  }

  #close(group: Group, now: number, layout: RowLayout): readonly string[] {
    const lines = linesOf(group, now, layout);
    this.#open.delete(group);
    group.ended.clear();
    group.since = undefined;
    return lines;
  }
}

const ENDS: ReadonlySet<Event['type']> = new Set([
  ...(['step-finished', 'step-skipped', 'step-failed'] as const),
  ...(['step-interrupted', 'step-undone', 'step-undo-failed'] as const),
]);

/** How a step has ended of which nothing more is to be said; undefined where a person should see it. */
const plainEnd = (event: Event): Wording | undefined => {
  if (event.type === 'step-finished') return HOW[event.how];
  if (event.type === 'step-skipped' && event.reason === 'when') return SKIPPED.when;
  return event.type === 'step-undone' && event.stays === undefined ? UNDONE : undefined;
};

const linesOf = (group: Group, now: number, layout: RowLayout): readonly string[] => {
  const time = spoken(now - (group.since ?? now));
  return [...group.ended].map(([wording, {count, last}]) =>
    row(wording, count === 1 ? last : titleOf(group, count), time, layout),
  );
};

const titleOf = ({name, total}: Group, count: number): string =>
  `${name}: ${count === total ? `${total} items` : `${count} of ${total} items`}`;

/** The `foreach` that a step belongs to: its key without the item, and its title. */
const groupIn = (info: StepInfo | undefined): {readonly key: string; readonly name: string} | undefined => {
  if (info === undefined || !info.key.endsWith(']') || !info.title.endsWith(')')) return undefined;
  const {key, title} = info;
  for (let at = title.indexOf(' ('); at !== -1; at = title.indexOf(' (', at + 1)) {
    const item = `[${title.slice(at + 2, -1)}]`;
    if (key.endsWith(item)) return {key: key.slice(0, -item.length), name: title.slice(0, at)};
  }
  return undefined;
};
