import type {Comparison, Contestant} from './case.ts';

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface Measured {
  readonly contestant: Contestant;
  readonly figure: Spread;
  /** What it took, divided by what the base took in the same round. Left out for the base. */
  readonly ratio?: Spread;
}

const ROUNDS_NOT_COUNTED = 1;

/** All take turns, round by round; the first round only warms up. */
export const measure = async ({base, others}: Comparison, rounds: number): Promise<readonly Measured[]> => {
  const all = [base, ...others];
  const figures = all.map((): number[] => []);
  for (let round = -ROUNDS_NOT_COUNTED; round < rounds; round++) {
    for (const [index, contestant] of all.entries()) {
      const figure = await contestant.measure();
      if (round >= 0) figures[index]?.push(figure);
    }
  }
  const [ofBase = []] = figures;
  return all.map((contestant, index) => {
    const own = figures[index] ?? [];
    const ratio = spreadOf(own.map((figure, round) => figure / (ofBase[round] ?? Number.NaN)));
    return {contestant, figure: spreadOf(own), ...(contestant === base ? {} : {ratio})};
  });
};

const spreadOf = (figures: readonly number[]): Spread => {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN] = sorted;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  const median = Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
  return {median, low, high: sorted.at(-1) ?? Number.NaN};
};
