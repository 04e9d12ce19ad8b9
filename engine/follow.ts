import {setTimeout as sleep} from 'node:timers/promises';
import type {Stamped} from './entries.ts';
import {readJournal} from './journal.ts';
import {JournalTail} from './journal-tail.ts';
import {type Printed, PrintedReader} from './printed.ts';
import {factsOf, type RunFacts} from './run-facts.ts';
import {isMeant} from './run-log.ts';
import {applyEntry, type RunState, readState} from './state.ts';
import {loggedSteps} from './step-log.ts';
import {Store} from './store.ts';

/** What somebody who follows a run is told. */
export type Followed =
  | {readonly kind: 'entry'; readonly entry: Stamped}
  | {readonly kind: 'printed'; readonly step: string; readonly lines: readonly Printed[]}
  /** All that had been there is told; what comes now is new. */
  | {readonly kind: 'caught-up'}
  /** Nobody works on the run any more. `gone`: the process that did, and has not said how it ended. */
  | {readonly kind: 'ended'; readonly facts: RunFacts | undefined; readonly gone?: number | undefined};

const PAUSE_MS = 200;
/** What a step printed last may reach its log a moment after its end is journaled. */
const SLACK_MS = 100;

/**
 * Tells what a run does while another process works on it, from its beginning until nobody does any more. A run that has
 * ended is told, and ends at once.
 * @throws RunbookError `journal-damaged`
 */
export async function* followRun(
  stateDir: string,
  run: string,
  {step, pauseMs = PAUSE_MS}: {step?: string | undefined; pauseMs?: number} = {},
): AsyncGenerator<Followed> {
  const store = new Store(stateDir);
  const follower = new Follower(store, run, step);
  for (let round = 0; ; round++) {
    // Asked first: what it wrote before it went is read afterwards.
    const isLive = follower.isLive();
    yield* follower.tell();
    if (round === 0) yield {kind: 'caught-up'};
    if (!isLive) {
      yield* follower.end();
      return;
    }
    await sleep(pauseMs);
  }
}

class Follower {
  readonly #store: Store;
  readonly #run: string;
  readonly #step: string | undefined;
  readonly #journal: JournalTail;
  readonly #logs = new Map<string, PrintedReader>();
  /** Steps that have ended: their logs grow no more. */
  readonly #ended = new Set<string>();
  #state: RunState | undefined;
  #last: Stamped['type'] | undefined;
  #holder: number | undefined;

  constructor(store: Store, run: string, step: string | undefined) {
    this.#store = store;
    this.#run = run;
    this.#step = step;
    this.#journal = new JournalTail(store.journalOf(run));
  }

  isLive(): boolean {
    const runbooks = this.#state === undefined ? this.#store.lockedRunbooks() : [this.#state.runbook];
    const holder = runbooks.map((runbook) => this.#store.holder(runbook)).find((owner) => owner?.run === this.#run);
    if (holder !== undefined) this.#holder = holder.pid;
    return holder !== undefined;
  }

  *tell(): Generator<Followed> {
    // How much there is is asked before the entries are read: what a step prints comes after the entry that starts it.
    const ends = this.#findLogs();
    for (const entry of this.#journal.read()) {
      this.#apply(entry);
      if (!('step' in entry)) yield {kind: 'entry', entry};
      else if (this.#step === undefined || isMeant(entry.step, this.#step)) yield* this.#tellOfStep(entry);
    }
    for (const [key, end] of ends) yield* this.#print(key, end);
  }

  *#tellOfStep(entry: Stamped & {step: string}): Generator<Followed> {
    const {step, type, at} = entry;
    const isEnd = ENDS.has(type);
    // What it printed at the moment when an attempt begins is of that attempt.
    yield* this.#print(step, undefined, Date.parse(at) + (isEnd ? SLACK_MS : -1));
    if (isEnd) {
      yield* this.#printRest(step);
      this.#ended.add(step);
    } else this.#ended.delete(step);
    yield {kind: 'entry', entry};
  }

  *end(): Generator<Followed> {
    this.#ended.clear();
    for (const [key] of this.#findLogs()) {
      yield* this.#print(key);
      yield* this.#printRest(key);
    }
    // What could not be understood is torn, or damage, which is told as ever.
    if (this.#state !== undefined) readJournal(this.#store.journalOf(this.#run));
    const facts = this.#state === undefined ? undefined : factsOf(this.#state);
    const isUnsaid = facts?.goingSince !== undefined || this.#last === 'step-undoing';
    yield {kind: 'ended', facts, ...(isUnsaid ? {gone: this.#holder} : {})};
  }

  #apply(entry: Stamped): void {
    this.#last = entry.type;
    if (this.#state === undefined) this.#state = readState([entry]);
    else applyEntry(this.#state, entry);
  }

  /** The logs that may grow, each with its length. */
  #findLogs(): [string, number][] {
    return loggedSteps(this.#store.folderOf(this.#run))
      .filter((key) => !this.#ended.has(key) && (this.#step === undefined || isMeant(key, this.#step)))
      .map((key) => [key, this.#logOf(key).end()]);
  }

  #logOf(key: string): PrintedReader {
    const known = this.#logs.get(key) ?? new PrintedReader(this.#store.folderOf(this.#run), key);
    this.#logs.set(key, known);
    return known;
  }

  *#print(step: string, before?: number, until?: number): Generator<Followed> {
    const log = this.#logOf(step);
    for (let lines = log.read(before, until); lines !== undefined; lines = log.read(before, until))
      if (lines.length > 0) yield {kind: 'printed', step, lines};
  }

  *#printRest(step: string): Generator<Followed> {
    const lines = this.#logOf(step).rest();
    if (lines.length > 0) yield {kind: 'printed', step, lines};
  }
}

const ENDS: ReadonlySet<Stamped['type']> = new Set([
  'step-checkpointed',
  'step-failed',
  'step-interrupted',
  'step-undone',
]);
