import type {Format, Style} from '../streams.ts';
import {cut, padded, widthOf} from '../width.ts';
import type {Wording} from './words.ts';

const MARGIN = '  ';
const WORD_COLUMNS = 13;
/** `14 s, usually 40 s`. */
const TIME_COLUMNS = 18;
/** Margin, mark and blank before the title; two blanks before and after the word; the last column stays empty. */
const AROUND_TITLE = 4 + 2 + WORD_COLUMNS + 2 + 1;
const SHORTEST_TITLE = 16;

/** Columns for the titles: as many as the longest needs, as long as the terminal has them. */
export const titleColumns = (titles: Iterable<string>, columns: number): number => {
  const room = Math.max(SHORTEST_TITLE, columns - AROUND_TITLE - TIME_COLUMNS);
  let longest = SHORTEST_TITLE;
  for (const title of titles) {
    longest = Math.max(longest, widthOf(title));
    if (longest >= room) return room;
  }
  return longest;
};

export interface RowLayout {
  readonly columns: number;
  readonly title: number;
  readonly style: Style;
}

/** `  ✔ Start the first server   ran   1.4 s`: mark, title, word and time in columns. */
export const row = (
  wording: Wording,
  title: string,
  time: string,
  {columns, title: room, style}: RowLayout,
): string => {
  const name = padded(cut(title, room), room);
  const word = padded(wording.word, WORD_COLUMNS);
  const head = `${MARGIN}${style(wording.format, wording.mark)} ${name}  ${style(wording.format, word)}`;
  const left = columns - 1 - (4 + room + 2 + WORD_COLUMNS + 2);
  return left < 1 || time === '' ? head.trimEnd() : `${head}  ${style('dim', cut(time, left))}`;
};

/** How wide the time of a row may be. */
export const timeRoom = ({columns, title}: RowLayout): number => columns - title - AROUND_TITLE;

/** A line below a row, indented and cut. */
export const below = (text: string, {columns, style}: RowLayout, indent = 6, format: Format = 'dim'): string =>
  ' '.repeat(indent) + style(format, cut(text, columns - 1 - indent));
