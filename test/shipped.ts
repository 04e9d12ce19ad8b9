import {existsSync, readdirSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {requirements} from '../cli/doctor/doctor.ts';
import {loadRunbook, type Plan, planRun, type Runbook, RunbookError} from '../engine/index.ts';
import {registry} from '../steps/index.ts';

const folder = fileURLToPath(new URL('../runbooks', import.meta.url));

/** The paths of the shipped runbooks, below their folder. */
export const shipped: readonly string[] = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) =>
  name.endsWith('.yaml'),
);

export const loadShipped = (path: string): Promise<Runbook> =>
  loadRunbook(join(folder, path), {
    registry,
    requirements: Object.keys(requirements),
    find: async (child, from) =>
      [join(dirname(from), `${child}.yaml`), join(folder, `${child}.yaml`)].find((file) => existsSync(file)),
  });

/** What a run would do where nothing can be reached and nobody is asked; and what planning that has left in its folder. */
export const planOffline = async (
  runbook: Runbook,
  set: Readonly<Record<string, string>> = {},
): Promise<Plan & {readonly left: readonly string[]}> => {
  const dir = await mkdtemp(join(tmpdir(), 'runbook-plan-'));
  try {
    const plan = await planRun(
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
    return {...plan, left: readdirSync(dir)};
  } finally {
    await rm(dir, {recursive: true, force: true});
  }
};
