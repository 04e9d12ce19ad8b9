import {type ChildProcess, spawn} from 'node:child_process';
import type {Machine} from './finding.ts';

/** How a question to a program ended. */
export interface Answer {
  /** `none`: there is no such program; `late`: it did not answer in time. */
  readonly ended: 'yes' | 'none' | 'late';
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Asks a program, for a limited time; it and all that it started are gone afterwards. */
export const ask = (machine: Machine, file: string, ...args: string[]): Promise<Answer> =>
  new Promise((resolve) => {
    // where no more files may be opened, it has no streams
    const child: ChildProcess = spawn(file, args, {
      env: machine.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const printed = {stdout: '', stderr: ''};
    child.stdout?.on('data', (chunk) => (printed.stdout += chunk));
    child.stderr?.on('data', (chunk) => (printed.stderr += chunk));

    const answer = (ended: Answer['ended'], code: number) => {
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({...printed, ended, code});
    };
    const timer = setTimeout(() => {
      // a group of its own, so that a wrapper script's child ends, too
      if (child.pid !== undefined) killGroup(child.pid);
      answer('late', 1);
    }, machine.limitMs);
    child.on('error', () => answer('none', 127));
    child.on('close', (code) => answer('yes', code ?? 1));
  });

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ended meanwhile
  }
};

/** The first line that says something. */
export const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
