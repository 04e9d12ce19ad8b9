import {type Plan, planRun, type Runbook, RunbookError} from '../engine/index.ts';
import {registry} from '../steps/index.ts';

/** What a run would do where nothing can be reached and nobody is asked, in a folder that may be left as it is. */
export const planOffline = (runbook: Runbook, dir: string, set: Readonly<Record<string, string>> = {}): Promise<Plan> =>
  planRun(
    {runbook, registry, set, envFiles: []},
    {
      env: {PATH: process.env.PATH, HOME: dir, DOCKER_HOST: `unix://${dir}/none.sock`},
      cwd: dir,
      stateDir: `${dir}/.runbook`,
      signal: AbortSignal.timeout(60_000),
      killSignal: new AbortController().signal,
      version: 'test',
      emit: () => {},
      ask: () => Promise.reject(new RunbookError({code: 'no-terminal', message: 'nobody is there'})),
    },
  );
