import {withFile} from './regular-file.ts';
import type {Hit, SecretSearch} from './secret-search.ts';

/** A place where a secret can be read. */
export interface Leak {
  readonly file: string;
  /** From 1 on; 0 where it is in the name of the file. */
  readonly line: number;
  /** In characters, from 1 on. */
  readonly column: number;
  /** In bytes, from the beginning of the file. */
  readonly offset: number;
  /** What the secret is called. */
  readonly secret: string;
  /** `plain`, `base64`, `JSON`, `URL`, `HTML`, and what is one in another. */
  readonly encoding: string;
  /** It is not all of it: a line, or a piece of a very long one. */
  readonly isPart: boolean;
}

/** Files are searched in pieces, which overlap so far that nothing is lost between them. */
const PIECE_BYTES = 8 * 1024 * 1024;
const OVERLAP = 64 * 1024;

/** Where a piece begins in its file. */
interface Start {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

const BEGINNING: Start = {offset: 0, line: 1, column: 1};

/** Everything of a file that gives a secret away. Throws what the system does, and `NotAFile`. */
export const searchFile = (search: SecretSearch, file: string): {leaks: readonly Leak[]; bytes: number} =>
  withFile(file, (_, read) => {
    const decoder = new TextDecoder();
    const leaks: Leak[] = [];
    let start = BEGINNING;
    let text = '';
    for (let at = 0; ; ) {
      const bytes = read(at, PIECE_BYTES);
      const isLast = bytes.length < PIECE_BYTES;
      at += bytes.length;
      text += decoder.decode(bytes, {stream: !isLast});
      const to = isLast ? text.length : Math.max(0, text.length - OVERLAP);
      leaks.push(...leaksIn(search, text, {file, start, to}));
      if (isLast) return {leaks, bytes: at};
      start = after(start, text.slice(0, to));
      text = text.slice(to);
    }
  });

/** What begins at the end of one file and goes on at the beginning of the next: the parts of a long log. */
export const searchBorder = (search: SecretSearch, file: string, next: string): readonly Leak[] =>
  withFile(file, (size, read) => {
    const from = Math.max(0, size - OVERLAP);
    const end = read(from, size - from);
    const all = Buffer.concat([end, withFile(next, (_, readNext) => readNext(0, OVERLAP))]).toString();
    const border = end.toString().length;
    const crossing = hitsIn(search, all).filter((hit) => hit.start < border && hit.end > border);
    const start = from === 0 ? BEGINNING : after(BEGINNING, read(0, from).toString());
    return crossing.map((hit) => leakAt(hit, all, file, start));
  });

/** Whether the name of a file gives a secret away. */
export const searchName = (search: SecretSearch, file: string, name: string): readonly Leak[] =>
  hitsIn(search, name).map((hit) => ({...leakAt(hit, name, file, BEGINNING), line: 0, offset: 0}));

const leaksIn = (
  search: SecretSearch,
  text: string,
  {file, start, to}: {readonly file: string; readonly start: Start; readonly to: number},
): readonly Leak[] => {
  let known = {at: 0, start};
  return hitsIn(search, text)
    .filter((hit) => hit.start < to)
    .map((hit) => {
      known = {at: hit.start, start: after(known.start, text.slice(known.at, hit.start))};
      return leakOf(hit, file, known.start);
    });
};

const leakAt = (hit: Hit, text: string, file: string, start: Start): Leak =>
  leakOf(hit, file, after(start, text.slice(0, hit.start)));

const leakOf = ({form, escapings}: Hit, file: string, place: Start): Leak => {
  const ways = [...(form.isBase64 ? ['base64'] : []), ...escapings];
  const encoding = ways.length === 0 ? 'plain' : ways.join(' in ');
  return {file, ...place, secret: form.name, encoding, isPart: form.isPart};
};

const after = ({offset, line, column}: Start, passed: string): Start => {
  const breaks = passed.split('\n');
  const last = breaks.at(-1) ?? '';
  return {
    offset: offset + Buffer.byteLength(passed),
    line: line + breaks.length - 1,
    column: breaks.length === 1 ? column + passed.length : last.length + 1,
  };
};

/** In order; of those that overlap the longest, since it has the others in it. */
const hitsIn = (search: SecretSearch, text: string): readonly Hit[] => {
  const kept: Hit[] = [];
  for (const hit of [...search.find(text)].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept.at(-1);
    if (last === undefined || hit.start >= last.end) kept.push(hit);
    else if (hit.end - hit.start > last.end - last.start) kept[kept.length - 1] = hit;
  }
  return kept;
};
