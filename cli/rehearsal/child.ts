import {spawn} from 'node:child_process';
import type {Surroundings} from '../surroundings.ts';

/** How a program that was started has ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  /** It ended by SIGKILL. */
  readonly isKilled: boolean;
}

const LONGEST = 1_000_000;

/** Runs this program with other arguments, in another place. */
export const runSelf = (
  {self: [file, ...before], signal}: Pick<Surroundings, 'self' | 'signal'>,
  args: readonly string[],
  {cwd, env}: {readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>>},
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, [...before, ...args], {
      cwd,
      env: env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const printed = {stdout: '', stderr: ''};
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (printed.stderr = (printed.stderr + text).slice(-LONGEST)));
    // Ctrl-C and a closed terminal reach it by themselves: it is in our process group.
    const stop = (): void => void (signal.reason === 'SIGTERM' && child.kill('SIGTERM'));
    signal.addEventListener('abort', stop, {once: true});
    child.on('error', reject);
    child.on('close', (code, by) => {
      signal.removeEventListener('abort', stop);
      resolve({...printed, code: code ?? 1, isKilled: by === 'SIGKILL'});
    });
  });
