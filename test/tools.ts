import {execFile, spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {delimiter, join} from 'node:path';

const isHere = (tool: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, tool)));

/** Whether tests can run that need something; where it is absent it says so, and in CI it answers yes all the same, so that they fail. */
export const mayRun = (isThere: boolean, absence: string): boolean => {
  if (isThere || process.env.CI === 'true') return true;
  console.error(`SKIPPED: ${absence}`);
  return false;
};

/** Whether a test can type commands as a person would, with tools such as `dig` and `jq`. */
export const hasTools = (...tools: readonly string[]): boolean => {
  const absent = tools.filter((tool) => !isHere(tool));
  return mayRun(absent.length === 0, `tests that type ${tools.join(', ')} (not installed: ${absent.join(', ')})`);
};

/** Whether tests can run that watch system calls or make them fail: `strace` is there, and may trace. */
export const canTrace = (what: string): boolean =>
  mayRun(
    spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0,
    `${what} (strace, and the permission to trace)`,
  );

/** Whether tests can run that act as root, such as for another user. */
export const isRoot = (): boolean => mayRun(process.getuid?.() === 0, 'tests that act as root');

/** How a program ended. */
export interface Executed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the machine for two minutes at the most. */
export const execute = (env: NodeJS.ProcessEnv, file = '', ...args: readonly string[]): Promise<Executed> =>
  new Promise((resolve) => {
    execFile(file, args, {env, timeout: 120_000}, (error, stdout, stderr) => {
      resolve({code: error ? Number(error.code ?? 1) : 0, stdout, stderr});
    });
  });
