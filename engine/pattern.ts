import {createRequire} from 'node:module';
import type {RE2JS} from 're2js';
import {messageOf, type Problem} from './errors.ts';

/*
 * Regular expressions are those of RE2, as CEL has them: no text and no pattern makes them take more than linear time.
 * The library is loaded by the first runbook that has one.
 */

const require = createRequire(import.meta.url);

const MOST_KEPT = 100;
const kept = new Map<string, RE2JS>();

const compiled = (pattern: string): RE2JS => {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const {RE2JS} = require('re2js') as typeof import('re2js');
  const made = RE2JS.compile(pattern);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(pattern, made);
  return made;
};

/** Forgets what a search that was broken off may have left half made. */
export const forgetPatterns = (): void => kept.clear();

/** Whether some part of the text matches. @throws Error when it is no regular expression */
export const isFound = (pattern: string, text: string): boolean => {
  const wrong = patternProblem(pattern);
  if (wrong !== undefined) throw new Error(`the pattern "${pattern}" ${wrong.message}`);
  return compiled(pattern).test(text);
};

/** Whether the whole text matches. */
export const matchesWhole = (pattern: string, text: string): boolean => compiled(pattern).matches(text);

/** What is wrong with a regular expression. */
export const patternProblem = (pattern: string): Pick<Problem, 'message' | 'next'> | undefined => {
  try {
    compiled(pattern);
    return undefined;
  } catch (error) {
    const reason = messageOf(error).replace(/^error parsing regexp: /, '');
    const message = `is not a regular expression: ${reason.replace(/`([^`]*)`/, '"$1"')}`;
    return ABSENT.test(pattern) ? {message, next: [NEXT]} : {message};
  }
};

const ABSENT = /\(\?<?[=!]|\\[1-9k]/;
const NEXT = 'it is one of RE2, without look-ahead, look-behind and back-references; ask for the rest beside it';
