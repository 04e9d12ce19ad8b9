import type {Event, Outcome} from '../../engine/index.ts';
import type {Style} from '../streams.ts';
import {spoken} from '../time.ts';
import {HOW, INTERRUPTED, OUTCOME, SKIPPED} from './words.ts';

/** Counts what became of the steps, for the one line at the end. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #kept = new Set<string>();

  add(event: Event): void {
    if (event.type === 'step-finished') this.#finished(event.step, event.how);
    else if (event.type === 'step-skipped') this.#count(SKIPPED[event.reason].word);
    else if (event.type === 'step-failed') this.#count('failed');
    else if (event.type === 'step-interrupted') this.#count(INTERRUPTED.word);
    else if (event.type === 'step-undone') this.#count('undone');
    else if (event.type === 'step-undo-failed') this.#count('not undone');
    else if (event.type === 'step-looked-at' && KEPT.has(event.standing)) this.#kept.add(event.step);
  }

  /** `9 ran, 3 already true`; empty when nothing happened. */
  text(): string {
    const kept: [string, number][] = this.#kept.size === 0 ? [] : [['kept', this.#kept.size]];
    return [...kept, ...this.#counts].map(([word, count]) => `${count} ${word}`).join(', ');
  }

  #finished(step: string, how: keyof typeof HOW): void {
    if (how === 'kept') this.#kept.add(step);
    else {
      this.#kept.delete(step);
      this.#count(HOW[how].word);
    }
  }

  #count(word: string): void {
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
