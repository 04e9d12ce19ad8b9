/** Whether the tests run at length: `npm run soak`. */
export const SOAK = process.env.RUNBOOK_TEST_SOAK === '1';

/** The seed of everything random; a failure names it. */
export const SEED = Number(process.env.RUNBOOK_TEST_SEED ?? 20261123);

/** How often a property is tried: so often in `npm test`, a hundred times as often at length. */
export const runs = (bounded: number): number => (SOAK ? bounded * 100 : bounded);
