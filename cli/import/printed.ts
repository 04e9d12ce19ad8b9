import {checkOf} from './expected.ts';
import {fenced} from './prose.ts';
import type {Sketch} from './sketch.ts';

/** What was printed becomes a check where it is the same each time; else it is kept to read. */
export const expectPrinted = (sketch: Sketch, lines: readonly string[]): void => {
  const check = checkOf(sketch.uses, lines, sketch.effect === 'reads');
  if (check !== undefined) sketch.expect = check;
  else if (lines.some((line) => !/^[0-9a-f]{12,}$/.test(line)))
    sketch.about.push(`It printed:\n\n${fenced(lines.slice(0, 40).join('\n'), 'text')}`);
  if (check === undefined && sketch.uses === 'http.get') sketch.expect ??= 'result.status < 400';
};

const QUESTION = /[[(]y(es)?\/n(o)?[\])]/i;

/** What to decide of a command that printed a question. */
export const questionDoubts = ({uses}: Sketch, lines: readonly string[]): string[] => {
  if (!lines.some((line) => QUESTION.test(line))) return [];
  return [
    uses === 'shell'
      ? 'it asked a question: give the flag that answers it (such as -y)'
      : 'it asked before it acted, and the step does not: put a step "confirm" before it?',
  ];
};

/** What a reader is to take from what was printed, such as `<TOKEN>`, where it is all that was. */
export const printedPlaceholder = (lines: readonly string[]): string | undefined => {
  const only = lines.length === 1 ? lines[0]?.trim() : undefined;
  return only !== undefined && /^<[A-Za-z][\w -]*>$/.test(only) ? only : undefined;
};
