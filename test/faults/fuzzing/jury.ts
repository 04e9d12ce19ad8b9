import {CODES, type Problem} from '../../../engine/errors.ts';
import type {Case, Outcome} from './laboratory.ts';

/** What is wrong with an outcome; undefined when the program has behaved. */
export const verdictOf = (one: Case, outcome: Outcome, dir: string): string | undefined => {
  if (outcome.crash !== undefined) return outcome.crash;
  if (outcome.polluted) return 'a prototype, or the global object, was changed';
  for (const problem of outcome.problems ?? []) {
    const wrong = wrongWith(problem, one, dir);
    if (wrong !== undefined) return `${wrong}: ${JSON.stringify(problem)}`;
  }
  if (outcome.left?.length) return `an imported runbook is wrong: ${JSON.stringify(outcome.left)}\n${outcome.written}`;
  return undefined;
};

const wrongWith = (problem: Problem, one: Case, dir: string): string | undefined => {
  if (!(problem.code in CODES) || problem.code === 'internal') return 'a code that is none';
  if (problem.message.trim() === '') return 'no message';
  if (/\bundefined\b|\[object |NaN/.test(problem.message)) return 'a message that nobody can have meant';
  if (!advises(problem)) return 'nothing says what to do';
  return one.kind === 'runbook' ? misplaced(problem, one.files, dir) : undefined;
};

const advises = ({next = [], expected = ''}: Problem): boolean => expected !== '' || next.some((line) => line !== '');

const misplaced = ({place}: Problem, files: Readonly<Record<string, string>>, dir: string): string | undefined => {
  if (place === undefined) return 'no place';
  const bytes = Object.entries(files).find(([name]) => place.file === `${dir}/${name}`)?.[1];
  if (bytes === undefined) return 'a place in another file';
  const lines = Buffer.from(bytes, 'base64').toString('utf8').split('\n');
  const line = lines[place.line - 1];
  if (line === undefined) return `a place behind the ${lines.length} lines of the file`;
  return place.column < 1 || place.column > line.length + 1
    ? `a place outside of its line, which has ${line.length} characters`
    : undefined;
};
