import type {UndoPlan, UndoStep} from '../engine/index.ts';
import type {Call} from './command.ts';
import {pasteable} from './command-line.ts';
import {NOTICE} from './progress/words.ts';
import {shownPath} from './report.ts';
import type {Format, Style} from './streams.ts';
import {dateTime} from './time.ts';
import {padded, widthOf} from './width.ts';

const TITLES = {
  irreversible: "can't be taken back",
  undo: 'taken back, in this order',
  keep: 'stays: it was there before',
} as const satisfies Partial<Record<UndoStep['action'], string>>;

/** What an undo takes back, what it can't, and what stays; and what an operator should know before. */
export const undoLines = (plan: UndoPlan, call: Call, style: Style): string[] => {
  const {run, runbook, startedAt, steps, running} = plan;
  const groups = (Object.keys(TITLES) as (keyof typeof TITLES)[]).flatMap((action) => group(action, steps, style));
  const told = notes(plan, call).map((text) => `  ${style(NOTICE.format, NOTICE.mark)} ${text}`);
  return [
    `${style('bold', runbook)}  ${style('dim', `run ${run}, started ${dateTime(new Date(startedAt))}`)}`,
    '',
    ...(running.length === 0
      ? []
      : [style('bold', 'still runs, and is ended first'), ...running.map((step) => `  ${step}`), '']),
    ...groups,
    ...(told.length === 0 ? [] : [...told, '']),
  ];
};

const group = (action: keyof typeof TITLES, steps: readonly UndoStep[], style: Style): string[] => {
  const members = steps.filter((step) => step.action === action);
  if (members.length === 0) return [];
  const keys = Math.max(...members.map(({step}) => widthOf(step)));
  const format: Format = action === 'irreversible' ? ['bold', 'yellow'] : 'bold';
  return [style(format, TITLES[action]), ...members.flatMap((step) => stepLines(step, keys, style)), ''];
};

const stepLines = ({step, title, action, command, isInDoubt}: UndoStep, keys: number, style: Style): string[] => {
  const key = `  ${padded(step, keys)}  `;
  const doubt = isInDoubt ? style('yellow', 'if it is there') : '';
  const about = [title === step ? '' : title, doubt].filter((text) => text !== '').join('  ');
  if (action !== 'undo' || command === '') return [`${key}${about}`.trimEnd()];
  const lines = pasteable(command, `${key}${style('dim', '$')} `, ' '.repeat(keys + 6));
  return doubt === ''
    ? lines
    : [`${key}${about}`.trimEnd(), ...lines.map((line) => line.replace(key, ' '.repeat(key.length)))];
};

const notes = ({later, unreadable, runbook}: UndoPlan, {around}: Call): string[] => [
  ...(later.length === 0
    ? []
    : [
        `${later.length === 1 ? 'a later run' : 'later runs'} of ${runbook} may use what is taken back: ${later.join(', ')}`,
      ]),
  ...(unreadable === undefined
    ? []
    : [`the file can't be used, so the journal alone says what to take back: ${placed(unreadable, around.cwd)}`]),
];

const placed = ({place, message}: NonNullable<UndoPlan['unreadable']>, cwd: string): string =>
  place === undefined ? message : `${shownPath(place.file, cwd)}:${place.line}: ${message}`;
