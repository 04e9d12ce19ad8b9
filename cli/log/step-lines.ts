import type {Ending, LoggedStep, Printed, RunLog} from '../../engine/index.ts';
import {shownLine} from '../progress/output-lines.ts';
import {briefly} from '../progress/settled.ts';
import {FAILED, HOW, INTERRUPTED, STANDING, UNDONE, type Wording} from '../progress/words.ts';
import {RUN_FORMATS} from '../run-table.ts';
import type {Style} from '../streams.ts';
import {clock, clockTenths, dateTime, spoken} from '../time.ts';
import {cut, padded, rightAligned, sizeText, widthOf} from '../width.ts';

/** How a log is laid out. */
export interface LogLayout {
  readonly style: Style;
  /** Undefined where nothing is cut. */
  readonly columns: number | undefined;
  /** Each line with the time when it was printed. */
  readonly times: boolean;
}

const INDENT = '    ';
const CLOCK_COLUMNS = '02:15:30.1'.length;

const ENDINGS: Readonly<Record<Ending, Wording>> = {
  ...HOW,
  running: {mark: '▸', word: 'running', format: 'cyan'},
  'in-doubt': STANDING['in-doubt'],
  interrupted: INTERRUPTED,
  failed: FAILED,
  skipped: STANDING.skipped,
  reopened: {mark: '~', word: 'to be done', format: 'yellow'},
  undone: UNDONE,
};

/** `consul-cluster  done  run 20261123-021530-k3f9x, started 2026-11-23 02:15:30, took 34 s`. */
export const runHeading = ({run}: RunLog, {style, columns = Number.POSITIVE_INFINITY}: LogLayout): string => {
  const {runbook, state, startedAt, durationMs} = run;
  const took = `${state === 'running' ? 'going on for' : 'took'} ${spoken(durationMs)}`;
  const details = `run ${run.run}, started ${dateTime(new Date(startedAt))}, ${took}`;
  const gap = widthOf(`${runbook}  ${state}  ${details}`) < columns ? '  ' : '\n';
  return `${style('bold', runbook)}  ${style(RUN_FORMATS[state], state)}${gap}${style('dim', details)}`;
};

/** One heading a step, in columns: how it ended, when it was started, how long it took. */
export const stepHeadings = (
  steps: readonly LoggedStep[],
  {style, columns}: LogLayout,
): ReadonlyMap<string, string> => {
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(widthOf));
  const keys = widest(steps.map(({step}) => step));
  const words = widest(steps.map(({ending}) => ENDINGS[ending].word));
  const tooks = steps.map(({durationMs}) => (durationMs === undefined ? '' : spoken(durationMs)));
  const tookColumns = widest(tooks);
  return new Map(
    steps.map(({step, title, ending, startedAt}, index) => {
      const {mark, word, format} = ENDINGS[ending];
      const start = startedAt === undefined ? '' : clock(new Date(startedAt));
      const times = `${padded(start, 8)}  ${rightAligned(tooks[index] ?? '', tookColumns)}`;
      const head = `${style(format, mark)} ${style('bold', padded(step, keys))}  ${style(format, padded(word, words))}  ${style('dim', times)}`;
      const room = columns === undefined ? Number.POSITIVE_INFINITY : columns - 1 - widthOf(head) - 2;
      const shown = title === step || room < 8 ? '' : `  ${cut(title, room)}`;
      return [step, `${head}${shown}`.trimEnd()];
    }),
  );
};

/** What a step has printed below its heading. */
export class StepLines {
  readonly #layout: LogLayout;
  #isFirst = true;
  /** The last one, as a step prints many lines in a moment. */
  #known: {readonly at: number | undefined; readonly text: string} | undefined;

  constructor(layout: LogLayout) {
    this.#layout = layout;
  }

  of(printed: readonly Printed[]): string[] {
    return printed.flatMap((one) => this.#line(one));
  }

  #line(printed: Printed): string[] {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    switch (printed.kind) {
      case 'line':
        return [`${INDENT}${this.#time(printed.at)}${shownLine(printed.text)}`.trimEnd()];
      case 'begin':
        // The heading has said when the first one began.
        return isFirst ? [] : [this.#remark(`-- ${attemptText(printed.label)}, ${clock(new Date(printed.at))}`)];
      case 'left-out':
        return [this.#remark(`[${sizeText(printed.bytes)} are left out here]`)];
    }
  }

  #time(at: number | undefined): string {
    if (!this.#layout.times) return '';
    if (this.#known === undefined || this.#known.at !== at) {
      const time = at === undefined ? '' : clockTenths(new Date(at));
      this.#known = {at, text: `${this.#layout.style('dim', padded(time, CLOCK_COLUMNS))}  `};
    }
    return this.#known.text;
  }

  #remark(text: string): string {
    return `${INDENT}${this.#layout.style('dim', text)}`;
  }
}

export const attemptText = (label: string): string => (label === 'undo' ? 'undo' : `attempt ${label}`);

/** How many lines `--tail` has left out. */
export const linesBefore = (count: number): string => `[${count} ${count === 1 ? 'line' : 'lines'} before]`;

/** Why a step failed, below what it has printed. */
export const failureLine = ({ending, message}: LoggedStep, {style}: LogLayout): string[] =>
  ending !== 'failed' || message === undefined
    ? []
    : [`${INDENT}${style('red', `✖ ${briefly(message).split('\n')[0]}`)}`];

/** Keeps the last lines, and how many came before. */
export class Tail {
  readonly #most: number;
  #lines: string[] = [];
  #dropped = 0;

  constructor(most: number) {
    this.#most = most;
  }

  push(lines: readonly string[]): void {
    this.#lines.push(...lines);
    // Cutting at each line would be quadratic.
    if (this.#lines.length > 2 * this.#most + 1000) this.#cut();
  }

  /** What is kept, below a remark about what is not. */
  lines(remark: (dropped: number) => string): string[] {
    this.#cut();
    return this.#dropped === 0 ? this.#lines : [remark(this.#dropped), ...this.#lines];
  }

  #cut(): void {
    const drop = Math.max(0, this.#lines.length - this.#most);
    this.#dropped += drop;
    this.#lines = this.#lines.slice(drop);
  }
}
