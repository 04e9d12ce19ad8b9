import type {Hider} from '../engine/index.ts';

/** Hides the secrets of every run that this process has to do with. */
export class Secrets implements Hider {
  readonly #all = new Set<Hider>();

  add(hider: Hider): void {
    this.#all.add(hider);
  }

  text(text: string): string {
    return [...this.#all].reduce((hidden, hider) => hider.text(hidden), text);
  }

  carried<T>(value: T): T {
    return [...this.#all].reduce((hidden, hider) => hider.carried(hidden), value);
  }
}
