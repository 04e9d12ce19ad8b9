import {closeSync, openSync, readSync, statSync} from 'node:fs';
import type {Stamped} from './entries.ts';
import {RunbookError} from './errors.ts';
import {readJournal} from './journal.ts';
import {follows, NEWLINE, unseal} from './journal-line.ts';

/** Reads a journal while another process writes it: each entry once, as soon as it is there whole. */
export class JournalTail {
  readonly #file: string;
  #length = 0;
  #sum = 0;
  #n = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * What has been added since.
   * @throws RunbookError `journal-damaged`, `state-version` for what stands there already when it is read first
   */
  read(): readonly Stamped[] {
    const size = statSync(this.#file, {throwIfNoEntry: false})?.size ?? 0;
    if (size === this.#length) return [];
    // At first, and after a failed write that was taken back.
    if (this.#length === 0 || size < this.#length) return this.#readAll();
    return this.#readOn(size);
  }

  #readAll(): readonly Stamped[] {
    try {
      const {entries, length, sum} = readJournal(this.#file);
      const fresh = entries.slice(this.#n);
      this.#length = length;
      this.#sum = sum;
      this.#n = entries.length;
      return fresh;
    } catch (error) {
      if (error instanceof RunbookError && error.code === 'no-such-run') return [];
      throw error;
    }
  }

  #readOn(size: number): readonly Stamped[] {
    const bytes = readAt(this.#file, this.#length, size - this.#length);
    const entries: Stamped[] = [];
    for (let from = 0; ; ) {
      const newline = bytes.indexOf(NEWLINE, from);
      const line = newline === -1 ? undefined : bytes.subarray(from, newline);
      const unsealed = line === undefined ? undefined : unseal(line);
      // It is being written, or torn: whoever goes on with the run cuts it off, and writes anew from here.
      if (line === undefined || unsealed === undefined || !follows(line, unsealed, this.#sum)) return entries;
      entries.push(unsealed.value as unknown as Stamped);
      from = newline + 1;
      this.#sum = unsealed.sum;
      this.#n += 1;
      this.#length += line.length + 1;
    }
  }
}

const readAt = (file: string, position: number, length: number): Buffer => {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
  } finally {
    closeSync(fd);
  }
};
