import type {Bench} from './bench.ts';

/** One of those that are compared. */
export interface Contestant {
  readonly name: string;
  /** It should take at most so many times what the base takes. Left out where the figure is only for comparison. */
  readonly target?: number;
  /** Does it once, and says what that took, in the comparison's unit. */
  measure(): Promise<number>;
}

/** Contestants that take turns within one run: what disturbs the machine meets them all. */
export interface Comparison {
  readonly what: string;
  /** Left out: milliseconds. */
  readonly unit?: string;
  /** Unless others are asked for; left out where it is short. */
  readonly rounds?: number;
  /** What the others are divided by. */
  readonly base: Contestant;
  readonly others: readonly Contestant[];
}

/** One file of `cases/`, called by its file's name. */
export interface BenchCase {
  readonly about: string;
  comparisons(bench: Bench): Promise<readonly Comparison[]>;
}
