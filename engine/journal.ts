import {closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';
import {crc32} from 'node:zlib';
import type {Entry, Stamped} from './entries.ts';
import {messageOf, RunbookError} from './errors.ts';

/*
 * One JSON object a line. The last member, `sum`, is the CRC-32 (hex) of the line before it, started with the sum of the
 * line above: a changed, lost or swapped line breaks the chain. An entry is durable (fdatasync) before `append` resolves.
 */

const NEWLINE = 0x0a;
const SUM = /,"sum":"([0-9a-f]{8})"\}$/;

const seal = (body: string, previous: number): {line: string; sum: number} => {
  const sum = crc32(body.slice(0, -1), previous);
  return {line: `${body.slice(0, -1)},"sum":"${sum.toString(16).padStart(8, '0')}"}\n`, sum};
};

/** What a journal holds, up to where it can be trusted. */
export interface JournalContents {
  readonly entries: readonly Stamped[];
  /** Bytes of the intact part; what follows is a torn tail that nobody was told of. */
  readonly length: number;
  readonly tornBytes: number;
  readonly sum: number;
}

const damaged = (file: string, line: number, why: string): RunbookError =>
  new RunbookError({
    code: 'journal-damaged',
    message: `the journal is damaged: ${why}`,
    place: {file, line, column: 1},
    next: ['nothing was changed; restore the file from a copy, or start anew with: runbook run'],
  });

const readLine = (text: string, previous: number): {entry: Stamped; sum: number} | undefined => {
  const found = SUM.exec(text);
  if (found?.[1] === undefined) return undefined;
  const sum = crc32(text.slice(0, found.index), previous);
  if (sum !== Number.parseInt(found[1], 16)) return undefined;
  return {entry: JSON.parse(text) as Stamped, sum};
};

/** What never arrived before a power loss ends where a block of the disk does. */
const BLOCK_BYTES = 512;

/**
 * A crash can leave a part of the last entry at the end; everything before it was synced. A write that was cut has no
 * newline, or, after a power loss, holds NUL bytes where data never arrived. Anything else was changed by somebody.
 */
const isTorn = (rest: Buffer, offset: number, n: number, sum: number): boolean => {
  const hole = rest.indexOf(0);
  const holeEnd = offset + rest.lastIndexOf(0) + 1;
  const isCut = rest.at(-1) !== NEWLINE || (hole !== -1 && holeEnd % BLOCK_BYTES === 0);
  const begin = `{"n":${n},"at":"`;
  const text = rest.toString('latin1', 0, Math.min(hole === -1 ? rest.length : hole, begin.length));
  return isCut && begin.startsWith(text) && readLine(rest.toString('utf8', 0, rest.length - 1), sum) === undefined;
};

/** Walks the lines; stops at a torn tail. */
export const parseJournal = (file: string, bytes: Buffer): JournalContents => {
  const entries: Stamped[] = [];
  let offset = 0;
  let sum = 0;
  while (offset < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, offset);
    const end = newline === -1 ? bytes.length : newline + 1;
    const read = newline === -1 ? undefined : readLine(bytes.toString('utf8', offset, newline), sum);
    if (read === undefined) {
      const rest = bytes.subarray(offset);
      const isLast = end === bytes.length || rest.every((byte, index) => index < end - offset || byte === 0);
      if (isLast && isTorn(rest, offset, entries.length + 1, sum)) break;
      throw damaged(file, entries.length + 1, `entry ${entries.length + 1} does not match its checksum`);
    }
    entries.push(read.entry);
    sum = read.sum;
    offset = end;
  }
  checkHeader(file, entries, bytes.length);
  return {entries, length: offset, tornBytes: bytes.length - offset, sum};
};

const checkHeader = (file: string, entries: readonly Stamped[], size: number): void => {
  const first = entries[0];
  // A crash between creating the file and its first entry: nobody was told of this run.
  if (first === undefined && size === 0) return;
  if (first === undefined) return;
  if (first.type !== 'run-started') throw damaged(file, 1, 'it does not begin with "run-started"');
  if (first.journal !== 1)
    throw new RunbookError({
      code: 'state-version',
      message: `the journal is of version ${String(first.journal)}, this program reads version 1`,
      place: {file, line: 1, column: 1},
      next: ['use the version of runbook that made it, or start anew with another --state-dir'],
    });
};

