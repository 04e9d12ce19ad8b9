import type {Look} from '../engine/index.ts';
import {STANDING} from './progress/words.ts';
import {labelled} from './report.ts';
import type {Style} from './streams.ts';
import {padded, widthOf} from './width.ts';

type TitledLook = Look & {readonly title?: string};

/** How each step stands: a row, and below it what was expected and found where something is wrong. */
export const lookLines = (looks: readonly TitledLook[], style: Style): string[] => {
  const keys = Math.max(0, ...looks.map(({step}) => widthOf(step)));
  const words = Math.max(0, ...looks.map(({standing}) => STANDING[standing].word.length));
  return looks.flatMap((look) => {
    const {mark, word, format} = STANDING[look.standing];
    const title = look.title === undefined || look.title === look.step ? '' : look.title;
    const row = `  ${style(format, mark)} ${padded(look.step, keys)}  ${style(format, padded(word, words))}  ${title}`;
    return [row.trimEnd(), ...evidence(look, style).map((line) => `  ${line}`)];
  });
};

const evidence = ({standing, detail, expected, found}: TitledLook, style: Style): string[] => {
  if (standing === 'holds') return [];
  return [
    ...(detail === undefined ? [] : labelled('why', detail, style)),
    ...(expected === undefined ? [] : labelled('expected', expected, style)),
    ...(found === undefined ? [] : labelled('found', found, style)),
  ];
};
