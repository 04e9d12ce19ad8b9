import {closeSync, openSync, readSync, statSync} from 'node:fs';
import {HEAD_BYTES, partOf, SEGMENT_BYTES, segmentsOf, startOf, TAIL_BYTES} from './step-log.ts';

const PIECE_BYTES = 64 * 1024;

/** Some of what a step has printed. */
export interface Piece {
  readonly bytes: Buffer;
  /** Of its first byte, counted from the first one that the step ever printed. */
  readonly position: number;
  /** So many bytes before it are not kept. */
  readonly leftOut: number;
}

/** Reads what a step has printed piece by piece, also while it is being written. */
export class StepLogReader {
  readonly #folder: string;
  readonly #step: string;
  #position = 0;

  constructor(folder: string, step: string) {
    this.#folder = folder;
    this.#step = step;
  }

  /** The next piece; undefined where nothing more is there now. */
  next(): Piece | undefined {
    const leftOut = this.#position === HEAD_BYTES ? this.#skip(TAIL_BYTES) : 0;
    const piece = this.#read(leftOut);
    if (piece !== undefined || this.#position <= HEAD_BYTES) return piece;
    // Who writes may have been faster than who reads: then the segment is gone.
    const gone = this.#skip(Number.POSITIVE_INFINITY);
    return gone === 0 ? undefined : this.#read(gone);
  }

  /** Where it will be when all is read that is there now. */
  end(): number {
    const head = sizeOf(this.#file('log'));
    const last = head < HEAD_BYTES ? undefined : segmentsOf(this.#folder, this.#step).at(-1);
    return last === undefined ? head : startOf(last) + sizeOf(this.#file(`tail${last}`));
  }

  #file = (part: string): string => partOf(this.#folder, this.#step, part);

  /** Goes on to what is kept, and of that to the last bytes; says how many it has passed over. */
  #skip(most: number): number {
    const first = segmentsOf(this.#folder, this.#step)[0];
    if (first === undefined) return 0;
    const to = Math.max(this.#position, startOf(first), this.end() - most);
    const passed = to - this.#position;
    this.#position = to;
    return passed;
  }

  #read(leftOut: number): Piece | undefined {
    const position = this.#position;
    const inTail = position - HEAD_BYTES;
    const segment = Math.floor(inTail / SEGMENT_BYTES) + 1;
    const bytes =
      inTail < 0
        ? readAt(this.#file('log'), position)
        : readAt(this.#file(`tail${segment}`), position - startOf(segment));
    this.#position += bytes.length;
    return bytes.length === 0 ? undefined : {bytes, position, leftOut};
  }
}

const readAt = (file: string, offset: number): Buffer => {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const bytes = Buffer.allocUnsafe(PIECE_BYTES);
    return bytes.subarray(0, readSync(fd, bytes, 0, PIECE_BYTES, offset));
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

const sizeOf = (file: string): number => statSync(file, {throwIfNoEntry: false})?.size ?? 0;
