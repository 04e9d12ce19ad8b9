import {appendFileSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync} from 'node:fs';
import {join} from 'node:path';

const HEAD_BYTES = 1_000_000;
/** Two segments take turns, so that the last 4.5 to 9 MB are kept, whenever the process ends. */
const SEGMENT_BYTES = 4_500_000;

const fileOf = (folder: string, step: string, part: string): string =>
  join(folder, 'steps', `${encodeURIComponent(step)}.${part}`);

/** What a step prints: its first 1 MB and its last 9 MB, and how much was left out between. */
export class StepLog {
  readonly #folder: string;
  readonly #step: string;
  #fd: number | undefined;
  #headBytes = 0;
  #segment: {index: number; fd: number; bytes: number} | undefined;

  constructor(folder: string, step: string) {
    this.#folder = folder;
    this.#step = step;
  }

  write(text: string): void {
    let bytes = Buffer.from(text);
    if (this.#headBytes < HEAD_BYTES) {
      this.#fd ??= this.#openHead();
      const part = bytes.subarray(0, HEAD_BYTES - this.#headBytes);
      writeSync(this.#fd, part);
      this.#headBytes += part.length;
      bytes = bytes.subarray(part.length);
    }
    if (bytes.length > 0) this.#writeTail(bytes);
  }

  #openHead(): number {
    mkdirSync(join(this.#folder, 'steps'), {recursive: true, mode: 0o700});
    const fd = openSync(fileOf(this.#folder, this.#step, 'log'), 'a', 0o600);
    return fd;
  }

  #writeTail(bytes: Buffer): void {
    if (this.#segment === undefined || this.#segment.bytes >= SEGMENT_BYTES) this.#nextSegment();
    const segment = this.#segment;
    if (segment === undefined) return;
    writeSync(segment.fd, bytes);
    segment.bytes += bytes.length;
  }

  #nextSegment(): void {
    const index = (this.#segment?.index ?? 0) + 1;
    if (this.#segment !== undefined) closeSync(this.#segment.fd);
    rmSync(fileOf(this.#folder, this.#step, `tail${index - 2}`), {force: true});
    this.#segment = {index, fd: openSync(fileOf(this.#folder, this.#step, `tail${index}`), 'a', 0o600), bytes: 0};
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    if (this.#segment !== undefined) closeSync(this.#segment.fd);
    this.#fd = undefined;
    this.#segment = undefined;
  }
}

/** A line of ours between what a step printed, such as where an attempt begins. */
export const markLog = (folder: string, step: string, line: string): void => {
  mkdirSync(join(folder, 'steps'), {recursive: true, mode: 0o700});
  appendFileSync(fileOf(folder, step, 'log'), `${line}\n`, {mode: 0o600});
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
  let head: string;
  try {
    head = readFileSync(fileOf(folder, step, 'log'), 'utf8');
  } catch {
    return undefined;
  }
  const name = `${encodeURIComponent(step)}.tail`;
  const tails = readdirSync(join(folder, 'steps'))
    .filter((file) => file.startsWith(name))
    .map((file) => Number(file.slice(name.length)))
    .sort((a, b) => a - b);
  if (tails.length === 0) return head;
  const tail = tails.map((index) => readFileSync(fileOf(folder, step, `tail${index}`), 'utf8')).join('');
  const skipped =
    (tails[0] ?? 1) > 1
      ? `\n[runbook: at least ${((tails[0] ?? 1) - 1) * SEGMENT_BYTES} bytes are left out here]\n`
      : '';
  return `${head}${skipped}${tail}`;
};
