import type {StatusReport} from '../engine/index.ts';
import type {Call} from './command.ts';
import {lookLines} from './look-lines.ts';
import {NOTICE, OUTCOME, UNDONE} from './progress/words.ts';
import {nextSteps, shownPath} from './report.ts';
import type {Style} from './streams.ts';
import {dateTime} from './time.ts';

export interface StatusView {
  /** A line for each step, however many hold. */
  readonly all: boolean;
  /** What is to be said beside a step. */
  readonly noteOf?: (step: string) => string | undefined;
}

/** How a run stands: each step, and what to type. */
export const statusLines = (report: StatusReport, call: Call, {all, noteOf}: StatusView): string[] => {
  const {run, runbook, outcome, startedAt, heldBy, undone, steps, drifted, unreadable} = report;
  const style = call.outStyle;
  const how = {style, program: call.around.program};
  const word = wordOf(report, style);
  const started = style('dim', `run ${run}, started ${dateTime(new Date(startedAt))}`);
  const bad = steps.filter(({standing}) => standing === 'drifted').length;
  const noted = steps.map((step) => ({...step, ...noteAs(noteOf?.(step.step))}));
  return [
    `${style('bold', runbook)}  ${word}  ${started}`,
    '',
    ...unreadableLines(report, call),
    ...lookLines(noted, style, all),
    '',
    drifted
      ? style('red', `${bad} of ${steps.length} steps drifted`)
      : style('green', 'everything that was finished still holds'),
    ...(drifted
      ? nextSteps(`${unreadable ? 'mend the file, then:' : 'repair it with:'} runbook resume ${run}`, how)
      : []),
    ...(undone === 'part' ? nextSteps(`take back what is left: runbook undo ${run}`, how) : []),
    ...(!drifted && outcome !== 'done' && heldBy === undefined && undone === undefined
      ? nextSteps(`go on with: runbook resume ${run}`, how)
      : []),
  ];
};

/** In a word how the run stands. */
const wordOf = ({outcome, heldBy, undone}: StatusReport, style: Style): string => {
  if (heldBy !== undefined) return `running in process ${heldBy}`;
  if (undone !== undefined)
    return undone === 'all' ? style(UNDONE.format, UNDONE.word) : style('yellow', 'undone in part');
  return outcome === undefined ? 'unfinished' : style(OUTCOME[outcome].format, OUTCOME[outcome].word);
};

const noteAs = (note: string | undefined): {note?: string} => (note === undefined ? {} : {note});

/** Without the file there is less to go by, and an edit can't be seen. */
const unreadableLines = ({unreadable}: StatusReport, {outStyle: style, around}: Call): string[] => {
  if (unreadable === undefined) return [];
  const {place, message} = unreadable;
  const where = place === undefined ? '' : `${shownPath(place.file, around.cwd)}:${place.line}: `;
  return [
    `  ${style(NOTICE.format, NOTICE.mark)} the runbook's file can't be used, so the journal says what to look at:`,
    `    ${where}${message}`,
    '',
  ];
};
