import type {Mapped} from './mapped.ts';
import {isReading} from './reading.ts';

/** A command with marks as a step that a shell does. */
export const shell = (marked: string): Mapped => {
  const [first = ''] = marked.replace(/\uE000\d+\uE001/g, '…').split('\n');
  return {
    uses: 'shell',
    id: idOf(marked),
    title: `Run ${first.replace(/\s*\\$/, ' …')}`,
    ...(isReading(marked) ? {effect: 'reads'} : {}),
  };
};

const idOf = (marked: string): string => {
  const words = marked
    .replace(/^sudo\s+/, '')
    .replaceAll(/ --version\b/g, ' version')
    .split(/\s+/)
    .filter((word) => /^[\w./-]+$/.test(word) && !word.startsWith('-'));
  const naming = words[0] === 'docker' && words[1] === 'run' ? words.slice(2) : words;
  return (
    naming
      .slice(0, 2)
      .map((word) => word.split('/').at(-1))
      .join('_') || 'script'
  );
};

/** What a person has to know of a command that a shell of its own does. */
export const shellDoubts = (marked: string): string[] => [
  ...(/^sudo\b/m.test(marked) ? ['"sudo" must not ask for a password here'] : []),
  ...(/^(source|\.)\s/.test(marked) ? ['each step has a shell of its own: what this sets is gone after it'] : []),
];
