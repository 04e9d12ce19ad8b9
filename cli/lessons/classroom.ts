import {setTimeout as sleep} from 'node:timers/promises';
import type {Event, LearnerSays, Lesson, Question, Teacher} from '../../engine/index.ts';
import {labelled, type ReportStyle, reportProblem} from '../report.ts';
import type {Style} from '../streams.ts';
import {commandLines} from '../tutorial.ts';
import {type LessonPage, lessonLines} from './lesson-lines.ts';
import type {TypedLines} from './lines.ts';

/** How often it is looked whether a step is done, where nothing tells of changes. */
const PAUSE_MS = 1000;
const MOST_OUTPUT_LINES = 40;

export interface Classroom {
  readonly lines: TypedLines;
  readonly page: LessonPage;
  readonly report: ReportStyle;
  /** Shows lines, to stderr. */
  tell(lines: readonly string[]): void;
  quit(): void;
}

const WORDS = ['done', 'hint', 'solve', 'why', 'back', 'again', 'quit', 'help'] as const;
type Word = (typeof WORDS)[number];

const ABOUT: Readonly<Record<Word, string>> = {
  done: 'you have done it, or seen it (Enter says the same)',
  hint: 'shows the command to type',
  solve: 'does it here, for you',
  why: 'what is expected, and what is found now',
  back: 'the step before, to read again; more of them, further back',
  again: 'this step once more',
  quit: 'stops here; `runbook learn` goes on at this step',
  help: 'these words',
};

/** What was typed, by its beginning: `s` is `solve`. */
const wordOf = (typed: string): Word | undefined => {
  const text = typed.trim().toLowerCase();
  if (text === '') return 'done';
  if (text === '?') return 'help';
  return WORDS.find((word) => word.startsWith(text));
};

/** Shows a learner one step at a time, and sees when it is done. */
export class ClassroomTeacher implements Teacher {
  readonly #room: Classroom;
  readonly #style: Style;
  readonly #shown: string[][] = [];
  #back = 0;
  #printed: string[] = [];

  constructor(room: Classroom) {
    this.#room = room;
    this.#style = room.page.style;
  }

  quit(): void {
    this.#room.quit();
  }

  /** What a look of ours, or a step that was solved, prints. */
  emit(event: Event): void {
    const style = this.#style;
    if (event.type === 'step-output') this.#printed.push(event.text);
    else if (event.type === 'step-started') this.#printed = [];
    else if (event.type === 'step-finished') {
      this.#tellPrinted();
      for (const line of event.evidence) this.#room.tell([`    ${style('green', '✔')} ${line}`]);
      if (event.how === 'kept') this.#room.tell([`${style('green', '=')} ${event.step}  still holds`]);
    } else if (event.type === 'step-failed') {
      this.#tellPrinted();
      this.#room.tell(['', reportProblem(event.problem, this.#room.report)]);
    } else if (event.type === 'notice') this.#room.tell([`${style('yellow', '!')} ${event.message}`]);
    else if (event.type === 'step-skipped' && event.reason === 'when')
      this.#room.tell([style('dim', `- ${event.step}  does not apply here`)]);
  }

