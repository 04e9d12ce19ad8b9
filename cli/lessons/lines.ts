import {createInterface, type Interface} from 'node:readline';
import type {Surroundings} from '../surroundings.ts';

/** What a person types, line by line; undefined once there is no more (Ctrl-D, Ctrl-C, the end of a pipe). */
export class TypedLines {
  readonly #around: Surroundings;
  readonly #lines: string[] = [];
  #interface: Interface | undefined;
  #waiting: ((line: string | undefined) => void) | undefined;
  #hasEnded = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** The next line; one at a time. Whoever stops waiting for it says so with the signal, and the line is kept. */
  next(prompt: string, signal: AbortSignal): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#hasEnded) return Promise.resolve(undefined);
    const lines = this.#open();
    return new Promise((resolve) => {
      this.#waiting = resolve;
      signal.addEventListener(
        'abort',
        () => {
          if (this.#waiting === resolve) this.#waiting = undefined;
        },
        {once: true},
      );
      lines.setPrompt(prompt);
      lines.prompt(true);
    });
  }

  close(): void {
    this.#hasEnded = true;
    this.#interface?.close();
  }

  #open(): Interface {
    if (this.#interface !== undefined) return this.#interface;
    const {stdin, stderr} = this.#around;
    const opened = createInterface({
      input: stdin,
      output: stderr,
      terminal: stdin.isTTY === true && stderr.isTTY === true,
    });
    opened.on('line', (line) => this.#give(line));
    opened.on('SIGINT', () => opened.close());
    opened.on('close', () => {
      this.#hasEnded = true;
      this.#give(undefined);
    });
    this.#interface = opened;
    return opened;
  }

  #give(line: string | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) waiting(line);
    else if (line !== undefined) this.#lines.push(line);
  }
}
