import type {Stamped} from './entries.ts';
import {mistakeIn} from './entry-shapes.ts';
import {messageOf, type Problem, RunbookError} from './errors.ts';
import {follows, NEWLINE, unseal} from './journal-line.ts';
import {NotAFile, withFile} from './regular-file.ts';
import {type IntactEnd, isTorn} from './torn.ts';

/** What this program writes. It reads the older ones, too: version 1 does not say which entries were written together. */
export const JOURNAL_VERSION = 2;
const READABLE: readonly unknown[] = [1, JOURNAL_VERSION];

/** What a journal holds, up to where it can be trusted. */
export interface JournalContents {
  readonly entries: readonly Stamped[];
  /** Bytes of the intact part; what follows is a torn tail that nobody was told of. */
  readonly length: number;
  readonly tornBytes: number;
  readonly sum: number;
  /** The lines of the last group: that a line of another one follows is what proves of all others that they were synced. */
  readonly unproven: Buffer;
}

/** Where the bytes come from. */
interface Source {
  readonly file: string;
  readonly size: number;
  /** As many as there are, from a position on. */
  read(position: number, length: number): Buffer;
}

const CHUNK_BYTES = 1024 * 1024;
/** Longer than any group that is written: what goes on longer without making sense is none. */
const LONGEST_REST_BYTES = 64 * CHUNK_BYTES;

const damaged = (file: string, line: number, why: string, more: Partial<Problem> = {}): RunbookError =>
  new RunbookError({
    code: 'journal-damaged',
    message: `the journal is damaged: ${why}`,
    place: {file, line, column: 1},
    next: [
      'nothing was changed; restore the file from a copy, or start anew with: runbook run',
      'other runs can be used by their ids; see them with: runbook runs',
    ],
    ...more,
  });

const newer = (file: string, line: number, message: string, program: string): RunbookError =>
  new RunbookError({
    code: 'state-version',
    message,
    place: {file, line, column: 1},
    ...(program === '' ? {} : {found: `written by runbook ${program}`}),
    next: ['use the version of runbook that made it, or start anew with another --state-dir'],
  });

/** Walks the lines of a journal, each of which vouches for those above it. */
class Reader {
  readonly #source: Source;
  readonly #entries: Stamped[] = [];
  /** What has been read and not been understood yet; the first byte stands at `#offset` of the file. */
  #ahead: Buffer = Buffer.alloc(0);
  #offset = 0;
  #sum = 0;
  #group: Buffer[] = [];
  #program = '';

  constructor(source: Source) {
    this.#source = source;
  }

