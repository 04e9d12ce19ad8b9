import type {Event, Look} from '../../engine/index.ts';
import {inOneLine} from '../command-line.ts';
import {COURSE_FORMATS, foldedCourses, keptLine} from '../course-lines.ts';
import {folded} from '../fold.ts';
import {MARKS, rangeOf} from '../look-lines.ts';
import type {Format} from '../streams.ts';
import {cut, padded, widthOf} from '../width.ts';
import {below, type RowLayout, row} from './rows.ts';
import {COURSE, FOLDED, STANDING} from './words.ts';

type Looked = Look & {readonly title: string};

/** What the looks before a resume have found, for a terminal: many that hold share a line. */
export const lookedLines = (looks: readonly Looked[], layout: RowLayout, all: boolean): string[] =>
  folded(looks, ({standing}) => FOLDED[standing], all).flatMap(({rows, word}) => {
    const [look] = rows;
    if (look === undefined) return [];
    const wording = STANDING[look.standing];
    if (word !== undefined) return [row({...wording, word}, `${rows.length} steps`, rangeOf(rows), layout)];
    // That a step is still to come is shown by what follows.
    return look.standing === 'pending' ? [] : [row(wording, look.title, '', layout), ...details(look, layout)];
  });

const details = (look: Looked, layout: RowLayout): string[] => {
  if (look.standing === 'holds' || look.standing === 'no-check') return [];
  return [
    ...(look.detail === undefined ? [] : look.detail.split('\n').map((line) => below(line, layout))),
    ...diffBelow(look.diff, layout),
    ...part('expected', look.expected, layout),
    ...part('found', look.found, layout),
  ];
};

const MOST_DIFF = 20;

const diffBelow = (diff: string | undefined, layout: RowLayout): string[] => {
  const lines = diff?.split('\n') ?? [];
  const shown = lines.slice(0, MOST_DIFF).map((line) => below(line, layout, 6, MARKS[line[0] ?? '']));
  const left = lines.length - shown.length;
  return left === 0 ? shown : [...shown, below(`... and ${left} more lines`, layout)];
};

const part = (label: string, text: string | undefined, layout: RowLayout): string[] =>
  (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => below(`${(index === 0 ? label : '').padEnd(10)}${line}`, layout));

/** What the resume does now, and why: a line for each step, and below it the command. */
export const plannedLines = (
  {steps, kept}: Event & {type: 'resume-planned'},
  layout: RowLayout,
  all: boolean,
): string[] => {
  const {style} = layout;
  const folds = foldedCourses(steps, all);
  const keys = Math.max(0, ...folds.map(({rows}) => (rows.length === 1 ? widthOf(rows[0]?.step ?? '') : 0)));
  const head = folds.length === 0 ? [] : ['', `  ${style('bold', 'what is done now')}`];
  return [
    ...head,
    ...folds.flatMap(({rows, word}) => {
      const [step] = rows;
      if (step === undefined) return [];
      if (word !== undefined) return [line(`${rows.length} steps`, word, `  ${rangeOf(rows)}`, 'cyan', keys, layout)];
      const format = COURSE_FORMATS[step.course] ?? 'cyan';
      const commands = [step.undoCommand ?? '', step.command].filter((text) => text !== '');
      return [
        line(step.step, COURSE[step.course], step.why === '' ? '' : `: ${step.why}`, format, keys, layout),
        ...commands.map((command) => below(`$ ${inOneLine(command)}`, layout)),
      ];
    }),
    ...(folds.length === 0 ? [] : keptLine(kept).map((text) => `  ${style('dim', text)}`)),
    '',
  ];
};

const line = (key: string, word: string, more: string, format: Format, keys: number, layout: RowLayout): string => {
  const {style, columns} = layout;
  const head = `    ${padded(key, keys)}  `;
  const room = columns - 1 - widthOf(head);
  const what = cut(word, room);
  const rest = cut(more, Math.max(0, room - widthOf(what)));
  return `${head}${style(format, what)}${style('dim', rest)}`;
};
