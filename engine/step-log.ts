import {createHash} from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {OutputTimes} from './output-times.ts';

/*
 * What a step prints: the first 1 MB in one file, the rest in segments, of which the last three are kept. Each byte has a
 * position, counted from the first one that the step ever printed.
 */

export const HEAD_BYTES = 1_000_000;
export const TAIL_BYTES = 9_000_000;
/** Three segments take turns, so that the last 9 MB are there whenever the process ends. */
export const SEGMENT_BYTES = TAIL_BYTES / 2;
const SEGMENTS = 3;

/** So long may the name of a file be with all that is put behind it. */
const LONGEST_NAME = 200;
/** Stands before the hash of a key that is no name of a file; no escaped key has it. */
const MARK = '=';

/** A step's key as the name of a file; where it is too long, or no text at all, its beginning and its hash. */
const fileNameOf = (step: string): string => {
  const name = encodeURIComponent(step.replace(/\p{Surrogate}/gu, '\ufffd'));
  if (name.length <= LONGEST_NAME && decodeURIComponent(name) === step) return name;
  const hash = createHash('sha256').update(JSON.stringify(step)).digest('hex').slice(0, 24);
  return `${name.slice(0, LONGEST_NAME - hash.length).replace(/%.?$/, '')}${MARK}${hash}`;
};

const fileOf = (folder: string, name: string, part: string): string => join(folder, 'steps', `${name}.${part}`);

/** One of the files of a step: `log`, `tail1`, `tail2`, ..., `times`, and `key` where the name does not tell the step. */
export const partOf = (folder: string, step: string, part: string): string => fileOf(folder, fileNameOf(step), part);

/** Where a segment begins. */
export const startOf = (segment: number): number => HEAD_BYTES + (segment - 1) * SEGMENT_BYTES;

/** A file that grows, and how much it holds already. */
interface Part {
  readonly fd: number;
  bytes: number;
}

/** Writes as much as there is room for; gives the rest. */
const fill = (part: Part, bytes: Buffer, room: number): Buffer => {
  const now = bytes.subarray(0, Math.max(0, room - part.bytes));
  for (let done = 0; done < now.length; ) done += writeSync(part.fd, now, done);
  part.bytes += now.length;
  return bytes.subarray(now.length);
};

/** Only inside the run's own folder: where that is gone, nothing of it is made anew. */
const makeIn = (folder: string): void => {
  try {
    mkdirSync(join(folder, 'steps'), {mode: 0o700});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
};

/** Writes what a step prints: its first 1 MB and its last 9 MB, and when it was printed. */
export class StepLog {
  readonly #folder: string;
  readonly #step: string;
  #times: OutputTimes | undefined;
  #label: string | undefined;
  #head: Part | undefined;
  #segment: (Part & {readonly index: number}) | undefined;

  constructor(folder: string, step: string) {
    this.#folder = folder;
    this.#step = step;
  }

  /** What is printed from here on belongs to another attempt, or to an undo. */
  begin(label: string): void {
    this.#label = label;
  }

  write(text: string): void {
    this.#head ??= this.#begin();
    this.#times ??= new OutputTimes(partOf(this.#folder, this.#step, 'times'));
    this.#times.note(this.#position(this.#head), (position) => this.#isKept(position), this.#label);
    this.#label = undefined;
    let rest = fill(this.#head, Buffer.from(text), HEAD_BYTES);
    while (rest.length > 0) rest = fill(this.#segmentWithRoom(), rest, SEGMENT_BYTES);
  }

  #begin(): Part {
    const head = this.#open('log');
    if (fileNameOf(this.#step).includes(MARK))
      writeFileSync(partOf(this.#folder, this.#step, 'key'), JSON.stringify(this.#step), {mode: 0o600});
    return head;
  }

  #position(head: Part): number {
    if (head.bytes < HEAD_BYTES) return head.bytes;
    const {index, bytes} = this.#lastSegment();
    return startOf(index) + bytes;
  }

  #isKept(position: number): boolean {
    const oldest = segmentsOf(this.#folder, this.#step)[0];
    return position < HEAD_BYTES || oldest === undefined || position >= startOf(oldest);
  }

  /** An earlier process may have written to it. */
  #open(part: string): Part {
    makeIn(this.#folder);
    const fd = openSync(partOf(this.#folder, this.#step, part), 'a', 0o600);
    return {fd, bytes: fstatSync(fd).size};
  }

  #lastSegment(): Part & {readonly index: number} {
    const index = this.#segment?.index ?? segmentsOf(this.#folder, this.#step).at(-1) ?? 1;
    this.#segment ??= {...this.#open(`tail${index}`), index};
    return this.#segment;
  }

  #segmentWithRoom(): Part {
    const {index, bytes, fd} = this.#lastSegment();
    if (bytes < SEGMENT_BYTES) return this.#lastSegment();
    closeSync(fd);
    rmSync(partOf(this.#folder, this.#step, `tail${index + 1 - SEGMENTS}`), {force: true});
    this.#segment = {...this.#open(`tail${index + 1}`), index: index + 1};
    return this.#segment;
  }

  close(): void {
    if (this.#head !== undefined) closeSync(this.#head.fd);
    if (this.#segment !== undefined) closeSync(this.#segment.fd);
    this.#times?.close();
    this.#times = undefined;
    this.#head = undefined;
    this.#segment = undefined;
  }
}

/** The numbers of the tail's segments that are there. */
export const segmentsOf = (folder: string, step: string): readonly number[] => {
  const name = `${fileNameOf(step)}.tail`;
  return namesIn(folder)
    .filter((file) => file.startsWith(name))
    .map((file) => file.slice(name.length))
    .filter((number) => /^\d+$/.test(number))
    .map(Number)
    .sort((a, b) => a - b);
};

/** The names of the steps that have printed something. */
export const loggedSteps = (folder: string): string[] =>
  namesIn(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => keyOf(folder, name.slice(0, -'.log'.length)));

const keyOf = (folder: string, name: string): string => {
  try {
    return name.includes(MARK)
      ? (JSON.parse(readFileSync(fileOf(folder, name, 'key'), 'utf8')) as string)
      : decodeURIComponent(name);
  } catch {
    return name; // its process died before it had written that, or somebody else has put the file there
  }
};

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(join(folder, 'steps'));
  } catch {
    return [];
  }
};
