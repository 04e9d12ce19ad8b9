import {statSync} from 'node:fs';
import {readCache, writeCache} from './cache-file.ts';
import {factsOf, type RunFacts} from './run-facts.ts';
import type {RunState} from './state.ts';

/** Changes with `RunFacts`. */
const VERSION = 2;

interface Indexed {
  /** The journal that the facts were read from. */
  readonly stamp: string;
  readonly facts: RunFacts;
}

/**
 * A journal as the file system knows it: size, inode, last changes of content and inode. A write, a copy, a file put in
 * its place give it another stamp. Undefined where there is none, or none to be seen.
 */
export const stampOf = (journal: string): string | undefined => {
  try {
    const {size, ino, mtimeMs, ctimeMs} = statSync(journal);
    return `${size}:${ino}:${mtimeMs}:${ctimeMs}`;
  } catch {
    return undefined;
  }
};

/** When a file with this stamp was changed last (ms). */
const changedAt = (stamp: string): number => {
  const [, , content = '0', inode = '0'] = stamp.split(':');
  return Math.max(Number(content), Number(inode));
};

/**
 * Facts of many runs without reading their journals. The journal is the truth: what the index says counts only while the
 * journal is the very file that it was read from, last changed before the index was written (within one tick of the
 * clock two changes look alike).
 */
export class RunIndex {
  readonly #file: string;
  readonly #journalOf: (run: string) => string;
  readonly #read: (run: string) => RunState | undefined;
  #runs: Map<string, Indexed> | undefined;
  /** The index file as it was when it was read last. */
  #joined: string | undefined;
  #changed = false;

  constructor(file: string, journalOf: (run: string) => string, read: (run: string) => RunState | undefined) {
    this.#file = file;
    this.#journalOf = journalOf;
    this.#read = read;
  }

  /**
   * Undefined for a run that never began.
   * @throws RunbookError `journal-damaged`, `state-version`, `no-such-run`
   */
  facts(run: string): RunFacts | undefined {
    const stamp = stampOf(this.#journalOf(run));
    const known = this.#load().get(run);
    if (known !== undefined && known.stamp === stamp) return known.facts;
    const state = this.#read(run);
    if (state === undefined || stamp === undefined) return undefined;
    return this.#put(run, stamp, factsOf(state));
  }

  /** Takes what the caller, who holds the run's lock, knows of its journal as it is on disk now. */
  learn(run: string, state: RunState): void {
    const stamp = stampOf(this.#journalOf(run));
    if (stamp !== undefined) this.#put(run, stamp, factsOf(state));
  }

  #put(run: string, stamp: string, facts: RunFacts): RunFacts {
    this.#load().set(run, {stamp, facts});
    this.#changed = true;
    return facts;
  }

  #load(): Map<string, Indexed> {
    if (this.#runs !== undefined) return this.#runs;
    this.#runs = new Map();
    this.#join(this.#runs);
    return this.#runs;
  }

  /** Adds what the file knows and this process does not; leaves out what may have changed in the tick of its writing. */
  #join(runs: Map<string, Indexed>): void {
    const stamp = stampOf(this.#file);
    if (stamp === this.#joined) return;
    this.#joined = stamp;
    const cached = readCache(this.#file, VERSION);
    for (const [run, indexed] of Object.entries((cached?.value ?? {}) as Record<string, Indexed>))
      if (!runs.has(run) && changedAt(indexed.stamp) < (cached?.writtenAt ?? 0)) runs.set(run, indexed);
  }

  /** Writes what has been learned, without the runs that are no more. Another process may have written meanwhile. */
  save(existing: readonly string[]): void {
    const known = new Set(existing);
    const all = this.#load();
    if (!this.#changed && [...all.keys()].every((run) => known.has(run))) return;
    this.#join(all);
    const runs = existing.flatMap((run) => {
      const indexed = all.get(run);
      return indexed === undefined ? [] : [[run, indexed] as const];
    });
    writeCache(this.#file, VERSION, Object.fromEntries(runs));
    this.#changed = false;
  }
}
