import {advised} from './advice.ts';
import {type Code, type Place, type Problem, RunbookError} from './errors.ts';
import {excerpt, type Source} from './source.ts';

type Details = Pick<Problem, 'expected' | 'found' | 'next'>;

// Nobody reads more, and each one quotes its line.
const MOST = 200;

/** Collects what is wrong with one file, so that everything is reported at once. */
export class Mistakes {
  readonly source: Source;
  readonly #list: Problem[] = [];
  readonly #seen = new Set<string>();

  constructor(source: Source) {
    this.source = source;
  }

  /** Notes a problem. The same one at the same place counts once: an alias may lead there twice. */
  add(code: Code, message: string, place: Place, details: Details = {}): void {
    const key = `${place.line}:${place.column} ${code} ${message}`;
    if (this.isFull || this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#list.push(advised({code, message, place, excerpt: excerpt(this.source.text, place), ...details}));
  }

  /** Runs a part that throws its problems, and notes them; undefined then. */
  collect<T>(part: () => T): T | undefined {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof RunbookError)) throw error;
      for (const {code, message, place, ...details} of error.problems) {
        if (place === undefined) throw error;
        this.add(code, message, place, details);
      }
      return undefined;
    }
  }

  /** In the order of the file. */
  get sorted(): readonly Problem[] {
    return this.#list.toSorted((a, b) => compare(a.place, b.place));
  }

  /** No more are noted: what only finds more of them may stop. */
  get isFull(): boolean {
    return this.#list.length >= MOST;
  }

  get none(): boolean {
    return this.#list.length === 0;
  }
}

const compare = (a: Place | undefined, b: Place | undefined): number =>
  (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);

/** Throws what was collected, if anything. */
export const throwProblems = (problems: readonly Problem[], cause?: unknown): void => {
  const [first, ...rest] = problems;
  if (first !== undefined) throw new RunbookError([first, ...rest], cause);
};
