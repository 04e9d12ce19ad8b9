/** Runs the tests of faults at length, or those whose name is given: `npm run soak -- kill`. */
const names = process.argv.slice(2);
const patterns = names.length === 0 ? ['faults/'] : names.map((name) => `faults/.*${name}`);
process.argv.splice(2, names.length, ...patterns);
process.env.RUNBOOK_TEST_SOAK = '1';
await import('./run.ts');

export {};