/**
 * Reads a journal without changing it.
 * @throws RunbookError `journal-damaged`, `state-version`, `no-such-run`
 */
export const readJournal = (file: string): JournalContents => {
  try {
    return parseJournal(file, readFileSync(file));
  } catch (error) {
    if (error instanceof RunbookError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const message = code === 'ENOENT' ? `there is no journal: ${file}` : `can't read ${file}: ${messageOf(error)}`;
    throw new RunbookError({code: 'no-such-run', message, next: ['see the runs with: runbook runs']}, error);
  }
};

const unwritable = (file: string, error: unknown): RunbookError =>
  new RunbookError(
    {
      code: 'state-unwritable',
      message: `can't write the journal: ${messageOf(error)}`,
      found: file,
      next: ['free space or make the folder writable; what was journaled before is intact', 'then: runbook resume'],
    },
    error,
  );

/** The append-only record of one run. One process writes it; `lock.ts` sees to that. */
export class Journal {
  readonly file: string;
  #fd: number;
  #n: number;
  #sum: number;
  #length: number;
  #queue: {entry: Entry; resolve: (stamped: Stamped) => void; reject: (error: unknown) => void}[] = [];
  #broken: RunbookError | undefined;

  private constructor(file: string, fd: number, contents: JournalContents) {
    this.file = file;
    this.#fd = fd;
    this.#n = contents.entries.length;
    this.#sum = contents.sum;
    this.#length = contents.length;
  }

  /** Makes a new, empty journal; its folder entry is synced. */
  static create(file: string): Journal {
    try {
      const fd = openSync(file, 'ax', 0o600);
      syncFolder(dirname(file));
      return new Journal(file, fd, {entries: [], length: 0, tornBytes: 0, sum: 0});
    } catch (error) {
      throw unwritable(file, error);
    }
  }

  /** Opens a journal to append; a torn tail is cut off. */
  static open(file: string, contents: JournalContents): Journal {
    try {
      const fd = openSync(file, 'r+');
      if (contents.tornBytes > 0) {
        ftruncateSync(fd, contents.length);
        fsyncSync(fd);
      }
      return new Journal(file, fd, contents);
    } catch (error) {
      throw unwritable(file, error);
    }
  }

  /** Resolves when the entry is on disk. Entries of one turn of the event loop share one sync. */
  append(entry: Entry): Promise<Stamped> {
    return new Promise((resolve, reject) => {
      this.#queue.push({entry, resolve, reject});
      if (this.#queue.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    const batch = this.#queue;
    this.#queue = [];
    try {
      if (this.#broken !== undefined) throw this.#broken;
      const stamped = this.#write(batch.map(({entry}) => entry));
      for (const [index, {resolve}] of batch.entries()) resolve(stamped[index] as Stamped);
    } catch (error) {
      for (const {reject} of batch) reject(error);
    }
  }

  #write(entries: readonly Entry[]): Stamped[] {
    let sum = this.#sum;
    let n = this.#n;
    let text = '';
    const stamped = entries.map((entry): Stamped => ({n: ++n, at: new Date().toISOString(), ...entry}));
    for (const entry of stamped) {
      const sealed = seal(JSON.stringify(entry), sum);
      sum = sealed.sum;
      text += sealed.line;
    }
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, this.#length + done);
      }
      fdatasyncSync(this.#fd);
    } catch (error) {
      this.#giveUp(error);
    }
    this.#length += bytes.length;
    this.#sum = sum;
    this.#n = n;
    return stamped;
  }

  // After a failed sync nobody knows what is on disk: take back what was not promised, and write no more.
  #giveUp(error: unknown): never {
    this.#broken = unwritable(this.file, error);
    try {
      ftruncateSync(this.#fd, this.#length);
    } catch {
      // The tail is torn then; the next reader drops it.
    }
    throw this.#broken;
  }

  close(): void {
    // The number of a closed file may soon be another one's.
    this.#broken ??= unwritable(this.file, new Error('it is closed'));
    closeSync(this.#fd);
  }
}

/** Makes a new name in a folder durable. */
export const syncFolder = (folder: string): void => {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};
