import type {Place} from './errors.ts';
import type {Source} from './source.ts';

const ESCAPE = /\\(?:x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|\r?\n|.)/iy;

/**
 * Maps a character of a scalar's value to its place in the file. Value and source hold the same characters in the same
 * order, except for white space (indentation, folding) and escapes.
 */
export const scalarPlaces = (
  source: Source,
  start: number,
  end: number,
  value: string,
): ((offset: number) => Place) => {
  let offsets: Uint32Array | undefined;
  return (offset) => {
    offsets ??= align(source.text, start, end, value);
    return source.placeAt(offsets[Math.max(0, Math.min(offset, value.length))] ?? start);
  };
};

const align = (text: string, start: number, end: number, value: string): Uint32Array => {
  const offsets = new Uint32Array(value.length + 1);
  const quote = text[start];
  const isBlock = quote === '|' || quote === '>';
  let at = start;
  if (isBlock) at = text.indexOf('\n', start) + 1;
  else if (quote === '"' || quote === "'") at++;
  for (let index = 0; index < value.length; index++) {
    if (!isBlank(value[index])) while (at < end && isBlank(text[at])) at++;
    offsets[index] = Math.min(at, end);
    if (isBlank(value[index]) && !isBlank(text[at]) && text[at] !== '\\') continue;
    at += sourceLength(text, at, quote);
    // the indentation of a block's next line is no part of its value
    if (isBlock && value[index] === '\n') at = skipIndentation(text, at, value, index + 1);
  }
  offsets[value.length] = Math.min(at, end);
  return offsets;
};

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t' || char === '\n' || char === '\r';

const sourceLength = (text: string, at: number, quote: string | undefined): number => {
  if (quote === "'" && text.startsWith("''", at)) return 2;
  if (quote !== '"' || text[at] !== '\\') return 1;
  ESCAPE.lastIndex = at;
  return ESCAPE.exec(text)?.[0].length ?? 1;
};

const skipIndentation = (text: string, at: number, value: string, index: number): number => {
  let wanted = 0;
  while (value[index + wanted] === ' ') wanted++;
  let indent = 0;
  while (text[at + indent] === ' ') indent++;
  return at + Math.max(0, indent - wanted);
};