  read(): JournalContents {
    for (let line = this.#nextLine(); line !== undefined && this.#take(line); line = this.#nextLine());
    const tornBytes = this.#source.size - this.#offset;
    if (tornBytes > 0) this.#checkRest(tornBytes);
    if (this.#entries.length === 0) throw this.#damaged(tornBytes === 0 ? 'it is empty' : 'its first entry was cut');
    const [entries, length, sum] = [this.#entries, this.#offset, this.#sum];
    return {entries, length, sum, tornBytes, unproven: Buffer.concat(this.#group)};
  }

  /** Without its newline; undefined when there is none in what may be one line. */
  #nextLine(): Buffer | undefined {
    for (let looked = 0; ; ) {
      const newline = this.#ahead.indexOf(NEWLINE, looked);
      if (newline !== -1) return this.#ahead.subarray(0, newline);
      looked = this.#ahead.length;
      if (looked > LONGEST_REST_BYTES || !this.#canBeLine() || !this.#readOn()) return undefined;
    }
  }

  /** What does not even begin as an entry is not read to its end: it may be anything. */
  #canBeLine(): boolean {
    const begin = `{"n":${this.#entries.length + 1},"at":"`;
    return begin.startsWith(this.#ahead.toString('latin1', 0, begin.length));
  }

  /** Twice as much each time, so that a long line is not copied over and over. */
  #readOn(): boolean {
    const at = this.#offset + this.#ahead.length;
    const more = this.#source.read(at, Math.min(this.#source.size - at, Math.max(CHUNK_BYTES, this.#ahead.length)));
    if (more.length > 0) this.#ahead = Buffer.concat([this.#ahead, more]);
    return more.length > 0;
  }

  /** False: this line is not what was written after the ones before it. */
  #take(line: Buffer): boolean {
    const unsealed = unseal(line);
    if (unsealed === undefined || !follows(line, unsealed, this.#sum)) return false;
    const entry = this.#checked(unsealed.value);
    if (entry.group === undefined || entry.group[0] === entry.n) this.#group = [];
    // a copy: what was read ahead is not to be kept for it
    this.#group.push(Buffer.from(this.#ahead.subarray(0, line.length + 1)));
    this.#entries.push(entry);
    this.#sum = unsealed.sum;
    this.#offset += line.length + 1;
    this.#ahead = this.#ahead.subarray(line.length + 1);
    return true;
  }

  /** @throws RunbookError when the checksum is right but a program like this one has not written it */
  #checked(value: Readonly<Record<string, unknown>>): Stamped {
    const {file} = this.#source;
    const n = this.#entries.length + 1;
    if (value.n !== n) throw this.#damaged(`entry ${n} says that it is entry ${String(value.n)}`);
    if ((n === 1) !== (value.type === 'run-started'))
      throw this.#damaged(n === 1 ? 'it does not begin with "run-started"' : `entry ${n} begins it again`);
    if (n === 1 && !READABLE.includes(value.journal)) {
      const version = `the journal is of version ${String(value.journal)}`;
      throw newer(file, 1, `${version}, this program reads version ${READABLE.join(' and ')}`, String(value.program));
    }
    const mistake = mistakeIn(value);
    if (mistake?.kind === 'unknown')
      throw newer(file, n, `entry ${n} of the journal is of a kind that this program does not know`, this.#program);
    if (mistake !== undefined) throw this.#damaged(`entry ${n} ${mistake.text}`);
    const entry = value as unknown as Stamped;
    if (entry.type === 'run-started' || entry.type === 'run-resumed') this.#program = entry.program;
    return entry;
  }

  #checkRest(bytes: number): void {
    const rest = bytes > LONGEST_REST_BYTES ? undefined : this.#source.read(this.#offset, bytes);
    const last = this.#entries.at(-1);
    const entries = this.#entries.length;
    const end: IntactEnd = {offset: this.#offset, entries, group: last?.group ?? [entries, entries]};
    if (rest !== undefined && isTorn(rest, end)) return;
    throw (
      foreignness(rest ?? this.#ahead, entries, (why, more) => this.#damaged(why, more)) ??
      this.#damaged(whyNot(entries))
    );
  }

  #damaged(why: string, more: Partial<Problem> = {}): RunbookError {
    const line = this.#entries.length + 1;
    const intact = line === 1 ? {} : {found: `the ${line - 1} entries above it are intact`};
    return damaged(this.#source.file, line, why, {...intact, ...more});
  }
}

const whyNot = (entries: number): string => `entry ${entries + 1} does not match its checksum`;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Names what programs do to a text file in passing: that can be taken back. */
const foreignness = (
  rest: Buffer,
  entries: number,
  error: (why: string, more: Partial<Problem>) => RunbookError,
): RunbookError | undefined => {
  const line = rest.subarray(0, Math.max(0, rest.indexOf(NEWLINE)));
  const convert = (how: string): Partial<Problem> => ({
    next: [`an editor or a transfer has changed it; on a copy, try: ${how}`],
  });
  if (entries === 0 && rest.subarray(0, 3).equals(BYTE_ORDER_MARK))
    return error('it begins with a byte order mark', convert("sed -i '1s/^\\xef\\xbb\\xbf//' COPY"));
  if (line.at(-1) === 0x0d && unseal(line.subarray(0, -1)) !== undefined)
    return error('its lines end with CR LF', convert("sed -i 's/\\r$//' COPY"));
  return entries === 0 && unseal(line) === undefined ? error('it is no journal of ours', {}) : undefined;
};

/** Reads a journal that is in memory. */
export const parseJournal = (file: string, bytes: Buffer): JournalContents =>
  new Reader({file, size: bytes.length, read: (at, length) => bytes.subarray(at, at + length)}).read();

/**
 * Reads a journal without changing it.
 * @throws RunbookError `journal-damaged`, `state-version`, `no-such-run` when there is none, `file-unreadable`
 */
export const readJournal = (file: string): JournalContents => {
  try {
    return withFile(file, (size, read) => new Reader({file, size, read}).read());
  } catch (error) {
    if (error instanceof NotAFile) throw damaged(file, 1, error.message);
    throw error instanceof RunbookError ? error : unreadable(file, error);
  }
};

const unreadable = (file: string, error: unknown): RunbookError => {
  const isMissing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  if (isMissing)
    return new RunbookError(
      {code: 'no-such-run', message: `there is no journal: ${file}`, next: ['see the runs with: runbook runs']},
      error,
    );
  const next = [
    'look at the permissions of the file and its folder; other runs can be used by their ids: runbook runs',
  ];
  return new RunbookError(
    {code: 'file-unreadable', message: `can't read the journal: ${messageOf(error)}`, next},
    error,
  );
};
