import type {Event, Outcome, SkipReason} from '../../engine/index.ts';
import type {Style} from '../streams.ts';
import {spoken} from '../time.ts';
import {HOW, INTERRUPTED, OUTCOME, SKIPPED} from './words.ts';

/** Counts what became of the steps, for the one line at the end. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #kept = new Set<string>();
  /** Steps of which nothing has been heard. */
  readonly #left = new Set<string>();

  add(event: Event): void {
    if (event.type === 'run-started') for (const {key} of event.steps) this.#left.add(key);
    else if (event.type === 'step-finished') this.#finished(event.step, event.how);
    else if (event.type === 'step-skipped') this.#skipped(event.step, event.reason);
    else if (event.type === 'step-failed') this.#count(event.step, 'failed');
    else if (event.type === 'step-interrupted') this.#count(event.step, INTERRUPTED.word);
    else if (event.type === 'step-undone') this.#count(event.step, 'undone');
    else if (event.type === 'step-undo-failed') this.#count(event.step, 'not undone');
    else if (event.type === 'step-looked-at' && KEPT.has(event.standing)) this.#kept.add(event.step);
  }

  /** `9 ran, 3 already true`; empty when nothing happened. */
  text(): string {
    const left = [...this.#left].filter((step) => !this.#kept.has(step)).length;
    const all: [number, string][] = [
      [this.#kept.size, 'kept'],
      ...[...this.#counts].map(([word, count]): [number, string] => [count, word]),
      [left, SKIPPED['needs-failed'].word],
    ];
    return all.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])).join(', ');
  }

  #finished(step: string, how: keyof typeof HOW): void {
    if (how === 'kept') this.#kept.add(step);
    else this.#count(step, HOW[how].word);
  }

  /** What is not started because another has failed counts as what nobody came to. */
  #skipped(step: string, reason: SkipReason): void {
    if (reason !== 'needs-failed') this.#count(step, SKIPPED[reason].word);
  }

  #count(step: string, word: string): void {
    this.#left.delete(step);
    this.#kept.delete(step);
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
  }
}

const KEPT: ReadonlySet<string> = new Set(['holds', 'no-check', 'accepted', 'superseded']);

/** `✔ done in 34 s: 9 ran, 3 already true`. */
export const summary = (outcome: Outcome, durationMs: number, tally: Tally, style: Style): string => {
  const {mark, word, format} = OUTCOME[outcome];
  const how = outcome === 'done' || outcome === 'partial' ? 'in' : 'after';
  const counts = tally.text();
  return `${style(format, `${mark} ${word}`)} ${how} ${spoken(durationMs)}${counts === '' ? '' : `: ${counts}`}`;
};
