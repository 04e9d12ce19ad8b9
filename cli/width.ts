import stringWidth from 'fast-string-width';

/** Columns that a text takes on a terminal; colour codes take none. */
export const widthOf = (text: string): number => (isAscii(text) ? text.length : stringWidth(text));

let segmenter: Intl.Segmenter | undefined;

/** It takes 25 ms to make: only who cuts text beyond ASCII waits for it. */
const graphemesOf = (text: string): Intl.Segments => {
  segmenter ??= new Intl.Segmenter(undefined, {granularity: 'grapheme'});
  return segmenter.segment(text);
};

/** The text, or its beginning and an ellipsis when it takes more columns. For text without colour codes. */
export const cut = (text: string, columns: number): string => {
  if (text.length <= columns && isAscii(text)) return text;
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const {segment} of graphemesOf(text)) {
    const width = widthOf(segment);
    if (used + width > columns - 1) break;
    kept += segment;
    used += width;
  }
  return columns < 1 ? '' : `${kept}…`;
};

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** Fills up with blanks on the right; longer text stays as it is. */
export const padded = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - widthOf(text)));

/** Fills up with blanks on the left. */
export const rightAligned = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - widthOf(text))) + text;

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size in bytes as a person says it: `812 B`, `4.1 kB`, `12 MB`. */
export const sizeText = (bytes: number): string => {
  const power = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${SIZES[power]}`;
};

/** Words in lines of at most so many columns; a longer word gets a line of its own. */
export const wrapped = (text: string, columns: number): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
};

/** Lines as they are, where they fit; longer ones broken between words, with what follows indented. */
export const fitted = (text: string, columns = Number.POSITIVE_INFINITY): string =>
  text
    .split('\n')
    .map((line) => (widthOf(line) <= columns ? line : wrapped(line, columns - 2).join('\n  ')))
    .join('\n');

/** Rows as lines with aligned columns, two blanks apart; the last column is as long as it is. */
export const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : padded(cell, widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
};
