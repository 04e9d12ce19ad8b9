import {CODES, isCode, messageOf, type Problem, RunbookError} from './errors.ts';
import type {Node} from './graph.ts';
import {StepError} from './step-type.ts';

const LONGEST_QUOTE = 8;
/** A list of a thousand items may stand in one line. */
const LONGEST_LINE = 120;

const short = (line: string): string => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line);

/** A step's own lines, numbered, without its prose. */
export const quoteStep = ({step, scope}: Node): string => {
  const lines = scope.runbook.text
    .split(/\r?\n/)
    .slice(step.place.line - 1, step.endLine - 1)
    .map((text, index) => ({number: step.place.line + index, text}));
  const told = withoutProse(lines, step.place.column - 1);
  while (told.at(-1)?.text.trim() === '') told.pop();
  const quoted = told.slice(0, LONGEST_QUOTE);
  const width = String(quoted.at(-1)?.number ?? 0).length;
  const more = told.length > quoted.length ? [`${' '.repeat(width)} | ...`] : [];
  return [...quoted.map(({number, text}) => `${String(number).padStart(width)} | ${short(text)}`), ...more].join('\n');
};

interface Line {
  readonly number: number;
  readonly text: string;
}

/** The lines but for the `about:` that begins at this indent, which explains the step and fails nothing. */
const withoutProse = (lines: readonly Line[], indent: number): Line[] => {
  const start = lines.findIndex(({text}) => text.slice(0, indent).trim() === '' && text.startsWith('about:', indent));
  if (start < 0) return [...lines];
  const length = lines.slice(start + 1).findIndex(({text}) => text.trim() !== '' && text.search(/\S/) <= indent);
  return [...lines.slice(0, start), ...(length < 0 ? [] : lines.slice(start + 1 + length))];
};

/** What a failed step adds to an error. */
export interface Circumstances {
  readonly node: Node;
  readonly command: string;
  readonly attempt: number;
  readonly attempts: number;
  readonly output: readonly string[];
}

/** Anything thrown by a step -> a problem with its place, what ran, what it printed, and what to do next. */
export const problemOf = (error: unknown, circumstances: Circumstances): Problem => {
  const {node, command, attempt, attempts, output} = circumstances;
  const own = ownProblem(error);
  const of = attempts > 1 ? ` on attempt ${attempt} of ${attempts}` : '';
  return {
    ...own,
    message: `step "${node.key}" (${node.step.uses}) failed${of}: ${own.message}`,
    place: own.place ?? node.step.place,
    excerpt: own.excerpt ?? quoteStep(node),
    ran: command,
    ...(output.some((line) => line !== '') ? {output} : {}),
  };
};

/** What is wrong, as it was said where it was found. */
export const ownProblem = (error: unknown): Problem => {
  if (error instanceof RunbookError) return error.problems[0];
  if (!(error instanceof StepError)) return {code: 'step-failed', message: messageOf(error)};
  const {code = 'step-failed', expected, found, next} = error.details;
  return {
    code: isCode(code) ? code : 'step-failed',
    message: error.message,
    ...(expected === undefined ? {} : {expected}),
    ...(found === undefined ? {} : {found}),
    ...(next === undefined ? {} : {next: next.split('\n')}),
  };
};

/** A check that did not come true in its time. */
export const checkFailed = (expected: string, found: string, withinMs: number): RunbookError =>
  new RunbookError({
    code: 'check-failed',
    message: withinMs > 0 ? `its check did not hold within ${withinMs / 1000} s` : 'its check does not hold',
    expected,
    found,
  });

export const exitCodeOf = (problem: Problem): number => CODES[problem.code];
