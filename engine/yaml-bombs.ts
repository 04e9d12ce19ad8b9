import {Lexer} from 'yaml';
import type {Mistakes} from './mistakes.ts';

const LONGEST_LINE = 100_000;
const MOST_LINES = 300_000;
const DEEPEST = 64;

// A key and its colon. The one before ends where the next one begins, so that there is but one way to read a line.
const KEY = /[ \t]*(?:"[^"\n]*" *|'[^'\n]*' *|[^\s#"'{[|>:][^:"'{[\n]*): +/y;

/**
 * Refuses, before it is parsed, a text that would cost the parser minutes or all memory. Whether it did is the answer.
 * What an author can have meant is far from these limits.
 * (Catching the parser's stack overflow is not enough: V8 aborts when it has to compile a regular expression just then.)
 */
export const refuseBombs = (mistakes: Mistakes): boolean => {
  const {text, placeAt} = mistakes.source;
  let lines = 1;
  for (let start = 0, end = 0; end >= 0; start = end + 1, lines++) {
    end = text.indexOf('\n', start);
    if ((end < 0 ? text.length : end) - start <= LONGEST_LINE) continue;
    mistakes.add('file-too-large', `a line is longer than ${LONGEST_LINE} characters`, placeAt(start));
    return true;
  }
  if (lines > MOST_LINES) {
    mistakes.add('file-too-large', `the file has more than ${MOST_LINES} lines`, placeAt(0));
    return true;
  }
  const bomb = deepBlock(text) ?? deepFlow(text);
  if (bomb !== undefined) mistakes.add('yaml-syntax', 'values are nested too deeply', placeAt(bomb));
  return bomb !== undefined;
};

const BEFORE = /^[ \t]*(?:[-?:][ \t]+)*/;

// No line begins that far to the right or has that many colons: then nothing can be nested deeper.
const MAY_BE_DEEP = new RegExp(`^[-?:\\t ]{${DEEPEST}}|^(?:[^:\\n]*:){${DEEPEST}}`, 'm');

// Counts columns at which something begins, further and further to the right; `- - -` are three in one line.
const deepBlock = (text: string): number | undefined => {
  if (!MAY_BE_DEEP.test(text)) return undefined;
  const columns: number[] = [];
  for (const {line, start} of linesOfStructure(text)) {
    const [before = ''] = BEFORE.exec(line) ?? [];
    if (before.length === line.length) continue;
    for (const {index} of [...before.matchAll(/[-?:](?=[ \t])/g), {index: before.length}]) {
      while ((columns.at(-1) ?? -1) >= index) columns.pop();
      columns.push(index);
      if (columns.length > DEEPEST) return start + index;
    }
    if (isDeepChain(line)) return start;
  }
  return undefined;
};

// `a: b: c:` without end; each one nests, although none of them may
const isDeepChain = (line: string): boolean => {
  let keys = 0;
  for (KEY.lastIndex = 0; KEY.test(line); keys++) if (keys >= DEEPEST) return true;
  return false;
};

const TEXT_FOLLOWS = /^[^#"']*[-?:] +(?:[&!]\S* +)*[|>][-+\d]*\s*$/;

/** The lines but those of texts behind `|` and `>`, as far as that can be told for sure: in a text dashes are dashes. */
const linesOfStructure = function* (text: string): Generator<{readonly line: string; readonly start: number}> {
  let textBelow: number | undefined;
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end);
    const indent = line.search(/[^ ]/);
    if (textBelow !== undefined && (indent < 0 || indent > textBelow)) continue;
    textBelow = TEXT_FOLLOWS.test(line) ? BEFORE.exec(line)?.[0].length : undefined;
    yield {line, start};
  }
};

// Brackets in texts and comments are none: only when there are suspiciously many are they told apart.
const deepFlow = (text: string): number | undefined => {
  if (!isSuspicious(text)) return undefined;
  let depth = 0;
  let at = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1);
    if (depth > DEEPEST) return at;
    // the lexer marks documents and scalars with control characters of its own
    if (!/^[\u0002\u0018\u001f\ufeff]$/.test(token)) at += token.length;
  }
  return undefined;
};

const isSuspicious = (text: string): boolean => {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    if (bracket === '[' || bracket === '{') depth++;
    else if (depth > 0) depth--;
    if (depth > DEEPEST) return true;
  }
  return false;
};
