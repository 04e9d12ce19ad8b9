import type {Moment} from '../../engine/index.ts';
import type {Style} from '../streams.ts';
import {padded, widthOf, wrapped} from '../width.ts';
import type {Point} from './orders.ts';
import type {Reference, Remains, Trial} from './trial.ts';

/** The width of the longest moment. */
const MOMENT_COLUMNS = 'before'.length;
/** Longer lists of files are cut. */
const MOST_FILES = 3;

/** How the rows of one test are drawn. */
export interface Layout {
  readonly keyColumns: number;
  readonly columns: number;
  readonly style: Style;
  /** What a run without a kill leaves: only what is beyond that is told of the others. */
  readonly usual: Remains | undefined;
}

/** What became of one kill, in a line, and what went wrong below it. */
export const trialLines = (trial: Trial, {keyColumns, columns, style, usual}: Layout): string[] => {
  const {step, moment, problems, sandbox} = trial;
  const isGood = problems.length === 0;
  const warns = isGood && hasActedTwice(trial);
  const mark = isGood ? style(warns ? 'yellow' : 'green', warns ? '!' : '✔') : style('red', '✖');
  const where = `  ${mark} ${padded(step, keyColumns)}  ${padded(moment, MOMENT_COLUMNS)}  `;
  const indent = keyColumns + MOMENT_COLUMNS + 8;
  const [first = '', ...more] = wrapped(words(trial, usual).join('; '), Math.max(30, columns - indent));
  return [
    (where + first).trimEnd(),
    ...more.map((line) => ' '.repeat(indent) + line),
    ...problems.flatMap((problem) => wrapped(problem, columns - 6)).map((line) => `      ${style('red', line)}`),
    ...(sandbox === undefined ? [] : [`      ${style('dim', `see: ${sandbox}`)}`]),
  ];
};

/** A kill after the act: what acts then acts a second time. */
export const hasActedTwice = ({moment, acted}: Trial): boolean => moment === 'after' && acted;

const words = (trial: Trial, usual: Remains | undefined): string[] => {
  const {resumed, asked, remains} = trial;
  return [
    ...asked.map((one) => `asked${one.step === trial.step ? '' : ` of ${one.step}`}, told --${one.answer}`),
    ...(resumed ? [`resumed: ${treatment(trial)}`] : []),
    ...(remains === undefined ? [] : remainsWords(remains, usual)),
  ];
};

const treatment = ({step, how, acted, moment, asked}: Trial): string => {
  if (how === 'accepted') return 'taken as done';
  if (how === 'adopted') return acted ? 'done again' : 'adopted';
  if (how === 'already-true') return 'already true';
  if (how === undefined) return 'kept';
  if (!acted) return 'looked at again';
  if (moment === 'after') return 'done again, so it has acted twice';
  return moment === 'before' || asked.some((one) => one.step === step) ? 'done' : 'done again';
};

const remainsWords = ({failed, stays, files, running}: Remains, usual: Remains | undefined): string[] => [
  failed.length > 0 ? 'undo has left something' : 'undone',
  ...listed('stays: ', without(stays, usual?.stays)),
  ...listed('files left: ', without(files, usual?.files)),
  ...listed('still running: ', without(running, usual?.running)),
];

const without = (all: readonly string[], usual: readonly string[] = []): readonly string[] =>
  all.filter((one) => !usual.includes(one));

const listed = (label: string, all: readonly string[]): string[] => (all.length === 0 ? [] : [label + shortened(all)]);

const shortened = (files: readonly string[]): string =>
  files.length <= MOST_FILES
    ? files.join(', ')
    : `${files.slice(0, MOST_FILES).join(', ')} and ${files.length - MOST_FILES} more`;

export const keyColumnsOf = (points: readonly Point[]): number => Math.max(0, ...points.map(({step}) => widthOf(step)));

const MOMENTS: Readonly<Record<Moment, string>> = {
  before: 'before it acts',
  during: 'while it acts',
  after: 'after it acted',
};

/** How often it is killed, and where: `18 kills: 6 steps, each before it acts, while it acts, after it acted`. */
export const countLine = (points: readonly Point[]): string => {
  const steps = new Set(points.map(({step}) => step)).size;
  const moments = [...new Set(points.map(({moment}) => moment))].map((moment) => MOMENTS[moment]).join(', ');
  const kills = points.length === 1 ? '1 kill' : `${points.length} kills`;
  return `${kills}: ${steps === 1 ? '1 step' : `${steps} steps`}, ${moments}`;
};

/** The last lines: how many held, and what an author may want to mend. */
export const summaryLines = (trials: readonly Trial[], {remains}: Reference, style: Style): string[] => {
  const bad = trials.filter(({problems}) => problems.length > 0).length;
  const twice = [...new Set(trials.filter(hasActedTwice).map(({step}) => step))];
  const counts = `${trials.length - bad} of ${trials.length} kills resumed as they should`;
  const hints = remains === undefined ? [] : remainsWords({...remains, failed: []}, undefined).slice(1);
  return [
    bad === 0 ? `${style('green', '✔')} ${counts}` : `${style('red', '✖')} ${counts}`,
    ...(twice.length === 0
      ? []
      : [
          `  ${style('yellow', '!')} killed after they acted, these acted twice: ${twice.join(', ')}`,
          '    (a check under "verify" lets a resume see that; "effect: once" makes it ask)',
        ]),
    ...(hints.length === 0 ? [] : [`  ${style('yellow', '!')} after an undo: ${hints.join('; ')}`]),
  ];
};
