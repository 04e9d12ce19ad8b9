import {mkdirSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {syncFolder} from './durable.ts';
import type {Stamped} from './entries.ts';
import {type Problem, RunbookError} from './errors.ts';
import {type JournalContents, readJournal} from './journal.ts';
import {JournalWriter} from './journal-writer.ts';
import {placeOf} from './labels.ts';
import {acquireLock, holderOf, type Lock, refuseHeld} from './lock.ts';
import type {Owner} from './owner.ts';
import type {RunFacts} from './run-facts.ts';
import {RunIndex, stampOf} from './run-index.ts';
import {type RunFilter, type RunSummary, summarise} from './run-summary.ts';
import {isUnfinished, type RunState, readState} from './state.ts';
import {checkStateDir, prepareStateDir, runsFolder, runsIn, unwritable} from './state-dir.ts';
import type {Json} from './step-type.ts';
import {StoreKey} from './store-key.ts';

/** A run opened for writing: its lock is held. */
export interface OpenRun {
  readonly run: string;
  readonly journal: JournalWriter;
  readonly folder: string;
  readonly lock: Lock;
}

/** The state directory: `runs/<run>/journal.jsonl`, `locks/<runbook>/`, `version`, `key`. Mode 0700. */
export class Store {
  readonly dir: string;
  readonly #index: RunIndex;
  /** The journal that was read last for a run's facts: who asks for its steps next has them. */
  #lately: {readonly run: string; readonly stamp: string | undefined; readonly state: RunState | undefined} | undefined;
  #place: string | undefined;
  readonly #key: StoreKey;

  constructor(dir: string) {
    this.dir = dir;
    this.#key = new StoreKey(dir, () => this.#hasHashes());
    this.#index = new RunIndex(join(dir, 'index.jsonl'), this.journalOf, (run) => this.#readForFacts(run));
  }

  /** How it is named on what its runs make. */
  get place(): string {
    return (this.#place ??= placeOf(this.dir));
  }

  folderOf = (run: string): string => join(runsFolder(this.dir), run);
  journalOf = (run: string): string => join(this.folderOf(run), 'journal.jsonl');
  #lockOf = (runbook: string): string => join(this.dir, 'locks', runbook);

  /** Makes the directory, or sees that it is one of ours. */
  prepare(): void {
    prepareStateDir(this.dir);
    try {
      this.#key.prepare();
    } catch (error) {
      throw unwritable(this.dir, error);
    }
  }

  /** @throws RunbookError `state-version` when another version of this program made it */
  check(): void {
    checkStateDir(this.dir);
  }

  /** Locks the runbook and makes a new run. It begins with the first entry; until then it is none. */
  create(runbook: string, run: string): OpenRun {
    this.prepare();
    const lock = acquireLock(this.#lockOf(runbook), run);
    const folder = this.folderOf(run);
    try {
      mkdirSync(folder, {mode: 0o700});
      syncFolder(runsFolder(this.dir));
      return {run, folder, lock, journal: JournalWriter.create(this.journalOf(run))};
    } catch (error) {
      lock.release();
      throw error instanceof RunbookError ? error : unwritable(this.dir, error);
    }
  }

  /** Locks a run's runbook and opens the journal to go on with it. Reads the journal after the lock is held. */
  open(run: string, runbook: string): OpenRun & {readonly contents: JournalContents} {
    this.prepare();
    const lock = acquireLock(this.#lockOf(runbook), run);
    try {
      const contents = this.#contents(run);
      const journal = JournalWriter.open(this.journalOf(run), contents);
      return {run, lock, contents, folder: this.folderOf(run), journal};
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Closes a run that a newer one replaces. The caller holds the runbook's lock. */
  async supersede(run: string, by: string): Promise<void> {
    const contents = this.#contents(run);
    const journal = JournalWriter.open(this.journalOf(run), contents);
    try {
      const last = await journal.append({type: 'run-superseded', by});
      const state = readState([...contents.entries, last]);
      if (state !== undefined) this.#index.learn(run, state);
    } finally {
      journal.close();
    }
  }

  holder(runbook: string): Owner | undefined {
    return holderOf(this.#lockOf(runbook));
  }

  /** @throws RunbookError `run-held` where a process works on this run */
  refuseHeld({runbook, run}: {readonly runbook: string; readonly run: string}): void {
    refuseHeld(this.#lockOf(runbook), run);
  }

  /** Holds a runbook's lock in the name of a run, which need not be opened. */
  hold(runbook: string, run: string): Lock {
    return acquireLock(this.#lockOf(runbook), run);
  }

  /** The runbooks that have a lock, held or not. */
  lockedRunbooks(): string[] {
    try {
      return readdirSync(join(this.dir, 'locks'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw unwritable(this.dir, error);
    }
  }

  /** Run ids, newest first. */
  runs(): string[] {
    return runsIn(this.dir);
  }

  /** Undefined where a crash has left a run that never began. */
  read(run: string): RunState | undefined {
    const lately = this.#lately;
    // the state is its reader's, who changes it
    this.#lately = undefined;
    if (lately?.run === run && lately.stamp === stampOf(this.journalOf(run))) return lately.state;
    const contents = this.#tryContents(run);
    return contents === undefined ? undefined : readState(contents.entries);
  }

  #readForFacts(run: string): RunState | undefined {
    const stamp = stampOf(this.journalOf(run));
    const state = this.read(run);
    this.#lately = {run, stamp, state};
    return state;
  }

  entries(run: string): readonly Stamped[] {
    return this.#contents(run).entries;
  }

  #contents(run: string): JournalContents {
    const contents = this.#tryContents(run);
    if (contents !== undefined) return contents;
    throw new RunbookError({
      code: 'no-such-run',
      message: `run ${run} never began`,
      next: ['see the runs with: runbook runs'],
    });
  }

  #tryContents(run: string): JournalContents | undefined {
    const file = this.journalOf(run);
    try {
      const contents = readJournal(file);
      const [first] = contents.entries;
      if (first?.type === 'run-started' && first.run !== run) throw foreign(run, first.run, file);
      return contents;
    } catch (error) {
      if (!(error instanceof RunbookError) || error.code !== 'no-such-run') throw error;
      // The journal appears with its first entry; whatever else is there came later.
      if (leftIn(this.folderOf(run)).length > 0) throw missing(run, this.folderOf(run));
      return undefined;
    }
  }

  /**
   * A run by its id, or by a part of it that only one has, also of those that are known otherwise.
   * @throws RunbookError `no-such-run`
   */
  find(part: string, further: readonly string[] = []): string {
    const all = [...new Set([...this.runs(), ...further])];
    // an empty text, such as a variable of a shell that is not set, names no run
    const isMeant = (run: string): boolean => part !== '' && (run.startsWith(part) || run.endsWith(part));
    const found = all.includes(part) ? [part] : all.filter(isMeant);
    if (found.length === 1 && found[0] !== undefined) return found[0];
    const message = found.length === 0 ? `there is no run "${part}"` : `"${part}" may be ${found.join(' or ')}`;
    throw new RunbookError({code: 'no-such-run', message, next: ['see them with: runbook runs']});
  }

  /**
   * The newest run that fits.
   * @throws RunbookError `journal-damaged` when a newer one can't be read: it may be the one that is meant
   */
  newest(fits: (facts: RunFacts) => boolean): RunFacts | undefined {
    for (const run of this.runs()) {
      const facts = this.facts(run);
      if (facts === undefined) continue;
      if ('code' in facts) throw new RunbookError(facts);
      if (fits(facts)) return facts;
    }
    return undefined;
  }

  /** The runs of a runbook that can be resumed, the newest first; damaged journals are passed over. */
  unfinished(runbook: string): RunFacts[] {
    return this.runs().flatMap((run) => {
      const facts = this.facts(run);
      const isMeant = facts !== undefined && !('code' in facts) && facts.runbook === runbook && isUnfinished(facts);
      return isMeant ? [facts] : [];
    });
  }

  /** What can be told of a run without its steps, or why nothing can; undefined when it never began. */
  facts(run: string): RunFacts | Problem | undefined {
    try {
      return this.#index.facts(run);
    } catch (error) {
      if (error instanceof RunbookError) return error.problems[0];
      throw error;
    }
  }

  /** Keeps what saves the next process from reading journals. The caller holds the run's lock, and has closed the journal. */
  keepIndex(run: string, state: RunState): void {
    try {
      this.#index.learn(run, state);
      this.#index.save(this.runs());
    } catch {
      // it is a help, and its reader goes by the journals anyway
    }
  }

  /** Drops from the index what is no more. */
  forgetRemoved(): void {
    this.#index.save(this.runs());
  }

  summaries(filter: RunFilter = {}): RunSummary[] {
    return summarise(this, filter);
  }

  /** A keyed hash of a secret: tells whether it changed, and nothing else. */
  fingerprint(secret: string): string {
    return this.#key.fingerprint(secret);
  }

  /** A value that the journal may hold and nobody can read without the key. */
  seal(value: Json): string {
    return this.#key.seal(value);
  }

  /** The value again; undefined where the key is another one by now. */
  unseal(sealed: string): Json | undefined {
    return this.#key.unseal(sealed);
  }

  #hasHashes(): boolean {
    return this.runs().some((run) => {
      try {
        return hasHashes(this.read(run));
      } catch (error) {
        if (error instanceof RunbookError) return false;
        throw error;
      }
    });
  }
}

const hasHashes = (state: RunState | undefined): boolean =>
  [state, ...[...(state?.steps.values() ?? [])].flatMap((step) => [step, step.record])].some(
    (one) => Object.keys(one?.secrets ?? {}).length > 0,
  );

const leftIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('journal.jsonl'));
  } catch {
    return [];
  }
};

const missing = (run: string, folder: string): RunbookError =>
  new RunbookError({
    code: 'journal-damaged',
    message: `the journal of run ${run} is missing`,
    found: `its folder has other files of it: ${folder}`,
    next: [
      'restore the file from a copy, or start anew with: runbook run',
      `what it has made is labelled: docker ps --all --filter label=io.runbook.run=${run}`,
    ],
  });

const foreign = (run: string, other: string, file: string): RunbookError =>
  new RunbookError({
    code: 'journal-damaged',
    message: `this is the journal of run ${other}, not of ${run}`,
    place: {file, line: 1, column: 1},
    next: ['nothing was changed; put the right file in its place, or give its folder the old name'],
  });
