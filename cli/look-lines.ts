import type {Look} from '../engine/index.ts';
import {folded} from './fold.ts';
import {FOLDED, STANDING} from './progress/words.ts';
import {labelled} from './report.ts';
import type {Format, Style} from './streams.ts';
import {padded, widthOf} from './width.ts';

export type TitledLook = Look & {readonly title?: string; readonly note?: string};

/**
 * How each step stands: a row, and below it what was expected and found where something is wrong. Of many, those in a row
 * that stand well share a line.
 */
export const lookLines = (looks: readonly TitledLook[], style: Style, all = false): string[] => {
  const folds = folded(looks, ({standing, note}) => (note === undefined ? FOLDED[standing] : undefined), all).map(
    (fold) => ({...fold, key: keyOf(fold.rows)}),
  );
  const keys = Math.max(0, ...folds.map(({key}) => widthOf(key)));
  const words = Math.max(0, ...folds.map(({rows: [look]}) => (look ? STANDING[look.standing].word.length : 0)));
  return folds.flatMap(({rows, word, key}) => {
    const [look] = rows;
    if (look === undefined) return [];
    const {mark, word: own, format} = STANDING[look.standing];
    const title = word === undefined ? titleOf(look, style) : style('dim', rangeOf(rows));
    const row = `  ${style(format, mark)} ${padded(key, keys)}  ${style(format, padded(word ?? own, words))}  ${title}`;
    return [row.trimEnd(), ...(word === undefined ? lookDetails(look, style).map((line) => `  ${line}`) : [])];
  });
};

const keyOf = (looks: readonly TitledLook[]): string =>
  looks.length === 1 ? (looks[0]?.step ?? '') : `${looks.length} steps`;

/** The first and the last of several. */
export const rangeOf = (looks: readonly {readonly step: string}[]): string =>
  `${looks[0]?.step} … ${looks.at(-1)?.step}`;

const titleOf = ({title = '', step, note}: TitledLook, style: Style): string =>
  [title === step ? '' : title, note === undefined ? '' : style('dim', note)].filter((text) => text !== '').join('  ');

/** Below the row of a step: why it stands so, what of it was edited, what was expected and found. */
export const lookDetails = ({standing, detail, diff, expected, found}: TitledLook, style: Style): string[] => {
  if (standing === 'holds') return [];
  return [
    ...(detail === undefined ? [] : labelled('why', detail, style)),
    ...(diff === undefined ? [] : labelled('edit', diffLines(diff, style), style)),
    ...(expected === undefined ? [] : labelled('expected', expected, style)),
    ...(found === undefined ? [] : labelled('found', found, style)),
  ];
};

const LONGEST_DIFF = 40;
/** How the lines of an edit are coloured. */
export const MARKS: Readonly<Record<string, Format>> = {'-': 'red', '+': 'green'};

/** An edit in colour: what was cut red, what has come green; of a long one the beginning. */
export const diffLines = (diff: string, style: Style): string[] => {
  const lines = diff.split('\n');
  const shown = lines.slice(0, LONGEST_DIFF).map((line) => style(MARKS[line[0] ?? ''] ?? 'dim', line));
  const left = lines.length - shown.length;
  return left === 0 ? shown : [...shown, style('dim', `... and ${left} more lines`)];
};
