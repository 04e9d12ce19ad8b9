import type {Place} from './errors.ts';

const WIDTH = 100;
const TAB = '  ';

/** The text of a file, and where its lines start. */
export interface Source {
  readonly file: string;
  readonly text: string;
  /** The place of a character, counted in UTF-16 units from 0. */
  placeAt(offset: number): Place;
}

/** Finds places in a text in logarithmic time; in order, as a reader asks for them, in no time. */
export const source = (file: string, text: string): Source => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  let last = 0;
  const isIn = (line: number, offset: number): boolean =>
    (starts[line] ?? Number.POSITIVE_INFINITY) <= offset && offset < (starts[line + 1] ?? Number.POSITIVE_INFINITY);
  const lineAt = (offset: number): number => {
    if (isIn(last, offset)) return last;
    if (isIn(last + 1, offset)) return ++last;
    last = searched(offset);
    return last;
  };
  const searched = (offset: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    file,
    text,
    placeAt(offset) {
      const line = lineAt(offset);
      return {file, line: line + 1, column: offset - (starts[line] ?? 0) + 1};
    },
  };
};

/** The nth line of a text, counted from 1, without its line end. */
const lineOf = (text: string, line: number): string => {
  let start = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf('\n', start);
    if (end < 0) return '';
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
};

// What would move the marker or the terminal's cursor is replaced by something of known width.
const visible = (text: string): string => text.replaceAll('\t', TAB).replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');

/**
 * The line of a place with its number, and `^~~~` under the place. Long lines are cut around it.
 * @param length how many characters the marker covers; by default to the end of the word
 */
export const excerpt = (text: string, place: Place, length?: number): string => {
  const line = lineOf(text, place.line);
  const start = Math.min(place.column - 1, line.length);
  const word = /^(?:"[^"]*"|'[^']*'|[\w.$/-]+)/.exec(line.slice(start))?.[0].length ?? 1;
  const end = Math.min(start + Math.max(length ?? word, 1), Math.max(line.length, start + 1));

  const from = start > WIDTH - 20 ? start - Math.floor(WIDTH / 2) : 0;
  const cutBefore = from > 0 ? '…' : '';
  const before = cutBefore + visible(line.slice(from, start));
  const marked = visible(line.slice(start, Math.min(end, from + WIDTH)));
  const after = visible(line.slice(end, from + WIDTH)) + (line.length > from + WIDTH ? '…' : '');

  const margin = `${place.line} | `;
  const marker = `^${'~'.repeat(Math.max(marked.length - 1, 0))}`;
  return `${margin}${before}${marked}${after}\n${' '.repeat(margin.length - 2)}| ${' '.repeat(before.length)}${marker}`;
};
