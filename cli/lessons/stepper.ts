import type {Lesson, StepChoice, Stepper} from '../../engine/index.ts';
import type {Prompter} from '../prompt.ts';
import type {Surroundings} from '../surroundings.ts';
import {checkLines, prose} from '../tutorial.ts';
import {type LessonPage, stepLines} from './lesson-lines.ts';
import {TypedLines} from './lines.ts';

const CHOICES: Readonly<Record<string, StepChoice | 'explain'>> = {
  '': 'run',
  r: 'run',
  run: 'run',
  s: 'skip',
  skip: 'skip',
  e: 'explain',
  explain: 'explain',
  '?': 'explain',
  a: 'rest',
  all: 'rest',
  q: 'quit',
  quit: 'quit',
};

/** Shows each step before it runs, and asks what to do with it. */
export class TerminalStepper implements Stepper {
  readonly #around: Surroundings;
  readonly #prompter: Prompter;
  readonly #page: LessonPage;
  readonly quit: () => void;

  constructor(around: Surroundings, prompter: Prompter, page: LessonPage, quit: () => void) {
    this.#around = around;
    this.#prompter = prompter;
    this.#page = page;
    this.quit = quit;
  }

  choose(lesson: Lesson): Promise<StepChoice> {
    return this.#prompter.withTerminal(() => this.#ask(lesson));
  }

  async #ask(lesson: Lesson): Promise<StepChoice> {
    const {style} = this.#page;
    this.#tell(['', ...stepLines(lesson, this.#page), '']);
    const lines = new TypedLines(this.#around);
    try {
      for (;;) {
        const prompt = `${style('dim', '[run, skip, explain, all the rest, quit]')} ${style('cyan', '>')} `;
        const typed = await lines.next(prompt, this.#around.signal);
        if (typed === undefined) return 'quit';
        const choice = CHOICES[typed.trim().toLowerCase()];
        if (choice === 'explain') this.#explain(lesson);
        else if (choice !== undefined) return choice;
        else this.#tell([`"${typed.trim()}" is none of these: run (or Enter), skip, explain, all, quit`]);
      }
    } finally {
      lines.close();
    }
  }

  #explain(lesson: Lesson): void {
    const page = {...this.#page, typed: ''};
    this.#tell([
      ...prose(lesson.about, page),
      '',
      `  ${lesson.uses} (docs/step-types.md)`,
      ...lesson.checks.flatMap((check) => checkLines(check, page)),
    ]);
  }

  #tell(lines: readonly string[]): void {
    this.#around.stderr.write(`${lines.join('\n')}\n`);
  }
}
