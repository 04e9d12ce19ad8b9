import {padded, rightAligned, widthOf} from './width.ts';

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly cells: readonly string[];
  readonly align?: 'right';
  /** Where not all fit, the column with the highest number goes first; one without stays. */
  readonly dispensable?: number;
}

const GAP = '  ';

/** A table as wide as its content, without the columns that are least needed where there is not enough room. */
export const columnLines = (columns: readonly Column[], room: number, title: (text: string) => string): string[] => {
  const shown = fitting(columns, room);
  const widths = shown.map(widthOfColumn);
  const rows = [
    shown.map((column) => title(column.title)),
    ...(shown[0]?.cells ?? []).map((_, row) => cellsAt(shown, row)),
  ];
  return rows.map((cells) =>
    cells
      .map((cell, index) => aligned(cell, shown[index], widths[index] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
};

const widthOfColumn = ({title, cells}: Column): number =>
  cells.reduce((widest, cell) => Math.max(widest, widthOf(cell)), widthOf(title));

const cellsAt = (columns: readonly Column[], row: number): string[] => columns.map(({cells}) => cells[row] ?? '');

const aligned = (cell: string, column: Column | undefined, width: number): string =>
  column?.align === 'right' ? rightAligned(cell, width) : padded(cell, width);

const fitting = (columns: readonly Column[], room: number): readonly Column[] => {
  const needed = columns.reduce((sum, column) => sum + widthOfColumn(column) + GAP.length, -GAP.length);
  if (needed <= room) return columns;
  const least = Math.max(...columns.map(({dispensable = 0}) => dispensable));
  return least === 0
    ? columns
    : fitting(
        columns.filter(({dispensable}) => dispensable !== least),
        room,
      );
};
