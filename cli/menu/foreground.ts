import {spawn} from 'node:child_process';
import type {Surroundings} from '../surroundings.ts';

/** A program that a person talks to. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How it ended: its exit code, the name of a signal, or why it could not be started. */
export type Ended = {readonly code: number} | {readonly signal: string} | {readonly error: string};

const STDERR = 2;

/** Runs a program on the terminal until it ends; Ctrl-C is its own meanwhile. A signal to us ends it as a hang-up. */
export const onTerminal = (around: Surroundings, {file, args, cwd, env}: Program): Promise<Ended> =>
  around.lend(
    () =>
      new Promise((resolve) => {
        const {stdout, signal} = around;
        // By number: our streams have descriptors of their own, which a child would make blocking for us, too.
        // Our results may go to a pipe; the program is for the person.
        const stdio = ['inherit', stdout.isTTY ? 'inherit' : STDERR, 'inherit'] as const;
        const child = spawn(file, [...args], {cwd, env: {...env}, stdio: [...stdio]});
        const hangUp = (): void => void child.kill('SIGHUP');
        signal.addEventListener('abort', hangUp, {once: true});
        const end = (ended: Ended): void => {
          signal.removeEventListener('abort', hangUp);
          resolve(ended);
        };
        child.on('error', (error) => end({error: error.message}));
        child.on('close', (code, name) => end(name === null ? {code: code ?? 0} : {signal: name}));
      }),
  );
