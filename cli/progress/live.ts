import {inOneLine} from '../command-line.ts';
import {ticking} from '../time.ts';
import {cut} from '../width.ts';
import type {Board, Doing, Overdue, RunningRow} from './board.ts';
import {overdueText} from './overdue-text.ts';
import {below, type RowLayout, row, timeRoom} from './rows.ts';
import type {Wording} from './words.ts';

/** What a frame is drawn for: this moment, on a terminal of this size. */
export interface Frame extends RowLayout {
  readonly rows: number;
  readonly now: number;
  /** The picture of the spinner at this moment. */
  readonly spinner: string;
}

const MOST_OUTPUT = 3;
const MOST_PENDING = 4;
const FOOTER = 2;

/** The live lines: what runs, some of what comes next, and where the run stands. Never higher than the terminal. */
export const liveLines = (board: Board, frame: Frame): string[] => {
  if (board.looking !== undefined) return [lookingLine(board.looking, frame)];
  const room = Math.max(1, frame.rows - 1 - FOOTER);
  const running = runningLines([...board.running.values()], board, frame, room);
  const pending = pendingLines(board, frame, room - running.length);
  const lines = [...running, ...pending];
  return frame.rows <= FOOTER + 1 ? [footer(board, frame)] : [...lines, '', footer(board, frame)];
};

const lookingLine = ({steps, since}: NonNullable<Board['looking']>, frame: Frame): string => {
  const text = `${frame.spinner} looking at ${steps === 1 ? '1 step' : `${steps} steps`}  ${ticking(frame.now - since)}`;
  return `  ${frame.style('cyan', cut(text, frame.columns - 3))}`;
};

const runningLines = (rows: readonly RunningRow[], board: Board, frame: Frame, room: number): string[] => {
  const tooMany = rows.length > room;
  const shown = tooMany ? rows.slice(0, room - 1) : rows;
  const share = tooMany ? 1 : Math.floor(room / Math.max(1, shown.length));
  const lines = shown.flatMap((step) => [
    runningRow(step, board, frame),
    ...details(step, frame).slice(0, Math.max(0, share - 1)),
  ]);
  return tooMany ? [...lines, below(`and ${rows.length - shown.length} more`, frame, 4)] : lines;
};

const runningRow = (step: RunningRow, board: Board, frame: Frame): string => {
  const format = step.overdue === undefined ? FORMATS[step.doing] : 'yellow';
  const wording: Wording = {mark: frame.spinner, word: step.doing, format};
  return row(wording, board.titleOf(step.key), runningTime(step, board, frame), frame);
};

const FORMATS: Readonly<Record<Doing, 'cyan' | 'yellow'>> = {
  looking: 'cyan',
  running: 'cyan',
  undoing: 'cyan',
  waiting: 'yellow',
  retrying: 'yellow',
};

const runningTime = ({since, key, waiting}: RunningRow, board: Board, frame: Frame): string => {
  if (waiting !== undefined) return `${ticking(frame.now - waiting.since)} of ${ticking(waiting.withinMs)}`;
  const elapsed = ticking(Math.max(0, frame.now - since));
  const usually = board.infos.get(key)?.usuallyMs;
  if (usually === undefined) return elapsed;
  const full = `${elapsed}, usually ${ticking(Math.max(1000, usually))}`;
  return full.length <= timeRoom(frame) ? full : elapsed;
};

/** Below a running step: whether it may hang, its command, what its check sees, why it is tried again, and the last that it printed. */
const details = (step: RunningRow, frame: Frame): string[] => [
  ...(step.overdue === undefined ? [] : [overdueLine(step.overdue, step.since, frame)]),
  ...commandLine(step.command).map((line) => below(line, frame)),
  ...(step.waiting === undefined
    ? []
    : [
        below(`expected  ${oneLine(step.waiting.expected)}`, frame),
        below(`found     ${oneLine(step.waiting.found)}`, frame),
      ]),
  ...(step.retry === undefined ? [] : [below(retryText(step.retry, frame.now), frame)]),
  ...step.output.tail(MOST_OUTPUT).map((line) => below(`│ ${line}`, frame)),
];

const overdueLine = ({why, usuallyMs, heardAt, endsBy, endsAt}: Overdue, since: number, frame: Frame): string => {
  const {now, style, columns} = frame;
  const [elapsedMs, silentMs, endsInMs] = [now - since, now - heardAt, Math.max(0, endsAt - now)];
  const text = overdueText({
    why,
    elapsedMs,
    silentMs,
    endsBy,
    endsInMs,
    ...(usuallyMs === undefined ? {} : {usuallyMs}),
  });
  return `      ${style('yellow', cut(`! ${text}`, columns - 7))}`;
};

const commandLine = (command: string): string[] => {
  const line = inOneLine(command);
  return line === '' ? [] : [`$ ${line}`];
};

const retryText = ({attempt, attempts, at, message}: NonNullable<RunningRow['retry']>, now: number): string =>
  `attempt ${attempt} of ${attempts} in ${ticking(Math.max(0, at - now))}: ${oneLine(message)}`;

const oneLine = (text: string): string =>
  text
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .replace(/\s+/g, ' ');

const pendingLines = (board: Board, frame: Frame, room: number): string[] => {
  const most = Math.min(MOST_PENDING, room - 1);
  if (board.pending.size === 0 || most < 1 || board.interrupted !== undefined) return [];
  const lines: string[] = [];
  for (const key of board.pending) {
    if (lines.length === most) break;
    lines.push(row({mark: '·', word: 'pending', format: 'dim'}, board.titleOf(key), '', frame));
  }
  const rest = board.pending.size - lines.length;
  return rest === 0 ? lines : [...lines, below(`and ${rest} more`, frame, 4)];
};

const footer = (board: Board, frame: Frame): string => {
  const {finished, failed, total, startedAt, run, interrupted} = board;
  const parts = [`${finished} of ${total} done`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (board.running.size > 0) parts.push(`${board.running.size} running`);
  parts.push(ticking(Math.max(0, frame.now - startedAt)));
  if (interrupted !== undefined) parts.unshift(`stopping (${interrupted}), Ctrl-C again kills at once`);
  else if (run !== undefined) parts.push(`run ${run}`);
  return `  ${frame.style(interrupted === undefined ? 'dim' : 'yellow', cut(parts.join(' · '), frame.columns - 3))}`;
};
