import type {Lesson} from '../../engine/index.ts';
import {markdownInline} from '../markdown.ts';
import type {Style} from '../streams.ts';
import {checkLines, commandLines, prose} from '../tutorial.ts';
import {widthOf} from '../width.ts';

export interface LessonPage {
  readonly columns: number;
  readonly style: Style;
}

const TODO: Readonly<Record<Lesson['kind'], string>> = {
  make: 'Do it in another terminal. This goes on by itself as soon as its check holds:',
  look: 'It changes nothing. Look at it in another terminal, and press Enter; then it is looked at here, too:',
  trust: 'Do it in another terminal, and press Enter. Nothing can tell whether it is done.',
  ask: 'A question for you. Press Enter for it.',
};

/** A step for a learner: what it is about, and how it is seen that it is done. The command is left to him. */
export const lessonLines = (lesson: Lesson, page: LessonPage): string[] => {
  const {style, columns} = page;
  const checks = lesson.checks.flatMap((check) => checkLines(check, {...page, typed: ''}));
  return [
    ...headLines(lesson, page),
    ...prose(lesson.about, {...page, columns, typed: ''}),
    '',
    ...(lesson.isTrue
      ? [`${style('green', '= already true')}: nothing is to be done here`]
      : [TODO[lesson.kind], ...checks]),
  ];
};

/** The same for somebody who sees it done: with its command. */
export const stepLines = (lesson: Lesson, page: LessonPage): string[] => [
  ...headLines(lesson, page),
  '',
  ...commandLines(lesson.command, {...page, typed: ''}),
];

const headLines = ({number, total, title, step}: Lesson, {style, columns}: LessonPage): string[] => {
  const place = `${number}/${total}`;
  const head = `${style('dim', place)}  ${style('bold', markdownInline(title, style))}`;
  const room = columns - 1 - widthOf(`${place}  ${title}`) - widthOf(step);
  return [
    style('dim', '─'.repeat(Math.min(columns - 1, 79))),
    room > 2
      ? `${head}${' '.repeat(Math.min(room, 79 - widthOf(`${place}  ${title}${step}`)))}${style('dim', step)}`
      : head,
  ];
};
