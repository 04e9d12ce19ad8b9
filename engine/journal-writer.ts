import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import {dirname} from 'node:path';
import {syncFolder, writeAll} from './durable.ts';
import type {Entry, Stamped} from './entries.ts';
import {messageOf, RunbookError} from './errors.ts';
import type {JournalContents} from './journal.ts';
import {seal} from './journal-line.ts';

/** A group is written at once; more than this waits for the next one. */
const GROUP_BYTES = 8 * 1024 * 1024;

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

const gone = (file: string): RunbookError =>
  new RunbookError({
    code: 'state-unwritable',
    message: 'somebody has moved or removed the journal',
    found: file,
    next: [
      'if it was moved, go on where it is now: runbook resume --state-dir DIR',
      'if it was removed, what the run has made is found by its labels: runbook ps',
    ],
  });

/** What is known of the end of the file. */
interface End {
  /** Of the last entry. */
  readonly n: number;
  readonly sum: number;
  /** In bytes. */
  readonly length: number;
}

interface Waiting {
  readonly entry: Entry;
  /** What is to be done once it is on disk. */
  readonly afterwards: (() => void)[];
  resolve(stamped: Stamped): void;
  reject(error: unknown): void;
}

/** The append-only record of one run. One process writes it; `lock.ts` sees to that. */
export class JournalWriter {
  readonly file: string;
  readonly #fd: number;
  readonly #inode: number;
  #end: End;
  /** It has the name of a journal only once its first entry is on disk: a journal is never empty. */
  #draft: string | undefined;
  #queue: Waiting[] = [];
  #broken: RunbookError | undefined;

  private constructor(file: string, fd: number, end: End, draft?: string) {
    this.file = file;
    this.#fd = fd;
    this.#inode = fstatSync(fd).ino;
    this.#end = end;
    this.#draft = draft;
  }

  /** Makes a new journal; the file appears with its first entry. */
  static create(file: string): JournalWriter {
    const draft = `${file}.new`;
    try {
      if (existsSync(file)) throw new Error('it is there already');
      return new JournalWriter(file, openSync(draft, 'wx', 0o600), {n: 0, sum: 0, length: 0}, draft);
    } catch (error) {
      throw unwritable(file, error);
    }
  }

  /** Opens a journal to append. A torn tail is cut off; what nothing proves to have reached the disk is written again. */
  static open(file: string, contents: JournalContents): JournalWriter {
    const {entries, sum, length, tornBytes, unproven} = contents;
    let fd: number | undefined;
    try {
      fd = openSync(file, 'r+');
      if (tornBytes > 0) ftruncateSync(fd, length);
      // After a failed sync the system may hold, and show, what it has given up writing, and the next sync succeeds.
      writeAll(fd, unproven, length - unproven.length);
      fsyncSync(fd);
      return new JournalWriter(file, fd, {n: entries.length, sum, length});
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      throw unwritable(file, error);
    }
  }

  /**
   * Resolves when the entry is on disk. Entries of one turn of the event loop are a group, with one sync: the turn ends when
   * all that has arrived was read, so steps that end at about the same time share a sync.
   */
  append(entry: Entry): Promise<Stamped> {
    return new Promise((resolve, reject) => {
      this.#queue.push({entry, afterwards: [], resolve, reject});
      if (this.#queue.length === 1) setImmediate(() => this.#flush());
    });
  }

  /** Does it when all that was appended before is on disk: now, if it is; never, if it can't be written. */
  afterwards(act: () => void): void {
    const last = this.#queue.at(-1);
    if (last === undefined) act();
    else last.afterwards.push(act);
  }

  #flush(): void {
    const waiting = this.#queue;
    this.#queue = [];
    while (waiting.length > 0) {
      const group = waiting.splice(0, fitting(waiting));
      try {
        if (this.#broken !== undefined) throw this.#broken;
        const stamped = this.#write(group.map(({entry}) => entry));
        for (const [index, one] of group.entries()) confirm(one, stamped[index] as Stamped);
      } catch (error) {
        for (const {reject} of group) reject(error);
      }
    }
  }

  #write(entries: readonly Entry[]): Stamped[] {
    const first = this.#end.n + 1;
    const last = this.#end.n + entries.length;
    const group = entries.length === 1 ? {} : {group: [first, last] as const};
    const at = new Date().toISOString();
    const stamped = entries.map((entry, index): Stamped => ({n: first + index, at, ...group, ...entry}));
    let {sum} = this.#end;
    const lines = stamped.map((entry) => {
      const sealed = seal(entry, sum);
      sum = sealed.sum;
      return sealed.line;
    });
    const bytes = Buffer.from(lines.join(''));
    try {
      this.#mustBeThere();
      writeAll(this.#fd, bytes, this.#end.length);
      fdatasyncSync(this.#fd);
      this.#publish();
    } catch (error) {
      this.#giveUp(error);
    }
    this.#end = {n: last, sum, length: this.#end.length + bytes.length};
    return stamped;
  }

  /** What was moved or removed can still be written to, and nobody would find it. */
  #mustBeThere(): void {
    if (this.#draft !== undefined) return;
    const found = statSync(this.file, {throwIfNoEntry: false});
    if (found === undefined || (found.ino !== this.#inode && fstatSync(this.#fd).nlink === 0)) throw gone(this.file);
  }

  #publish(): void {
    if (this.#draft === undefined) return;
    renameSync(this.#draft, this.file);
    syncFolder(dirname(this.file));
    this.#draft = undefined;
  }

  // After a failed sync nobody knows what is on disk: take back what was not promised, and write no more.
  #giveUp(error: unknown): never {
    this.#broken = error instanceof RunbookError ? error : unwritable(this.file, error);
    try {
      if (this.#draft === undefined) ftruncateSync(this.#fd, this.#end.length);
      else for (const file of [this.#draft, this.file]) rmSync(file, {force: true});
    } catch {
      // The tail is torn then; the next reader drops it.
    }
    throw this.#broken;
  }

  close(): void {
    // The number of a closed file may soon be another one's.
    this.#broken ??= unwritable(this.file, new Error('it is closed'));
    try {
      closeSync(this.#fd);
      if (this.#draft !== undefined) rmSync(this.#draft, {force: true});
    } catch {
      // Whatever it is, all that was promised has been synced.
    }
  }
}

const confirm = ({resolve, reject, afterwards}: Waiting, stamped: Stamped): void => {
  try {
    for (const act of afterwards) act();
    resolve(stamped);
  } catch (error) {
    reject(error);
  }
};

/** How many of the entries go into one group. */
const fitting = (waiting: readonly Waiting[]): number => {
  if (waiting.length === 1) return 1;
  let bytes = 0;
  const over = waiting.findIndex(({entry}) => (bytes += JSON.stringify(entry).length) > GROUP_BYTES);
  return over === -1 ? waiting.length : Math.max(1, over);
};
