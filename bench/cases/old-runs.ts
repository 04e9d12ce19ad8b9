import {join} from 'node:path';
import {type Host, loadRunbook, startRun} from '../../engine/index.ts';
import {registry} from '../../steps/index.ts';
import type {BenchCase, Comparison} from '../case.ts';

const RUNS = 500;

const RUNBOOK = `name: one
title: One step
steps:
  - {id: only, run: "true"}
`;

/** Does the runbook so many times, in this process. */
const runMany = async (dir: string, stateDir: string, count: number): Promise<void> => {
  const runbook = await loadRunbook(join(dir, 'one.yaml'), {registry, requirements: [], find: async () => undefined});
  const {signal} = new AbortController();
  const host: Host = {
    ...{env: process.env, cwd: dir, stateDir, signal, killSignal: signal, version: 'bench'},
    emit: () => {},
    ask: async () => false,
  };
  for (let run = 0; run < count; run++) await startRun({runbook, registry, set: {}, envFiles: []}, host);
};

export const benchCase: BenchCase = {
  about: `what ${RUNS} old runs in the state directory cost`,

  async comparisons(bench) {
    await bench.write({'one.yaml': RUNBOOK});
    await runMany(bench.dir, join(bench.dir, 'few'), 1);
    await runMany(bench.dir, join(bench.dir, 'many'), RUNS);
    const comparison = (what: string, args: readonly string[]): Comparison => {
      const timed = (name: string, state: string, target?: number) =>
        bench.timed(name, [...bench.program, ...args, '--state-dir', join(bench.dir, state)], target);
      return {what, base: timed('after one run', 'few'), others: [timed(`after ${RUNS} runs`, 'many', 1.2)]};
    };
    return [comparison('run one step: true', ['run', './one.yaml']), comparison('status', ['status'])];
  },
};