  #tellPrinted(): void {
    const lines = this.#printed
      .join('')
      .trimEnd()
      .split('\n')
      .filter((line, _, all) => all.length > 1 || line !== '');
    const cut = lines.length > MOST_OUTPUT_LINES ? [...lines.slice(0, MOST_OUTPUT_LINES), '...'] : lines;
    this.#room.tell(cut.map((line) => `    ${this.#style('dim', '│')} ${line}`));
    this.#printed = [];
  }

  async teach(lesson: Lesson): Promise<LearnerSays> {
    const {problem} = lesson;
    if (problem === undefined) this.#show(lesson);
    else this.#room.tell([`${this.#style('yellow', 'not yet')}: ${problem.message}`, ...found(problem, this.#style)]);
    const stop = new AbortController();
    const noticed = lesson.kind === 'make' && !lesson.isTrue ? this.#notice(lesson, stop.signal) : undefined;
    try {
      return await this.#answer(lesson, noticed, stop.signal);
    } finally {
      stop.abort();
    }
  }

  #show(lesson: Lesson): void {
    const lines = lessonLines(lesson, this.#room.page);
    this.#shown.push(lines);
    this.#back = 0;
    this.#room.tell(['', ...lines, '']);
  }

  async #answer(lesson: Lesson, noticed: Promise<'noticed'> | undefined, signal: AbortSignal): Promise<LearnerSays> {
    for (;;) {
      const typed = this.#room.lines.next(this.#prompt(lesson), signal);
      const first = await Promise.race([typed, ...(noticed === undefined ? [] : [noticed.then(() => NOTICED)])]);
      if (first === NOTICED) {
        this.#room.tell(['', `${this.#style('green', '✔ done')}: its check holds now`]);
        return 'done';
      }
      if (first === undefined) return 'quit';
      const says = await this.#obey(wordOf(first as string), lesson, first as string);
      if (says !== undefined) return says;
    }
  }

  #prompt(lesson: Lesson): string {
    const words = lesson.isTrue
      ? 'Enter goes on, back, quit'
      : lesson.kind === 'make'
        ? 'hint, solve, why, back, quit'
        : 'Enter when done, hint, solve, back, quit';
    return `${this.#style('dim', `[${words}]`)} ${this.#style('cyan', '>')} `;
  }

  async #obey(word: Word | undefined, lesson: Lesson, typed: string): Promise<LearnerSays | undefined> {
    const {style, columns} = this.#room.page;
    switch (word) {
      case 'done':
        if (lesson.kind === 'make' && !lesson.isTrue) return this.#why(lesson);
        return 'done';
      case 'solve':
        return lesson.isTrue ? 'done' : 'solve';
      case 'quit':
        return 'quit';
      case 'hint':
        this.#room.tell(commandLines(lesson.command, {columns, style, typed: ''}));
        return undefined;
      case 'why':
        return this.#why(lesson);
      case 'back':
        this.#back = Math.min(this.#back + 1, this.#shown.length - 1);
        this.#room.tell([
          '',
          ...(this.#shown.at(-1 - this.#back) ?? []),
          '',
          style('dim', `(you are at step ${lesson.number}: ${lesson.title})`),
        ]);
        return undefined;
      case 'again':
        this.#back = 0;
        this.#room.tell(['', ...(this.#shown.at(-1) ?? []), '']);
        return undefined;
      default:
        if (word === undefined) this.#room.tell([`"${typed.trim()}" is none of these words:`]);
        this.#room.tell(WORDS.map((each) => `  ${style('cyan', each.padEnd(6))} ${ABOUT[each]}`));
        return undefined;
    }
  }

  /** What is expected and what is found; `done` where it holds. */
  async #why(lesson: Lesson): Promise<LearnerSays | undefined> {
    const style = this.#style;
    const finding = await lesson.look(AbortSignal.timeout(PAUSE_MS * 30)).catch((error: unknown) => ({
      ok: false as const,
      expected: 'an answer',
      found: error instanceof Error ? error.message : String(error),
    }));
    if (finding === undefined)
      this.#room.tell([style('dim', 'nothing can tell whether it is done: type "done" when it is')]);
    else if (finding.ok) {
      this.#room.tell([`${style('green', '✔')} it holds`]);
      return lesson.kind === 'make' ? 'done' : undefined;
    } else this.#room.tell([style('yellow', 'not yet'), ...found(finding, style)]);
    return undefined;
  }

  /** Resolves when a look finds it true. */
  async #notice(lesson: Lesson, signal: AbortSignal): Promise<'noticed'> {
    const changes = lesson.changes(signal)[Symbol.asyncIterator]();
    let changed: Promise<unknown> | undefined;
    for (;;) {
      const finding = await lesson.look(signal).catch(() => undefined);
      if (finding?.ok === true) return 'noticed';
      if (signal.aborted) return new Promise(() => {});
      changed ??= changes.next().then(
        (next) => (next.done === true ? new Promise(() => {}) : undefined),
        () => new Promise(() => {}),
      );
      const pause = sleep(PAUSE_MS, undefined, {signal}).catch(() => {});
      await Promise.race([changed.then(() => (changed = undefined)), pause]);
    }
  }

  /** A question of the runbook's own. */
  async ask({message, kind}: Question): Promise<boolean> {
    this.#room.tell(['', message.trim()]);
    const typed = await this.#room.lines.next(
      kind === 'manual' ? 'Done? [y/N] ' : 'Go on? [y/N] ',
      new AbortController().signal,
    );
    return /^y(es)?$/i.test(typed?.trim() ?? '');
  }
}

const NOTICED = Symbol('noticed');

const found = ({expected, found: seen}: {expected?: string; found?: string}, style: Style): string[] => [
  ...(expected === undefined ? [] : labelled('expected', expected, style)),
  ...(seen === undefined ? [] : labelled('found', seen, style)),
];
