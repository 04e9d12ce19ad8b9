import {isAbsolute, relative} from 'node:path';
import type {Place, Problem} from '../engine/index.ts';
import {pasteable} from './command-line.ts';
import type {Style} from './streams.ts';

/** How problems are written: in colour or not, and relative to which folder. */
export interface ReportStyle {
  readonly style: Style;
  readonly cwd: string;
  /** How this program was called, such as `npx runbook`: what is to be typed next begins with it. */
  readonly program: string;
  /** Breaks what is wrong for a terminal; elsewhere, where others read it too, it stays on one line. */
  fit?(text: string): string;
}

const LABEL_COLUMNS = 10;

/** One problem in the four parts of an error: where and what, evidence, what was run, what to do next. */
export const reportProblem = (problem: Problem, how: ReportStyle): string => {
  const {style, cwd} = how;
  const where = problem.place === undefined ? '' : `${style('bold', placeText(problem.place, cwd))}: `;
  const headline = `${style('red', '✖')} ${where}${problem.message} ${style('dim', `[${problem.code}]`)}`;
  const lines = [how.fit?.(headline) ?? headline];
  if (problem.excerpt !== undefined) lines.push(...excerptLines(problem.excerpt, style));
  const part = (label: string, text: string | readonly string[] | undefined): void => {
    if (text !== undefined) lines.push(...labelled(label, text, style));
  };
  part('expected', problem.expected);
  part('found', problem.found);
  if (problem.ran !== undefined) lines.push(...ranLines(problem.ran, style));
  part('output', problem.output);
  if (problem.next !== undefined) lines.push(...nextSteps(problem.next, how));
  return lines.join('\n');
};

/** All problems, and their number when there are several. */
export const reportProblems = (problems: readonly Problem[], how: ReportStyle): string => {
  const texts = problems.map((problem) => reportProblem(problem, how));
  if (problems.length > 1) texts.push(how.style('bold', `${problems.length} problems`));
  return `${texts.join('\n\n')}\n`;
};

/** A bug of ours, said as such; the stack trace is for `--debug`. */
export const reportInternal = (error: unknown, version: string, debug: boolean, style: Style): string => {
  const message = error instanceof Error ? error.message : String(error);
  const next = debug
    ? 'report it with the trace above: this is a bug in runbook, not in your runbook'
    : 'repeat it with --debug and report it: this is a bug in runbook, not in your runbook';
  return [
    ...(debug && error instanceof Error ? [error.stack ?? ''] : []),
    `${style('red', '✖')} internal error: ${message} ${style('dim', '[internal]')}`,
    ...labelled('version', `runbook ${version}, node ${process.versions.node}`, style),
    ...labelled('next', next, style),
    '',
  ].join('\n');
};

/** `file:line:column`, the file relative to the working directory when it is inside it. */
export const placeText = ({file, line, column}: Place, cwd: string): string =>
  `${shownPath(file, cwd)}:${line}:${column}`;

/** A path as the operator would type it. */
export const shownPath = (path: string, cwd: string): string => {
  const fromHere = relative(cwd, path);
  return fromHere === '' ? '.' : fromHere.startsWith('..') || isAbsolute(fromHere) ? path : fromHere;
};

/** A call of this program, in words that name it plainly, as it has to be typed here. */
const CALL =
  /\brunbook (?=(?:run|resume|undo|status|runs|log|audit|ps|clean|list|show|learn|report|plan|validate|schema|doctor|import|new)\b)/g;

/** What to type or change next; calls of this program stand as they were made. */
export const nextSteps = (text: string | readonly string[], {style, program}: Omit<ReportStyle, 'cwd'>): string[] =>
  labelled(
    'next',
    [text].flat().map((line) => asCalled(line, program)),
    style,
  );

export const asCalled = (line: string, program: string): string => line.replace(CALL, `${program} `);

/** `  label     text`, further lines below the text. */
export const labelled = (label: string, text: string | readonly string[], style: Style): string[] => {
  const lines = typeof text === 'string' ? text.trimEnd().split('\n') : text.flatMap((line) => line.split('\n'));
  return lines.map((line, index) =>
    `  ${style('dim', (index === 0 ? label : '').padEnd(LABEL_COLUMNS))}${line}`.trimEnd(),
  );
};

/** The command, so that what is copied is what was run. */
const ranLines = (command: string, style: Style): string[] =>
  pasteable(command, `  ${style('dim', 'ran'.padEnd(LABEL_COLUMNS))}`, ' '.repeat(2 + LABEL_COLUMNS));

const excerptLines = (excerpt: string, style: Style): string[] =>
  excerpt
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => `  ${/^[\s|\d]*\^/.test(line) ? style('red', line) : style('dim', line)}`);
