import {closeSync, fstatSync, openSync, readFileSync, renameSync, writeFileSync, writeSync} from 'node:fs';

/*
 * When a step has printed what: beside its log a file with a line for each chunk, `[position, milliseconds]`, or
 * `[position, milliseconds, "2"]` where attempt 2 begins. Positions count all bytes that it ever printed, the left out ones
 * too. Only a help for readers: cut, missing or unwritable, the log is as good without it.
 */

/** Chunks closer together share a line. */
const RESOLUTION_MS = 100;
const MOST_BYTES = 256 * 1024;

/** From here on it was printed at this time. */
export interface OutputTime {
  readonly position: number;
  readonly at: number;
  /** What begins here: the number of an attempt, or `undo`. */
  readonly label?: string;
}

/** What of the output is still kept. */
export type IsKept = (position: number) => boolean;

const textOf = ({position, at, label}: OutputTime): string =>
  `${JSON.stringify(label === undefined ? [position, at] : [position, at, label])}\n`;

/** Writes the times of one step's output. Never fails. */
export class OutputTimes {
  readonly #file: string;
  readonly #mostBytes: number;
  #open: {readonly fd: number; bytes: number} | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;
  #resolutionMs = RESOLUTION_MS;
  #hasFailed = false;

  constructor(file: string, mostBytes = MOST_BYTES) {
    this.#file = file;
    this.#mostBytes = mostBytes;
  }

  /** Something is printed now, from this position on. */
  note(position: number, isKept: IsKept, label?: string, now = Date.now()): void {
    const isNear = now >= this.#lastAt && now - this.#lastAt < this.#resolutionMs;
    if (this.#hasFailed || (isNear && label === undefined)) return;
    this.#lastAt = now;
    try {
      this.#append(textOf({position, at: now, ...(label === undefined ? {} : {label})}), isKept);
    } catch {
      this.#hasFailed = true;
    }
  }

  #append(line: string, isKept: IsKept): void {
    this.#open ??= this.#reopen();
    if (this.#open.bytes + line.length > this.#mostBytes) this.#open = this.#thin(isKept);
    writeSync(this.#open.fd, line);
    this.#open.bytes += line.length;
  }

  #reopen(): {fd: number; bytes: number} {
    const fd = openSync(this.#file, 'a', 0o600);
    return {fd, bytes: fstatSync(fd).size};
  }

  /** Drops what is of bytes that are left out, then every second line, until there is room again for long. */
  #thin(isKept: IsKept): {fd: number; bytes: number} {
    let times = readTimes(this.#file).filter(({position, label}) => label !== undefined || isKept(position));
    if (sizeOf(times) > this.#mostBytes / 2) {
      times = times.filter(({label}, index) => label !== undefined || index % 2 === 0);
      this.#resolutionMs *= 2;
    }
    if (sizeOf(times) > (this.#mostBytes * 3) / 4) throw new Error('it has too many attempts');
    const draft = `${this.#file}.new`;
    writeFileSync(draft, times.map(textOf).join(''), {mode: 0o600});
    renameSync(draft, this.#file);
    this.close();
    return this.#reopen();
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }
}

const sizeOf = (times: readonly OutputTime[]): number => times.reduce((sum, time) => sum + textOf(time).length, 0);

/** In the order of positions; lines that make no sense are passed over, as a crash may cut the last one. */
export const readTimes = (file: string): OutputTime[] => {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return [];
  }
  const times: OutputTime[] = [];
  for (const line of text.split('\n')) {
    const time = timeIn(line);
    if (time !== undefined && time.position >= (times.at(-1)?.position ?? 0)) times.push(time);
  }
  return times;
};

const timeIn = (line: string): OutputTime | undefined => {
  try {
    const [position, at, label] = JSON.parse(line) as unknown[];
    if (!Number.isSafeInteger(position) || !Number.isSafeInteger(at)) return undefined;
    return {position: position as number, at: at as number, ...(typeof label === 'string' ? {label} : {})};
  } catch {
    return undefined;
  }
};
