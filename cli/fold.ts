/** Neighbours that say the same, as one. */
export interface Fold<Row> {
  readonly rows: readonly Row[];
  /** What they are called together; undefined where there is one row, as it is. */
  readonly word: string | undefined;
}

/** A list that fits on a screen is shown as it is. */
const FITS = 20;
const FEWEST = 4;

/**
 * Rows in a row that are all alike, taken together; those without a word always stand for themselves.
 * @param wordOf what makes rows alike; undefined for rows that have to be seen
 */
export const folded = <Row>(
  rows: readonly Row[],
  wordOf: (row: Row) => string | undefined,
  all = false,
): readonly Fold<Row>[] => {
  const single = (row: Row): Fold<Row> => ({rows: [row], word: undefined});
  if (all || rows.length <= FITS) return rows.map(single);
  const folds: {rows: Row[]; word: string | undefined}[] = [];
  for (const row of rows) {
    const word = wordOf(row);
    const last = folds.at(-1);
    if (word !== undefined && last?.word === word) last.rows.push(row);
    else folds.push({rows: [row], word});
  }
  return folds.flatMap((fold) =>
    fold.word !== undefined && fold.rows.length >= FEWEST ? [fold] : fold.rows.map(single),
  );
};
