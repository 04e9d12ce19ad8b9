import {createHmac, randomBytes} from 'node:crypto';
import {existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Stamped} from './entries.ts';
import {messageOf, type Problem, RunbookError} from './errors.ts';
import {Journal, type JournalContents, readJournal, syncFolder} from './journal.ts';
import {placeOf} from './labels.ts';
import {acquireLock, holderOf, type Lock, type Owner} from './lock.ts';
import type {RunFacts} from './run-facts.ts';
import {RunIndex} from './run-index.ts';
import {type RunSummary, summarise} from './run-summary.ts';
import {isUnfinished, type RunState, readState} from './state.ts';

const VERSION = '1';

/** A run opened for writing: its lock is held. */
export interface OpenRun {
  readonly run: string;
  readonly journal: Journal;
  readonly folder: string;
  readonly lock: Lock;
}

const unwritable = (folder: string, error: unknown): RunbookError =>
  new RunbookError(
    {
      code: 'state-unwritable',
      message: `can't write the state directory: ${messageOf(error)}`,
      found: folder,
      next: ['make it writable or free space, or choose another: --state-dir DIR'],
    },
    error,
  );

/** 20261123-021530-k3f9x: sorts by time, and no two are alike. The first two letters are the milliseconds. */
export const newRunId = (): string => {
  const now = new Date();
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const milliseconds = now.getUTCMilliseconds().toString(36).padStart(2, '0');
  const letters = Array.from(randomBytes(3), (byte) => (byte % 36).toString(36)).join('');
  return `${time}-${milliseconds}${letters}`;
};

/** The state directory: `runs/<run>/journal.jsonl`, `locks/<runbook>/`, `version`, `key`. Mode 0700. */
export class Store {
  readonly dir: string;
  readonly #index: RunIndex;
  #place: string | undefined;

  constructor(dir: string) {
    this.dir = dir;
    this.#index = new RunIndex(join(dir, 'index.jsonl'), this.journalOf);
  }

  /** How it is named on what its runs make. */
  get place(): string {
    return (this.#place ??= placeOf(this.dir));
  }

  #runs = (): string => join(this.dir, 'runs');
  folderOf = (run: string): string => join(this.#runs(), run);
  journalOf = (run: string): string => join(this.folderOf(run), 'journal.jsonl');
  #lockOf = (runbook: string): string => join(this.dir, 'locks', runbook);

  /** Makes the directory, or sees that it is one of ours. */
  prepare(): void {
    this.check();
    try {
      mkdirSync(this.#runs(), {recursive: true, mode: 0o700});
      if (this.#version() === '') writeFileSync(join(this.dir, 'version'), `${VERSION}\n`, {mode: 0o600});
      const ignore = join(this.dir, '.gitignore');
      if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
    } catch (error) {
      throw unwritable(this.dir, error);
    }
  }

  /** @throws RunbookError `state-version` when another version of this program made it */
  check(): void {
    const version = this.#version();
    if (version !== '' && version !== VERSION)
      throw new RunbookError({
        code: 'state-version',
        message: `the state directory is of version "${version}", this program reads version ${VERSION}`,
        found: this.dir,
        next: ['use the version of runbook that made it, or choose another: --state-dir DIR'],
      });
  }

  /** Empty where there is none yet, or where a power loss has left nothing of it. */
  #version(): string {
    try {
      return readFileSync(join(this.dir, 'version'), 'utf8').replaceAll('\0', '').trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw unwritable(this.dir, error);
    }
  }

  /** Locks the runbook and makes a new run. */
  create(runbook: string, run: string): OpenRun {
    this.prepare();
    const lock = acquireLock(this.#lockOf(runbook), run);
    try {
      const folder = this.folderOf(run);
      mkdirSync(folder, {mode: 0o700});
      syncFolder(this.#runs());
      return {run, folder, lock, journal: Journal.create(this.journalOf(run))};
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
      const contents = readJournal(this.journalOf(run));
      return {run, lock, contents, folder: this.folderOf(run), journal: Journal.open(this.journalOf(run), contents)};
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Closes a run that a newer one replaces. The caller holds the runbook's lock. */
  async supersede(run: string, by: string): Promise<void> {
    const file = this.journalOf(run);
    const contents = readJournal(file);
    const journal = Journal.open(file, contents);
    const last = await journal.append({type: 'run-superseded', by});
    journal.close();
    const state = readState([...contents.entries, last]);
    if (state !== undefined) this.#index.learn(run, state);
  }

  holder(runbook: string): Owner | undefined {
    return holderOf(this.#lockOf(runbook));
  }

  /** Run ids, newest first. */
  runs(): string[] {
    this.check();
    try {
      return readdirSync(this.#runs()).sort().reverse();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw unwritable(this.dir, error);
    }
  }

  read(run: string): RunState | undefined {
    return readState(readJournal(this.journalOf(run)).entries);
  }

  entries(run: string): readonly Stamped[] {
    return readJournal(this.journalOf(run)).entries;
  }

  /**
   * A run by its id, or by a part of it that only one has.
   * @throws RunbookError `no-such-run`
   */
  find(part: string): string {
    const all = this.runs();
    const found = all.includes(part) ? [part] : all.filter((run) => run.startsWith(part) || run.endsWith(part));
    if (found.length === 1 && found[0] !== undefined) return found[0];
    const message = found.length === 0 ? `there is no run "${part}"` : `"${part}" may be ${found.join(' or ')}`;
    throw new RunbookError({code: 'no-such-run', message, next: ['see them with: runbook runs']});
  }

  /**
   * The newest run that fits.
   * @throws RunbookError `journal-damaged` when a newer one can't be read: it may be the one that is meant
   */
  newest(fits: (facts: RunFacts) => boolean): RunState | undefined {
    for (const run of this.runs()) {
      const facts = this.facts(run);
      if (facts === undefined) continue;
      if (!('code' in facts)) {
        if (fits(facts)) return this.read(run);
      } else if (facts.code !== 'no-such-run') throw new RunbookError(facts);
    }
    return undefined;
  }

  /** The runbook's newest run that can be resumed, except one; damaged journals are passed over. */
  newestUnfinished(runbook: string, except: string): RunState | undefined {
    for (const run of this.runs()) {
      const facts = run === except ? undefined : this.facts(run);
      if (facts === undefined || 'code' in facts) continue;
      if (facts.runbook === runbook && isUnfinished(facts)) return this.read(run);
    }
    return undefined;
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

  summaries(): RunSummary[] {
    return summarise(this);
  }

  /** A keyed hash of a secret: tells whether it changed, and nothing else. */
  fingerprint(secret: string): string {
    return createHmac('sha256', this.#key()).update(secret).digest('hex').slice(0, 32);
  }

  #key(): Buffer {
    const file = join(this.dir, 'key');
    try {
      return readFileSync(file);
    } catch {
      // Two processes may get here at once: link(2) lets one key win.
      const draft = `${file}-${process.pid}-${randomBytes(4).toString('hex')}`;
      writeFileSync(draft, randomBytes(32), {mode: 0o600});
      try {
        linkSync(draft, file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(this.dir, error);
      } finally {
        rmSync(draft, {force: true});
      }
      return readFileSync(file);
    }
  }
}
