import type {Comparison} from './case.ts';
import type {Measured, Spread} from './measure.ts';

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));

const spread = ({median, low, high}: Spread): string => `${number(median)} (${number(low)} to ${number(high)})`;

const verdict = ({contestant: {target}, ratio}: Measured): string => {
  if (target === undefined || ratio === undefined) return '';
  return `${ratio.median <= target ? 'within' : 'ABOVE'} ${target}`;
};

/** A comparison as a table of Markdown, as it stands in docs/performance.md. */
export const tableOf = ({what, unit = 'ms'}: Comparison, rows: readonly Measured[]): string => {
  const cells = [
    [what, `median (spread), ${unit}`, 'ratio (spread)', 'target'],
    ...rows.map((row) => [
      row.contestant.name,
      spread(row.figure),
      row.ratio === undefined ? '1' : spread(row.ratio),
      verdict(row),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
};
