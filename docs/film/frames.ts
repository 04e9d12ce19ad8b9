/** What a terminal was sent, as the pictures that a person saw. */
import xterm from '@xterm/headless';
import type {Piece} from './session.ts';

/** Neighbouring characters that look alike. */
export interface Span {
  readonly column: number;
  readonly text: string;
  /** A name of the palette; undefined is the colour of the text. */
  readonly color: string | undefined;
  readonly background: string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly underline: boolean;
}

export interface Frame {
  /** How long it stands. */
  readonly ms: number;
  /** A picture that tells most of the story. */
  readonly isHeld: boolean;
  readonly lines: readonly (readonly Span[])[];
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A moment that a reader needs time for, longer than it took: when the terminal has been sent this text. */
export interface Hold {
  readonly text: string;
  readonly ms: number;
}

const FRAME_MS = 100;
/** A picture that does not change is shown no longer than that. */
const LONGEST_MS = 3500;

const COLORS = [
  ...['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'],
  ...['gray', 'bright-red', 'bright-green', 'bright-yellow', 'bright-blue', 'bright-magenta', 'bright-cyan'],
  'bright-white',
];

/** The pictures of a session, each with its time; what comes between two of them is left out. */
export const framesOf = async (
  pieces: readonly Piece[],
  {columns, rows}: Size,
  hold: Hold,
): Promise<readonly Frame[]> => {
  const screen = new xterm.Terminal({cols: columns, rows, scrollback: 0, allowProposedApi: true});
  const frames: {ms: number; isHeld: boolean; lines: readonly (readonly Span[])[]; text: string}[] = [];
  let sent = '';
  const show = (ms: number, isHeld: boolean): void => {
    const last = frames.at(-1);
    const lines = isHeld || last === undefined || isWhole(sent) ? look(screen, sent) : last.lines;
    const text = JSON.stringify(lines);
    if (last === undefined || isHeld || text !== last.text) frames.push({ms, isHeld, lines, text});
    else if (!last.isHeld) last.ms = Math.min(last.ms + ms, LONGEST_MS);
  };
  const end = (pieces.at(-1)?.atMs ?? 0) + FRAME_MS;
  let next = 0;
  for (let now = 0; now <= end; now += FRAME_MS) {
    for (; (pieces[next]?.atMs ?? Number.POSITIVE_INFINITY) <= now; next++)
      for (const part of split(pieces[next]?.text ?? '', hold.text)) {
        sent += part;
        await new Promise<void>((resolve) => screen.write(part, resolve));
        if (part.endsWith(hold.text)) show(hold.ms, true);
      }
    show(FRAME_MS, false);
  }
  return frames.map(({ms, isHeld, lines}) => ({ms, isHeld, lines}));
};

/** The text in two, behind the first place where the other one stands. */
const split = (text: string, other: string): string[] => {
  const at = text.indexOf(other);
  return at < 0 ? [text] : [text.slice(0, at + other.length), text.slice(at + other.length)];
};

/** Whether nothing is being drawn at this moment: our program says when it begins and ends to draw. */
const isWhole = (sent: string): boolean => sent.lastIndexOf('\x1b[?2026h') <= sent.lastIndexOf('\x1b[?2026l');

const look = (screen: xterm.Terminal, sent: string): (readonly Span[])[] => {
  const {active} = screen.buffer;
  const cursor =
    sent.lastIndexOf('\x1b[?25l') > sent.lastIndexOf('\x1b[?25h')
      ? undefined
      : {row: active.cursorY, column: active.cursorX};
  return Array.from({length: screen.rows}, (_, row) =>
    spansOf(active.getLine(active.baseY + row), cursor?.row === row ? cursor.column : undefined),
  );
};

const spansOf = (line: xterm.IBufferLine | undefined, cursor: number | undefined): Span[] => {
  const spans: Span[] = [];
  for (let column = 0; column < (line?.length ?? 0); column++) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const span = spanOf(cell, column, column === cursor);
    const last = spans.at(-1);
    if (last !== undefined && looksLike(last, span)) spans[spans.length - 1] = {...last, text: last.text + span.text};
    else spans.push(span);
  }
  return spans
    .map((span) => (span.background === undefined && !span.underline ? withoutBlanks(span) : span))
    .filter(({text}) => text !== '');
};

const spanOf = (cell: xterm.IBufferCell, column: number, isCursor: boolean): Span => {
  const color = cell.isFgPalette() ? COLORS[cell.getFgColor()] : undefined;
  const background = cell.isBgPalette() ? COLORS[cell.getBgColor()] : undefined;
  const isInverse = cell.isInverse() !== 0;
  return {
    column,
    text: cell.getChars() || ' ',
    color: isCursor || isInverse ? (background ?? 'screen') : color,
    background: isCursor || isInverse ? (color ?? 'text') : background,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    underline: cell.isUnderline() !== 0,
  };
};

const looksLike = (one: Span, other: Span): boolean =>
  (['color', 'background', 'bold', 'dim', 'underline'] as const).every((key) => one[key] === other[key]);

const withoutBlanks = (span: Span): Span => ({
  ...span,
  column: span.column + span.text.length - span.text.trimStart().length,
  text: span.text.trim(),
});
