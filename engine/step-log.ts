import {closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync} from 'node:fs';
import {join} from 'node:path';

const HEAD_BYTES = 1_000_000;
const TAIL_BYTES = 9_000_000;
/** Three segments take turns, so that the last 9 MB are there whenever the process ends. */
const SEGMENT_BYTES = TAIL_BYTES / 2;
const SEGMENTS = 3;

const fileOf = (folder: string, step: string, part: string): string =>
  join(folder, 'steps', `${encodeURIComponent(step)}.${part}`);

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

/** What a step prints: its first 1 MB and its last 9 MB, and how much was left out between. */
export class StepLog {
  readonly #folder: string;
  readonly #step: string;
  #head: Part | undefined;
  #segment: (Part & {readonly index: number}) | undefined;

  constructor(folder: string, step: string) {
    this.#folder = folder;
    this.#step = step;
  }

  write(text: string): void {
    this.#head ??= this.#open('log');
    let rest = fill(this.#head, Buffer.from(text), HEAD_BYTES);
    while (rest.length > 0) rest = fill(this.#segmentWithRoom(), rest, SEGMENT_BYTES);
  }

  /** An earlier process may have written to it. */
  #open(part: string): Part {
    mkdirSync(join(this.#folder, 'steps'), {recursive: true, mode: 0o700});
    const fd = openSync(fileOf(this.#folder, this.#step, part), 'a', 0o600);
    return {fd, bytes: fstatSync(fd).size};
  }

  #segmentWithRoom(): Part {
    const index = this.#segment?.index ?? segmentsOf(this.#folder, this.#step).at(-1) ?? 1;
    this.#segment ??= {...this.#open(`tail${index}`), index};
    if (this.#segment.bytes < SEGMENT_BYTES) return this.#segment;
    closeSync(this.#segment.fd);
    rmSync(fileOf(this.#folder, this.#step, `tail${index + 1 - SEGMENTS}`), {force: true});
    this.#segment = {...this.#open(`tail${index + 1}`), index: index + 1};
    return this.#segment;
  }

  close(): void {
    if (this.#head !== undefined) closeSync(this.#head.fd);
    if (this.#segment !== undefined) closeSync(this.#segment.fd);
    this.#head = undefined;
    this.#segment = undefined;
  }
}

/** The numbers of the tail's segments that are there. */
const segmentsOf = (folder: string, step: string): readonly number[] => {
  const name = `${encodeURIComponent(step)}.tail`;
  return readdirSync(join(folder, 'steps'))
    .filter((file) => file.startsWith(name))
    .map((file) => Number(file.slice(name.length)))
    .sort((a, b) => a - b);
};

/** The names of the steps that have printed something. */
export const loggedSteps = (folder: string): string[] => {
  try {
    return readdirSync(join(folder, 'steps'))
      .filter((name) => name.endsWith('.log'))
      .map((name) => decodeURIComponent(name.slice(0, -'.log'.length)));
  } catch {
    return [];
  }
};

/** What a step has printed; undefined when nothing. */
export const readStepLog = (folder: string, step: string): string | undefined => {
  let head: Buffer;
  try {
    head = readFileSync(fileOf(folder, step, 'log'));
  } catch {
    return undefined;
  }
  const segments = segmentsOf(folder, step);
  const tail = Buffer.concat(segments.map((index) => readFileSync(fileOf(folder, step, `tail${index}`))));
  const kept = tail.subarray(Math.max(0, tail.length - TAIL_BYTES));
  const leftOut = ((segments[0] ?? 1) - 1) * SEGMENT_BYTES + tail.length - kept.length;
  if (leftOut === 0) return Buffer.concat([head, tail]).toString();
  return `${head}\n[runbook: ${leftOut} bytes are left out here]\n${kept}`;
};
