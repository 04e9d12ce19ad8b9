import type {Output} from '../streams.ts';

/**
 * Joins what is written in one turn of the event loop, and hands it over after what else is done in it: a step that begins
 * has been started before somebody is told.
 */
export class Joined implements Output {
  readonly #out: Output;
  #text = '';

  constructor(out: Output) {
    this.#out = out;
  }

  get writableLength(): number {
    return (this.#out.writableLength ?? 0) + this.#text.length;
  }

  write(text: string): void {
    if (this.#text === '') setImmediate(() => this.flush());
    this.#text += text;
  }

  /** Hands over what is left, before somebody else writes there or the process ends. */
  flush(): void {
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#out.write(text);
  }
}
