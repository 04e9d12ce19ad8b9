import type {StatusReport} from '../engine/index.ts';
import type {Call} from './command.ts';
import {Painter} from './progress/painter.ts';
import {STANDING} from './progress/words.ts';
import {statusLines} from './status-lines.ts';
import {clock, spoken} from './time.ts';
import {turnText, Watch} from './watch.ts';
import {padded, widthOf} from './width.ts';

/** Shows a run that is looked at again and again. */
export interface Showing {
  show(report: StatusReport): void;
  end(last: StatusReport | undefined): void;
}

export interface ShowingOptions {
  readonly everyMs: number;
  readonly all: boolean;
}

/** Redrawn in place on a terminal; elsewhere a line for each change; with `--json` a document a line for each look. */
export const startShowing = (call: Call, options: ShowingOptions): Showing => {
  const {stdout, env} = call.around;
  if (call.json) return {show: (report) => void stdout.write(`${JSON.stringify(report)}\n`), end: () => {}};
  return stdout.isTTY === true && env.TERM !== 'dumb' ? inPlace(call, options) : asLines(call, options);
};

const asLines = (call: Call, {everyMs}: ShowingOptions): Showing => {
  const watch = new Watch();
  const style = call.outStyle;
  let isFirst = true;
  return {
    show(report) {
      const now = new Date(report.lookedAt);
      const turns = watch.note(report, now);
      const say = (text: string): string => `${style('dim', clock(now))} ${text}`;
      if (isFirst)
        call.print([say(`watching ${report.runbook}, run ${report.run}, every ${spoken(everyMs)}: ${sumOf(report)}`)]);
      isFirst = false;
      const keys = Math.max(0, ...report.steps.map(({step}) => widthOf(step)));
      call.print(
        turns.map((turn) => {
          const {format} = STANDING[turn.step.standing];
          return say(`${padded(turn.step.step, keys)}  ${style(format, turnText(turn))}`);
        }),
      );
    },
    end() {},
  };
};

/** `7 of 8 steps hold, 1 drifted`. */
const sumOf = ({steps}: StatusReport): string => {
  const count = (wanted: string): number => steps.filter(({standing}) => standing === wanted).length;
  const drifted = count('drifted');
  return `${count('holds')} of ${steps.length} steps hold${drifted === 0 ? '' : `, ${drifted} drifted`}`;
};

const inPlace = (call: Call, {everyMs, all}: ShowingOptions): Showing => {
  const {stdout} = call.around;
  const style = call.outStyle;
  const watch = new Watch();
  const painter = new Painter(
    (text) => void stdout.write(text),
    () => stdout.columns || 80,
  );
  const linesOf = (report: StatusReport): string[] =>
    statusLines(report, call, {all, noteOf: (step) => watch.sinceWhen(step)});
  return {
    show(report) {
      const now = new Date(report.lookedAt);
      watch.note(report, now);
      const footer = style('dim', `looked at ${clock(now)}, again every ${spoken(everyMs)}; Ctrl-C ends it`);
      painter.paint([...fitting(linesOf(report), (stdout.rows || 24) - 3, stdout.columns || 80), '', footer]);
    },
    end(last) {
      painter.paint([], last === undefined ? [] : linesOf(last));
    },
  };
};

/** So many lines that all of them stay on the screen; longer ones take several. */
const fitting = (lines: readonly string[], rows: number, columns: number): string[] => {
  const height = (line: string): number => Math.max(1, Math.ceil(widthOf(line) / columns));
  let left = rows;
  const shown = lines.slice(0, lines.findIndex((line) => (left -= height(line)) < 1) + 1 || lines.length);
  return shown.length === lines.length
    ? shown
    : [...shown.slice(0, -1), `  ... and ${lines.length - shown.length + 1} more lines`];
};
