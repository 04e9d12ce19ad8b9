/** A linear congruential generator, from 0 up to 1: the same numbers in each run of the tests. */
export const seeded = (seed: number): (() => number) => {
  let state = seed % 2 ** 31;
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
};

/** Changes all that is chosen at random; printed with what fails. */
export const SEED = Number(process.env.RUNBOOK_TEST_SEED ?? 20261123);

/** Tests at length, as `npm run soak` does: everything instead of a sample. */
export const isSoak = process.env.RUNBOOK_TEST_SOAK === '1';

/** How often something is tried: a hundred times as often at length. */
export const times = (bounded: number): number => (isSoak ? bounded * 100 : bounded);
