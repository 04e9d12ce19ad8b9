import type {Event, Look} from '../../engine/index.ts';
import {foldedCourses, keptLine} from '../course-lines.ts';
import {folded} from '../fold.ts';
import {rangeOf} from '../look-lines.ts';
import type {Output, Style} from '../streams.ts';
import {clock, spoken, ticking} from '../time.ts';
import {padded} from '../width.ts';
import {OutputLines} from './output-lines.ts';
import {overdueText} from './overdue-text.ts';
import {
  COURSE,
  FAILED,
  FOLDED,
  HOW,
  INTERRUPTED,
  NOTICE,
  SKIPPED,
  STANDING,
  UNDO_FAILED,
  UNDONE,
  type Wording,
} from './words.ts';

const KEY_COLUMNS = 24;
/** A step that prints more is cut here: the whole of it would drown the log, and `runbook log` has it. */
const MOST_PRINTED = 1_000_000;
/** An unchanged observation is repeated this seldom. */
const REPEAT_MS = 10_000;

export interface PlainOptions {
  /** A line for each step that is looked at, however many hold. */
  readonly all?: boolean;
  readonly now?: () => Date;
}

/** Progress for logs: one line per event with the time and the step, each line whole in itself. */
export class PlainLines {
  readonly #out: Output;
  readonly #style: Style;
  readonly #all: boolean;
  readonly #now: () => Date;
  readonly #output = new Map<string, OutputLines>();
  readonly #waiting = new Map<string, {readonly text: string; readonly at: number}>();
  /** What was called possibly hung, and why: once is enough. */
  readonly #called = new Set<string>();
  readonly #looked = new Set<string>();
  #looks: (Event & {type: 'step-looked-at'})[] = [];
  readonly #printed = new Map<string, number>();
  #run = '';
  #keyColumns = 8;

  constructor(out: Output, style: Style, {all = false, now = () => new Date()}: PlainOptions = {}) {
    this.#out = out;
    this.#style = style;
    this.#all = all;
    this.#now = now;
  }

  emit(event: Event): void {
    (this.#on[event.type] as (event: Event) => void)(event);
  }

  readonly #on: {readonly [T in Event['type']]: (event: Event & {type: T}) => void} = {
    'run-started': ({steps, resumed, runbook, title, run}) => {
      this.#run = run;
      this.#align(steps.map((step) => step.key));
      if (!resumed) this.#say('', `running ${runbook}: ${title} (run ${run})`);
    },
    looking: ({steps, runbook, title, run}) => {
      this.#run = run;
      this.#say('', `resuming ${runbook}: ${title} (run ${run})`);
      this.#say('', `looking at ${counted(steps)} first; nothing is changed yet`);
    },
    'undo-started': ({steps, run}) => {
      this.#align(steps.map((step) => step.step));
      this.#say('', `undoing run ${run}`);
    },
    notice: ({message}) => this.#tell('', NOTICE, message),
    interrupted: ({reason}) => this.#say('', `interrupted (${reason}): nothing new starts, what runs is ended`),
    'run-finished': () => {},
    'step-looked-at': (event) => void this.#looks.push(event),
    'resume-planned': (event) => this.#planned(event),
    'step-started': ({step, attempt, command}) => {
      if (attempt > 0) this.#command(step, attempt === 1 ? 'start' : `attempt ${attempt}`, command);
    },
    'step-undoing': ({step, command}) =>
      command === '' ? this.#say(step, 'undo') : this.#command(step, 'undo', command),
    'step-output': ({step, text}) => this.#take(step, text),
    'step-waiting': (event) => this.#wait(event),
    'step-overdue': (event) => this.#overdue(event),
    'step-retrying': ({step, attempt, attempts, delayMs, message}) =>
      this.#say(step, `attempt ${attempt} of ${attempts} in ${spoken(delayMs)}: ${message}`),
    'step-finished': ({step, how, durationMs}) => {
      if (how !== 'kept') this.#end(step, HOW[how], `(${spoken(durationMs)})`);
      else if (!this.#looked.has(step)) this.#tell(step, HOW.kept, '');
    },
    'step-skipped': ({step, reason}) => {
      if (reason !== 'not-selected') this.#tell(step, SKIPPED[reason], '');
    },
    'step-failed': ({step, durationMs, problem}) =>
      this.#end(step, FAILED, `(${spoken(durationMs)}): ${problem.message}`),
    'step-interrupted': ({step, durationMs}) => this.#end(step, INTERRUPTED, `(${spoken(durationMs)})`),
    'step-undone': ({step, durationMs, stays}) =>
      this.#end(step, UNDONE, `(${spoken(durationMs)})${stays === undefined ? '' : `: ${stays}`}`),
    'step-undo-failed': ({step, problem}) => this.#end(step, UNDO_FAILED, problem.message),
  };

  /** What was found, and what follows: many that stand well share a line. */
  #planned({steps, kept}: Event & {type: 'resume-planned'}): void {
    const looks = this.#looks.splice(0);
    this.#align(looks.map(({step}) => step));
    for (const {rows, word} of folded(looks, ({standing}) => FOLDED[standing], this.#all)) {
      for (const {step} of rows) this.#looked.add(step);
      const [look] = rows;
      if (look === undefined) continue;
      const wording = STANDING[look.standing];
      if (word !== undefined) this.#tell('', {...wording, word: `${rows.length} steps ${word}`}, `(${rangeOf(rows)})`);
      else if (look.standing !== 'pending') this.#tell(look.step, wording, lookText(look));
    }
    for (const {rows, word} of foldedCourses(steps, this.#all)) {
      const [step] = rows;
      if (step === undefined) continue;
      if (word !== undefined) this.#say('', `-> ${rows.length} steps ${word} (${rangeOf(rows)})`);
      else this.#say(step.step, `-> ${COURSE[step.course]}${step.why === '' ? '' : `: ${step.why}`}`);
    }
    for (const line of keptLine(kept)) this.#say('', line);
  }

  #align(keys: readonly string[]): void {
    this.#keyColumns = Math.min(KEY_COLUMNS, Math.max(this.#keyColumns, ...keys.map((key) => key.length)));
  }

  #tell(step: string, {word, format}: Wording, text: string): void {
    this.#say(step, `${this.#style(format, word)} ${text}`.trimEnd());
  }

