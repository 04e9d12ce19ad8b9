import type {ResumeStep} from '../engine/index.ts';
import {pasteable} from './command-line.ts';
import {type Fold, folded} from './fold.ts';
import {rangeOf} from './look-lines.ts';
import {COURSE} from './progress/words.ts';
import type {Format, Style} from './streams.ts';
import {padded, widthOf} from './width.ts';

/** Of a long script the beginning says which one it is. */
const LONGEST_COMMAND = 12;

export const COURSE_FORMATS: Readonly<Partial<Record<ResumeStep['course'], Format>>> = {
  remake: 'yellow',
  unknown: 'yellow',
  ask: ['bold', 'yellow'],
  accept: 'yellow',
};

/** What a resume does: each step that is not simply kept, why, and the command. */
export const courseLines = (steps: readonly ResumeStep[], style: Style, all = false): string[] => {
  const folds = foldedCourses(steps, all);
  const keys = Math.max(0, ...folds.map(({rows}) => (rows.length === 1 ? widthOf(rows[0]?.step ?? '') : 0)));
  return folds.flatMap(({rows, word}) => {
    const [step] = rows;
    if (step === undefined) return [];
    if (word !== undefined)
      return [`  ${padded(`${rows.length} steps`, keys)}  ${word}  ${style('dim', rangeOf(rows))}`];
    const {course, why} = step;
    const what = style(COURSE_FORMATS[course] ?? 'cyan', COURSE[course]);
    const head = `  ${padded(step.step, keys)}  ${what}${why === '' ? '' : style('dim', `: ${why}`)}`;
    return [head, ...commandLines(step.undoCommand ?? '', style), ...commandLines(step.command, style)];
  });
};

/** The steps to tell of; those that nobody has to look at one by one are taken together. */
export const foldedCourses = (steps: readonly ResumeStep[], all: boolean): readonly Fold<ResumeStep>[] => {
  const told = steps.filter(({course}) => course !== 'keep' && course !== 'leave');
  const areMany = told.filter(isStillToCome).length > MOST_TO_COME;
  return folded(
    told,
    (step) => {
      if (PASSED.has(step.course)) return `${COURSE[step.course]}: ${step.why}`;
      return areMany && isStillToCome(step) ? 'run: not done yet' : undefined;
    },
    all,
  );
};

const PASSED: ReadonlySet<string> = new Set(['recheck', 'skip', 'already-true']);

/** So many that were not done yet are shown with their commands. */
const MOST_TO_COME = 15;

const isStillToCome = ({course, standing}: ResumeStep): boolean =>
  standing === 'pending' && (course === 'run' || course === 'look');

const commandLines = (command: string, style: Style): string[] => {
  if (command === '') return [];
  const lines = command.trimEnd().split('\n');
  if (lines.length <= LONGEST_COMMAND)
    return pasteable(command, `    ${style('dim', '$')} `, ' '.repeat(6), (line) => style('dim', line));
  const shown = lines.slice(0, LONGEST_COMMAND).map((line, index) => `${index === 0 ? '$' : ' '} ${line}`);
  const left = lines.length - shown.length;
  return [...shown, ...(left === 0 ? [] : [`  ... and ${left} more lines`])].map((line) => `    ${style('dim', line)}`);
};

/** `7 steps are kept`; empty where none is. */
export const keptLine = (kept: number): string[] =>
  kept === 0 ? [] : [kept === 1 ? '1 step is kept' : `${kept} steps are kept`];
