import type {RunStanding, RunSummary} from '../engine/index.ts';
import {type Column, columnLines} from './columns.ts';
import type {Call} from './command.ts';
import type {Format} from './streams.ts';
import {ago, dateTime, spoken} from './time.ts';
import {sizeText} from './width.ts';

export const RUN_FORMATS: Readonly<Record<RunStanding, Format>> = {
  running: 'cyan',
  done: 'green',
  failed: 'red',
  interrupted: 'yellow',
  unfinished: 'yellow',
  superseded: 'dim',
  undone: 'dim',
  damaged: 'red',
};

/** Runs as a table: on a terminal as much as its width holds, elsewhere everything. */
export const runTable = (
  runs: readonly RunSummary[],
  {around, outStyle: style, columns}: Call,
  now: Date,
): string[] => {
  const column = (title: string, cell: (run: RunSummary) => string, more: Partial<Column> = {}): Column => ({
    title,
    cells: runs.map(cell),
    ...more,
  });
  const known = (run: RunSummary, text: string): string => (run.damaged === undefined ? text : '?');
  const right = {align: 'right'} as const;
  return columnLines(
    [
      column('RUN', ({run}) => run),
      column('RUNBOOK', ({runbook}) => runbook || '?'),
      column('STATE', ({state}) => style(RUN_FORMATS[state], state)),
      column('STEPS', (run) => known(run, `${run.steps.done}/${run.steps.total}`), {...right, dispensable: 1}),
      column('AGE', (run) => ageOf(run, now), right),
      column('TOOK', (run) => known(run, spoken(run.durationMs)), {...right, dispensable: 2}),
      column('SIZE', ({bytes}) => sizeText(bytes), {...right, dispensable: 3}),
      column('STARTED', ({startedAt}) => (startedAt === '' ? '?' : dateTime(new Date(startedAt))), {dispensable: 4}),
    ],
    around.stdout.isTTY === true ? columns - 1 : Number.POSITIVE_INFINITY,
    (title) => style('dim', title),
  );
};

const ageOf = ({startedAt}: RunSummary, now: Date): string =>
  startedAt === '' ? '?' : ago(now.getTime() - Date.parse(startedAt));
