import type {YAMLError} from 'yaml';
import type {Place} from './errors.ts';
import type {Mistakes} from './mistakes.ts';

const MOST_ERRORS = 20;

/** Notes syntax errors in plain words. One mistake often leads to several; the first of a line tells it. */
export const noteSyntax = (mistakes: Mistakes, errors: readonly YAMLError[]): void => {
  const lines = new Set<number>();
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const place = mistakes.source.placeAt(error.pos[0]);
    if (lines.has(place.line) || lines.size >= MOST_ERRORS) continue;
    lines.add(place.line);
    mistakes.add('yaml-syntax', plainMessage(error), place, nextAfter(error, mistakes.source.text, place));
  }
};

const PLAIN: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: "a tab can't indent YAML; use spaces",
  MULTIPLE_DOCS: 'a runbook is one YAML document; a second one starts here',
  BLOCK_AS_IMPLICIT_KEY: 'this line holds two ": ", so it can\'t be read as one key and its value',
  RESOURCE_EXHAUSTION: 'values are nested too deeply',
};

const plainMessage = (error: YAMLError): string => {
  const text = PLAIN[error.code] ?? error.message;
  return text.charAt(0).toLowerCase() + text.slice(1);
};

const nextAfter = (error: YAMLError, text: string, place: Place): {next?: readonly string[]} => {
  const line = text.split('\n', place.line)[place.line - 1] ?? '';
  const bracket = line.search(/[{[]/);
  if (bracket >= 0 && line.includes('${{', bracket))
    return {next: ['inside of { } and [ ], put a text with ${{ }} in quotes']};
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY') return {next: ['put a text that holds ": " in quotes']};
  return error.code === 'BAD_SCALAR_START' ? {next: ['put the text in quotes']} : {};
};