  #say(step: string, text: string): void {
    const [first = '', ...more] = text.split('\n');
    this.#write(step, [first, ...more.map((line) => `  ${line}`)]);
  }

  /** All lines in one write: a step may print a million of them. */
  #write(step: string, lines: readonly string[]): void {
    const key = step === '' ? '' : `${padded(step, this.#keyColumns)}  `;
    const head = `${this.#style('dim', clock(this.#now()))} ${key}`;
    this.#out.write(lines.map((line) => `${head}${line}\n`).join(''));
  }

  #command(step: string, word: string, command: string): void {
    const [first = '', ...more] = command.trimEnd().split('\n');
    this.#say(step, [`${word} $ ${first}`, ...more].join('\n'));
  }

  #take(step: string, text: string): void {
    const before = this.#printed.get(step) ?? 0;
    this.#printed.set(step, before + text.length);
    if (before <= MOST_PRINTED) this.#print(step, this.#linesOf(step).push(text));
    if (before <= MOST_PRINTED && before + text.length > MOST_PRINTED)
      this.#say(step, `it prints more than is shown here; read it with: runbook log ${this.#run} ${step}`);
  }

  #print(step: string, lines: readonly string[]): void {
    const bar = this.#style('dim', '|');
    if (lines.length > 0)
      this.#write(
        step,
        lines.map((line) => `${bar} ${line}`),
      );
  }

  #linesOf(step: string): OutputLines {
    const lines = this.#output.get(step) ?? new OutputLines(0);
    this.#output.set(step, lines);
    return lines;
  }

  #end(step: string, wording: Wording, text: string): void {
    this.#print(step, this.#output.get(step)?.flush() ?? []);
    this.#output.delete(step);
    this.#waiting.delete(step);
    this.#tell(step, wording, text);
  }

  #overdue(event: Event & {type: 'step-overdue'}): void {
    const call = `${event.step} ${event.why}`;
    if (this.#called.has(call)) return;
    this.#called.add(call);
    this.#say(event.step, this.#style('yellow', overdueText(event)));
  }

  #wait({step, expected, found, elapsedMs, withinMs}: Event & {type: 'step-waiting'}): void {
    const text = `expected ${expected}, found ${found}`;
    const last = this.#waiting.get(step);
    if (last?.text === text && elapsedMs - last.at < REPEAT_MS) return;
    this.#waiting.set(step, {text, at: elapsedMs});
    this.#say(step, `waiting ${ticking(elapsedMs)} of ${ticking(withinMs)}: ${text}`);
  }
}

const counted = (steps: number): string => (steps === 1 ? '1 step' : `${steps} steps`);

const lookText = ({detail, diff, expected, found}: Look): string =>
  [
    detail ?? '',
    diff ?? '',
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(found === undefined ? [] : [`found ${found}`]),
  ]
    .filter((text) => text !== '')
    .join('\n');
