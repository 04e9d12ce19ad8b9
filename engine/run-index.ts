import {statSync} from 'node:fs';
import {readCache, writeCache} from './cache-file.ts';
import {factsOf, type RunFacts} from './run-facts.ts';
import type {RunState} from './state.ts';

/** Changes with `RunFacts`. */
const VERSION = 1;

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
    const stat = statSync(journal, {bigint: true});
    return `${stat.size}:${stat.ino}:${stat.mtimeNs}:${stat.ctimeNs}`;
  } catch {
    return undefined;
  }
};

/** When a file with this stamp was changed last (ns). */
const changedAt = (stamp: string): bigint => {
  const [, , content = '0', inode = '0'] = stamp.split(':');
  return BigInt(content) > BigInt(inode) ? BigInt(content) : BigInt(inode);
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
    this.#join();
    return this.#runs;
  }

  /** Adds what the file knows and this process does not; leaves out what may have changed in the tick of its writing. */
  #join(): void {
    const cached = readCache(this.#file, VERSION);
    for (const [run, indexed] of Object.entries((cached?.value ?? {}) as Record<string, Indexed>)) {
      const isProven = changedAt(indexed.stamp) < (cached?.writtenAt ?? 0n);
      if (isProven && this.#runs?.has(run) === false) this.#runs.set(run, indexed);
    }
  }

  /** Writes what has been learned, without the runs that are no more. Another process may have written meanwhile. */
  save(existing: readonly string[]): void {
    const known = new Set(existing);
    if (!this.#changed && [...this.#load().keys()].every((run) => known.has(run))) return;
    this.#join();
    const runs = existing.flatMap((run) => {
      const indexed = this.#runs?.get(run);
      return indexed === undefined ? [] : [[run, indexed] as const];
    });
    writeCache(this.#file, VERSION, Object.fromEntries(runs));
    this.#changed = false;
  }
}
