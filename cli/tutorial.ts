import type {DescribedCheck, DescribedStep, Description} from '../engine/index.ts';
import {inOneLine} from './command-line.ts';
import {plain, type Style} from './streams.ts';
import {ticking} from './time.ts';
import {table, wrapped} from './width.ts';

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
    `${style('dim', 'run it with:')} runbook run ${page.typed}`,
  ];
};

const needs = ({requires, inputs}: Description, {style}: Page): string[] => [
  ...(requires.length === 0 ? [] : ['', `${style('bold', 'Needs')} ${requires.join(', ')}`]),
  ...(inputs.length === 0
    ? []
    : [
        '',
        style('bold', 'Inputs'),
        ...table(
          inputs.map(({name, type, default: value, about}) => [
            `  ${name}`,
            value === undefined ? `${type}, to be given` : `${type}, ${JSON.stringify(value)} by default`,
            style('dim', about ?? ''),
          ]),
        ),
      ]),
];

const stepLines = ({id, title, about, commands, checks}: DescribedStep, number: number, page: Page): string[] => [
  `${page.style('bold', `${number}. ${title}`)}  ${page.style('dim', id)}`,
  ...prose(about, page),
  '',
  ...commands.flatMap((command) => commandLines(command, page)),
  ...(checks.length === 0 ? [] : ['', ...checks.flatMap((check) => checkLines(check, page))]),
];

const commandLines = (command: string, {style}: Page): string[] =>
  command
    .trimEnd()
    .split('\n')
    .map((line, index) => `    ${style('dim', index === 0 ? '$' : ' ')} ${style('cyan', line)}`.trimEnd());

const checkLines = ({kind, command, expect, withinMs}: DescribedCheck, {style}: Page): string[] => {
  const within = withinMs > 0 ? `, within ${ticking(withinMs)}` : '';
  const mark = style('green', '✔');
  if (kind === 'own') return [`    ${mark} the step looks whether all of it is so${within}`];
  const holds = expect === undefined ? [] : [`    ${mark} ${expect.trim().replace(/\s*\n\s*/g, ' ')}${within}`];
  if (command === undefined) return holds;
  return [`    ${mark} ${style('dim', '$')} ${inOneLine(command)}`, ...holds.map((line) => `  ${line}`)];
};

/** Markdown paragraphs, wrapped; code and lists stay as they are written. */
const prose = (text: string | undefined, {columns, style}: Page): string[] => {
  if (text === undefined || text.trim() === '') return [];
  const width = Math.min(columns - 1, WIDEST);
  return text
    .trim()
    .split(/\n{2,}/)
    .flatMap((block) => ['', ...paragraph(block, width).map((line) => inline(line, style))]);
};

/** Emphasis and code of one line, as far as a terminal can show them. */
const inline = (line: string, style: Style): string =>
  line
    .replace(/\*\*([^*]+)\*\*/g, (_, text: string) => style('bold', text))
    .replace(/`([^`]+)`/g, (_, text: string) => (style === plain ? `\`${text}\`` : style('cyan', text)));

const paragraph = (block: string, width: number): string[] =>
  /^( {4}|\t|\s*([-*+>|#]|\d+\.\s|```))/m.test(block) ? block.split('\n') : wrapped(block, width);
