import {chmod} from 'node:fs/promises';
import {join} from 'node:path';
import {type CliRig, program, shellRunbook} from './cli-rig.ts';
import {type Pty, type PtyOptions, startPty} from './pty.ts';

/** How a shell starts the program. */
export const TYPED = program.map((word) => `'${word}'`).join(' ');

/** It can be seen whole. */
export const OPEN = '? explains';

export const WEB = {
  first: 'echo first >> acts; echo 10.0.0.7',
  fail: 'echo fail >> acts; echo looking; test -f go',
  last: 'echo last >> acts',
};

/** Runs a runbook whose step `fail` fails until there is a file `go`. */
export const failing = async (rig: CliRig, options: PtyOptions & {args?: readonly string[]} = {}): Promise<Pty> => {
  await rig.write({'runbooks/web.yaml': shellRunbook('web', WEB)});
  const pty = startPty(rig, ['run', 'web', ...(options.args ?? [])], options);
  await pty.says(OPEN);
  return pty;
};

export const actsOf = async (rig: CliRig): Promise<string[]> => (await rig.read('acts')).trim().split('\n');

/** A script for people to call as their editor. */
export const editor = async (rig: CliRig, name: string, script: string): Promise<string> => {
  await rig.write({[name]: `#!/bin/sh\n${script}\n`});
  const path = join(rig.dir, name);
  await chmod(path, 0o755);
  return path;
};

/** Opens the shell of the menu. */
export const opensShell = async (pty: Pty): Promise<void> => {
  pty.types('s');
  await pty.says('come back with: exit');
  await pty.says('$ ');
};
