import type {Event, Problem} from '../../engine/index.ts';
import {spoken} from '../time.ts';
import {cut, wrapped} from '../width.ts';
import type {Board} from './board.ts';
import {lookedLines, plannedLines} from './resumed.ts';
import {below, type RowLayout, row} from './rows.ts';
import {FAILED, HOW, INTERRUPTED, NOTICE, SKIPPED, UNDO_FAILED, UNDONE} from './words.ts';

/** The lines that an event leaves behind for good on a terminal: what became of a step, and what the operator should know. */
export const settledLines = (event: Event, board: Board, layout: RowLayout, all = false): string[] => {
  const titled = (key: string): string => board.titleOf(key);
  switch (event.type) {
    case 'looking':
      return heading(`resuming ${event.runbook}`, event, layout);
    case 'resume-planned':
      return [...lookedLines(board.looks, layout, all), ...plannedLines(event, layout, all)];
    case 'run-started':
      // What a resume goes on with stands above already.
      return event.resumed ? [] : heading(event.runbook, event, layout);
    case 'undo-started':
      return [`${layout.style('bold', 'undo')} ${layout.style('dim', `run ${event.run}`)}`, ''];
    case 'notice':
      return noticeLines(event.message, layout);
    case 'step-finished':
      return finished(event, board, layout);
    case 'step-skipped':
      return event.reason === 'when' ? [row(SKIPPED.when, titled(event.step), '', layout)] : [];
    case 'step-failed':
      return [
        row(FAILED, titled(event.step), spoken(event.durationMs), layout),
        ...failureDetails(event.problem, layout),
      ];
    case 'step-undone':
      return [
        row(UNDONE, titled(event.step), spoken(event.durationMs), layout),
        ...(event.stays === undefined ? [] : [below(event.stays, layout)]),
      ];
    case 'step-undo-failed':
      return [row(UNDO_FAILED, titled(event.step), '', layout), ...failureDetails(event.problem, layout)];
    case 'step-interrupted':
      return [row(INTERRUPTED, titled(event.step), spoken(event.durationMs), layout)];
    default:
      return [];
  }
};

const noticeLines = (message: string, {style, columns}: RowLayout): string[] =>
  wrapped(message, columns - 5).map((line, index) =>
    index === 0 ? `  ${style(NOTICE.format, NOTICE.mark)} ${line}` : `    ${line}`,
  );

const finished = (event: Event & {type: 'step-finished'}, board: Board, layout: RowLayout): string[] => {
  const title = board.titleOf(event.step);
  if (event.how !== 'kept') return [row(HOW[event.how], title, spoken(event.durationMs), layout)];
  return board.wasLookedAt(event.step) ? [] : [row(HOW.kept, title, '', layout)];
};

const heading = (
  name: string,
  event: {readonly title: string; readonly runbook: string},
  {style, columns}: RowLayout,
): string[] => {
  const title = event.title === '' || event.title === event.runbook ? '' : event.title;
  return [`${style('bold', name)}  ${style('dim', cut(title, columns - name.length - 3))}`.trimEnd(), ''];
};

/** Just enough to see which failure it was; the whole report follows when the run has ended. */
const failureDetails = (problem: Problem, layout: RowLayout): string[] => [below(briefly(problem.message), layout)];

/** What happened, where it is plain which step it happened to. */
export const briefly = (message: string): string => message.replace(/^step "[^"]*" \([^)]*\) failed: /, '');
