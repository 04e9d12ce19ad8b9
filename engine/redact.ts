import {type Range, SecretSearch} from './secret-search.ts';
import type {Json} from './step-type.ts';

/** What stands where a secret was. */
export const MASK = '***';

/** Members of entries, events and reports that say what is meant. */
const NAMES = new Set([
  ...[
    'type',
    'n',
    'at',
    'run',
    'runbook',
    'file',
    'cwd',
    'envFiles',
    'selection',
    'step',
    'key',
    'needs',
    'uses',
    'effect',
  ],
  ...[
    'how',
    'outcome',
    'standing',
    'course',
    'action',
    'decision',
    'code',
    'attempt',
    'durationMs',
    'failed',
    'by',
    'to',
  ],
]);

/** Members that hold what users, steps and the outside have made: whatever is called like a name in them is none. */
const VALUES = new Set(['inputs', 'env', 'options', 'outputs', 'value', 'reads']);

/** How it is said that a text goes on. */
const CUT = /…|\.\.\.|\n\[(?:\.\.\. )?\d+ [a-z ]*left out/g;

/** Hides secret values in every string that leaves the engine. */
export class Redactor {
  readonly #search = new SecretSearch();

  /** Values shorter than 4 characters can't be hidden; false says so. */
  add(secret: string): boolean {
    return this.#search.add(secret);
  }

  /** Hides a value, and each text and number that it is made of. */
  addAll(value: Json): void {
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) this.addAll(inner);
    if (typeof value !== 'boolean' && value !== null)
      this.add(typeof value === 'string' ? value : JSON.stringify(value));
  }

  text(text: string): string {
    if (this.#search.isEmpty) return text;
    const cuts = [...text.matchAll(CUT)].flatMap(({index}) => this.#search.cutOff(text.slice(0, index)));
    return masked(text, joined([...this.#search.find(text), ...cuts]));
  }

  /** Masks all strings of a value, the names of members too. */
  json<T extends Json>(value: T): T {
    if (this.#search.isEmpty) return value;
    return this.#walk(value) as T;
  }

  /**
   * Masks what an entry, an event or a report carries, but not what it goes by: the ids and places stand in the runbook's
   * file, and with `***` in their place nothing could be found again.
   */
  carried<T>(value: T): T {
    if (this.#search.isEmpty) return value;
    return this.#walkNamed(value as Json) as T;
  }

  #walkNamed(value: Json): Json {
    if (Array.isArray(value)) return value.map((item) => this.#walkNamed(item));
    if (value === null || typeof value !== 'object') return this.#walk(value);
    const members = Object.entries(value).map(([name, item]) => {
      if (NAMES.has(name)) return [name, item];
      return [name, VALUES.has(name) ? this.#walk(item) : this.#walkNamed(item)];
    });
    return Object.fromEntries(members);
  }

  #walk(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.text(String(value)).includes(MASK) ? MASK : value;
    if (Array.isArray(value)) return value.map((item) => this.#walk(item));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [this.text(name), this.#walk(item)]));
  }

  /** A stream of chunks, in which a secret may be cut anywhere. Call `end` for what was held back. */
  stream(): MaskedStream {
    return new MaskedStream(this.#search);
  }
}

/** How much of what is gone already says how to read what comes. */
const CONTEXT = 96;

/** Masks a text that comes in chunks as if it came whole, holding back what may be the beginning of a secret. */
export class MaskedStream {
  readonly #search: SecretSearch;
  /** The end of what has been given out. */
  #before = '';
  #held = '';
  /** So much of `#held` belongs to a secret that has begun before it. */
  #covered = 0;
  /** What was given out last was a mask. */
  #isMasked = false;

  constructor(search: SecretSearch) {
    this.#search = search;
  }

  push(chunk: string): string {
    if (this.#search.isEmpty && this.#held === '') return this.#pass(chunk);
    const text = this.#before + this.#held + chunk;
    const to = Math.max(this.#search.pending(text), this.#before.length);
    return this.#give(text, this.#search.find(text), to);
  }

  end(): string {
    const text = this.#before + this.#held;
    const given = this.#give(text, [...this.#search.find(text), ...this.#search.cutOff(text)], text.length);
    this.#before = '';
    this.#isMasked = false;
    return given;
  }

  #pass(chunk: string): string {
    this.#before = contextOf(chunk.length < CONTEXT ? this.#before + chunk : chunk);
    return chunk;
  }

  #give(text: string, hits: readonly Range[], to: number): string {
    const from = this.#before.length;
    const begun = {start: from, end: from + this.#covered};
    const ranges = joined([...(this.#covered > 0 ? [begun] : []), ...hits])
      .filter(({end}) => end > from)
      .map(({start, end}) => ({start: Math.max(start, from), end}));
    const given = ranges.flatMap(({start, end}) =>
      start < to ? [{start: start - from, end: Math.min(end, to) - from}] : [],
    );
    const over = ranges.find(({start, end}) => start < to && end > to);
    const out = masked(text.slice(from, to), given, this.#isMasked);
    if (to > from) this.#isMasked = given.at(-1)?.end === to - from && !out.endsWith('\n');
    this.#covered = over === undefined ? 0 : over.end - to;
    this.#before = contextOf(text.slice(0, to));
    this.#held = text.slice(to);
    return out;
  }
}

// An escape that began before the context would be read otherwise.
const contextOf = (text: string): string => text.slice(-CONTEXT).replace(/^\\+/, '');

/** Ranges in order, those that touch as one. */
const joined = (ranges: readonly Range[]): readonly Range[] => {
  const all: {start: number; end: number}[] = [];
  for (const {start, end} of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else all.push({start, end});
  }
  return all;
};

/** Line ends and control sequences inside of a secret: a terminal needs them. */
const KEPT = /([\r\n]+|\x1b\[[0-?]*[ -/]*[@-~])/;

const masked = (text: string, ranges: readonly Range[], continues = false): string => {
  let done = 0;
  let shown = '';
  for (const {start, end} of ranges) {
    shown += text.slice(done, start) + mask(text.slice(start, end), continues && start === 0);
    done = end;
  }
  return shown + text.slice(done);
};

/** One mask for each line of a secret. */
const mask = (secret: string, isMasked: boolean): string => {
  let needed = !isMasked;
  return secret
    .split(KEPT)
    .map((part, index) => {
      if (index % 2 === 1) {
        needed ||= part.includes('\n');
        return part;
      }
      if (part === '' || !needed) return '';
      needed = false;
      return MASK;
    })
    .join('');
};
