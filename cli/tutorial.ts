import type {DescribedCheck, DescribedStep, Description} from '../engine/index.ts';
import {inOneLine, pasteable} from './command-line.ts';
import {markdownLines} from './markdown.ts';
import {pathsNote} from './paths-note.ts';
import type {Style} from './streams.ts';
import {ticking} from './time.ts';

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 100;

export interface Page {
  readonly columns: number;
  readonly style: Style;
  /** How the reader named the runbook. */
  readonly typed: string;
}

/** A runbook as a text to read: prose, then per step what it is for, what to type, and how it is checked. */
export const tutorial = (runbook: Description, page: Page): string[] => {
  const {style} = page;
  return [
    style('bold', runbook.title),
    style('dim', '='.repeat(Math.min(runbook.title.length, page.columns))),
    ...prose(runbook.about, page),
    ...needs(runbook, page),
    ...runbook.steps.flatMap((step, index) => ['', ...stepLines(step, index + 1, page)]),
    '',
    ...paths(runbook).map((line) => style('dim', line)),
    `${style('dim', 'run it with:')} runbook run ${page.typed}`,
  ];
};

const paths = ({pathsFrom, steps}: Description): string[] => {
  const note = pathsNote(
    pathsFrom,
    steps.flatMap(({commands}) => commands),
  );
  return note === undefined ? [] : [note];
};

const needs = ({requires, inputs}: Description, page: Page): string[] => {
  const {style} = page;
  return [
    ...(requires.length === 0 ? [] : ['', `${style('bold', 'Needs')} ${requires.join(', ')}`]),
    ...(inputs.length === 0 ? [] : ['', style('bold', 'Inputs')]),
    ...inputs.flatMap(({name, type, default: value, about}) => [
      `  ${style('cyan', name)}  ${type}, ${value === undefined ? 'to be given' : `${JSON.stringify(value)} by default`}`,
      ...prose(about, {...page, columns: Math.min(page.columns, WIDEST) - 4})
        .slice(1)
        .map((line) => `    ${line}`.trimEnd()),
    ]),
  ];
};

const stepLines = ({id, title, about, commands, checks}: DescribedStep, number: number, page: Page): string[] => [
  `${page.style('bold', `${number}. ${title}`)}  ${page.style('dim', id)}`,
  ...prose(about, page),
  '',
  ...commands.flatMap((command) => commandLines(command, page)),
  ...(checks.length === 0 ? [] : ['', ...checks.flatMap((check) => checkLines(check, page))]),
];

/** A command as a person would type it. */
export const commandLines = (command: string, {style}: Page): string[] =>
  pasteable(command, `    ${style('dim', '$')} `, ' '.repeat(6), (line) => style('cyan', line));

/** How a step is checked, in words. */
export const checkLines = ({kind, command, expect, withinMs}: DescribedCheck, {style}: Page): string[] => {
  const within = withinMs > 0 ? `, within ${ticking(withinMs)}` : '';
  const mark = style('green', '✔');
  if (kind === 'own') return [`    ${mark} the step checks that all of it is in place${within}`];
  const holds = expect === undefined ? [] : [`    ${mark} ${expect.trim().replace(/\s*\n\s*/g, ' ')}${within}`];
  if (command === undefined) return holds;
  return [`    ${mark} ${style('dim', '$')} ${inOneLine(command)}`, ...holds.map((line) => `  ${line}`)];
};

/** Markdown, with an empty line above. */
export const prose = (text: string | undefined, {columns, style}: Page): string[] =>
  text === undefined || text.trim() === ''
    ? []
    : ['', ...markdownLines(text, {columns: Math.min(columns - 1, WIDEST), style})];
