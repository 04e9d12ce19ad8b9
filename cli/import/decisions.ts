import type {Decision} from './sketch.ts';

/** What only a person can settle, as it is come upon. */
export class Decisions {
  /** Those that belong to no step. */
  readonly loose: Decision[] = [];
  readonly #next: string[] = [];

  /** One of the step that comes next. */
  ofNext(what: string): void {
    this.#next.push(what);
  }

  takeNext(): string[] {
    return this.#next.splice(0);
  }

  ofLine(line: number, what: string): void {
    this.loose.push({line, what});
  }
}
