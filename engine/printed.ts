import {statSync} from 'node:fs';
import {type OutputTime, readTimes} from './output-times.ts';
import {partOf} from './step-log.ts';
import {type Piece, StepLogReader} from './step-log-reader.ts';

/** What a step has printed, in lines. */
export type Printed =
  /** Without its newline; a very long line comes in several. `at` (ms since 1970) is known since the times are kept. */
  | {readonly kind: 'line'; readonly text: string; readonly at?: number}
  /** Another attempt begins, or an undo: `1`, `2`, ..., `undo`. */
  | {readonly kind: 'begin'; readonly label: string; readonly at: number}
  /** So much was printed here and is not kept. */
  | {readonly kind: 'left-out'; readonly bytes: number};

const NEWLINE = 0x0a;
const LONGEST_LINE = 16 * 1024;

/** Reads what a step has printed as lines with their times, holding no more of it than a piece and a line. */
export class PrintedReader {
  readonly #reader: StepLogReader;
  readonly #timesFile: string;
  #times: readonly OutputTime[] = [];
  #timesRead = '';
  /** The next of the times. */
  #next = 0;
  #at: number | undefined;
  #held: Piece | undefined;
  #line: Buffer[] = [];
  #lineBytes = 0;
  #lineAt: number | undefined;

  constructor(folder: string, step: string) {
    this.#reader = new StepLogReader(folder, step);
    this.#timesFile = partOf(folder, step, 'times');
  }

  /** Where it will be when all is read that is there now. */
  end(): number {
    return this.#reader.end();
  }

  /** The next lines, of what stands before a position and, where times are known, was printed until then. */
  read(before = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY): readonly Printed[] | undefined {
    this.#refreshTimes();
    const limit = Math.min(before, this.#times.find(({at}) => at > until)?.position ?? Number.POSITIVE_INFINITY);
    const piece = this.#held ?? this.#reader.next();
    this.#held = piece;
    if (piece === undefined || piece.position >= limit) return undefined;
    const here = piece.bytes.subarray(0, Math.min(piece.bytes.length, limit - piece.position));
    const rest = piece.bytes.subarray(here.length);
    this.#held = rest.length === 0 ? undefined : {bytes: rest, position: piece.position + here.length, leftOut: 0};
    const leftOut: Printed[] = piece.leftOut === 0 ? [] : [...this.rest(), {kind: 'left-out', bytes: piece.leftOut}];
    return [...leftOut, ...this.#take(here, piece.position)];
  }

  /** The line that no newline has ended. */
  rest(): readonly Printed[] {
    return this.#lineBytes === 0 ? [] : [this.#endLine()];
  }

  #refreshTimes(): void {
    const stat = statSync(this.#timesFile, {throwIfNoEntry: false});
    const now = stat === undefined ? '' : `${stat.size} ${stat.ino}`;
    if (now === this.#timesRead) return;
    const passed = this.#times[this.#next - 1]?.position ?? -1;
    this.#times = readTimes(this.#timesFile);
    this.#timesRead = now;
    const next = this.#times.findIndex(({position}) => position > passed);
    this.#next = next === -1 ? this.#times.length : next;
  }

  #take(bytes: Buffer, position: number): Printed[] {
    const found: Printed[] = [];
    for (let from = 0; from < bytes.length; ) {
      found.push(...this.#passTimes(position + from));
      const next = this.#times[this.#next]?.position ?? Number.POSITIVE_INFINITY;
      const to = Math.min(bytes.length, next - position);
      this.#split(bytes.subarray(from, to), found);
      from = to;
    }
    return found;
  }

  /** Takes notice of the times up to a position. */
  #passTimes(position: number): Printed[] {
    const found: Printed[] = [];
    for (let time = this.#times[this.#next]; time !== undefined && time.position <= position; ) {
      this.#at = time.at;
      if (time.label !== undefined) found.push(...this.rest(), {kind: 'begin', label: time.label, at: time.at});
      time = this.#times[++this.#next];
    }
    return found;
  }

  #split(bytes: Buffer, found: Printed[]): void {
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, from);
      const room = from + LONGEST_LINE - this.#lineBytes;
      const end = newline === -1 ? bytes.length : newline;
      const to = end > room ? beforeCharacter(bytes, room) : end;
      this.#add(bytes.subarray(from, to));
      if (to === newline || end > room) found.push(this.#endLine());
      from = to === newline ? to + 1 : to;
    }
  }

  #add(bytes: Buffer): void {
    if (this.#lineBytes === 0) this.#lineAt = this.#at;
    this.#line.push(Buffer.from(bytes));
    this.#lineBytes += bytes.length;
  }

  #endLine(): Printed {
    const text = Buffer.concat(this.#line).toString('utf8');
    const at = this.#lineAt;
    this.#line = [];
    this.#lineBytes = 0;
    return {kind: 'line', text, ...(at === undefined ? {} : {at})};
  }
}

/** A place near this one where no character is cut. */
const beforeCharacter = (bytes: Buffer, place: number): number => {
  let at = Math.max(1, place);
  while (at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++;
  return at;
};
