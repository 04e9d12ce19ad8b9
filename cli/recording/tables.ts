/** A table as command line tools print it: a head, and rows whose cells begin where the head's words do. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a tool has printed, taken apart. */
export type Part = {readonly kind: 'lines'; readonly lines: readonly string[]} | ({readonly kind: 'table'} & Table);

/** Where the words of a head begin that stand apart: at least two, all of them in capitals or each with one. */
const columnsOf = (line: string): number[] => {
  if (!/^[A-Z]/.test(line)) return [];
  const starts = [...line.matchAll(/(?:^| {2,})(?=\S)/g)].map(({index, 0: gap}) => index + gap.length);
  const cells = cellsAt(line, starts);
  return starts.length > 1 && cells.every((cell) => /^[A-Z]/.test(cell)) ? starts : [];
};

const cellsAt = (line: string, starts: readonly number[]): string[] => {
  const chars = [...line];
  return starts.map((start, index) =>
    chars
      .slice(start, starts[index + 1])
      .join('')
      .trim(),
  );
};

const isRow = (line: string, starts: readonly number[]): boolean => {
  const chars = [...line];
  return line.trim() !== '' && starts.every((start) => start === 0 || (chars[start - 1] ?? ' ') === ' ');
};

/** Finds the tables in a text. */
export const partsOf = (text: string): Part[] => {
  const lines = text.split('\n');
  const parts: Part[] = [];
  let plain: string[] = [];
  const endPlain = (): void => {
    if (plain.length > 0) parts.push({kind: 'lines', lines: plain});
    plain = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const starts = columnsOf(line);
    let end = at + 1;
    while (starts.length > 0 && end < lines.length && isRow(lines[end] ?? '', starts)) end++;
    const isWhole = starts.length > 2 && (lines[end] ?? '') === '';
    if (starts.length === 0 || (end === at + 1 && !isWhole)) {
      plain.push(line);
      continue;
    }
    endPlain();
    const rows = lines.slice(at + 1, end).map((row) => cellsAt(row, starts));
    parts.push({kind: 'table', head: cellsAt(line, starts), rows});
    at = end - 1;
  }
  endPlain();
  return parts;
};

/** The table as a text, each column as wide as its widest cell. */
export const tableText = ({head, rows}: Table): string => {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((cells) => [...(cells[column] ?? '')].length)));
  return all
    .map((cells) =>
      cells
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
};
