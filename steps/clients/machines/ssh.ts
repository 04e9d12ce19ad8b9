import {lookup} from 'node:dns/promises';
import {quote, sh} from '../../../engine/sh.ts';
import {type StepContext, StepError} from '../../../engine/step-type.ts';
import {lastLines} from '../docker-stream.ts';
import {runProcess} from '../process.ts';
import type {Executed} from './driver.ts';

/** What ssh itself exits with when it could not log in. */
const NO_LOGIN = 255;

const words = (host: string): {target: string; port: string | undefined} => {
  const [target = '', port] = host.split(':');
  return {target, port};
};

/** The words that start a line for this host: `ssh -p 2222 me@host`. */
export const sshWords = (host: string): string[] => {
  const {target, port} = words(host);
  return ['ssh', ...(port === undefined ? [] : ['-p', port]), target];
};

/** A command as the login shell there reads it: it gets one text, whatever it is given. */
export const sshLine = (host: string, command: readonly string[]): string =>
  `${sh`${sshWords(host)}`} ${quote(sh`${command}`)}`;

/** For what is not a terminal's: never asks for a password, and gives a host up that does not answer, or no longer does. */
const QUIET = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-o', 'ServerAliveInterval=20'];

type Running = Pick<StepContext, 'cwd' | 'env' | 'signal'> & {readonly output?: StepContext['output']};

/** Runs a command on the host; a login that fails is an error, a command that fails an answer. */
export const runOn = async (
  host: string,
  command: readonly string[],
  {cwd, env, signal, output}: Running,
  stdin?: string,
): Promise<Executed> => {
  const [file = 'ssh', ...args] = sshWords(host);
  const done = await runProcess({
    file,
    args: [...QUIET, ...args, sh`${command}`],
    cwd,
    env,
    signal,
    stdin: stdin ?? '',
    ...(output && {output}),
  });
  if (done.exitCode !== NO_LOGIN) return done;
  throw new StepError(`cannot log in to ${host} by ssh`, {
    code: 'command-failed',
    found: lastLines(done.stderr.trim()) || 'ssh says nothing',
    next: `try it by hand: ${sh`${sshWords(host)}`} true`,
  });
};

/** Like `runOn`, but a command that fails is an error too. */
export const mustRun = async (
  host: string,
  command: readonly string[],
  context: Running,
  stdin?: string,
): Promise<string> => {
  const {stdout, stderr, exitCode} = await runOn(host, command, context, stdin);
  if (exitCode === 0) return stdout;
  throw new StepError(`"${command[0]}" exited with code ${exitCode} on ${host}`, {
    code: 'command-failed',
    found: lastLines(stderr.trim() || stdout.trim()) || 'it printed nothing',
  });
};

/** The address behind a host as ssh knows it; the name itself where it has none here. */
export const addressBehind = async (host: string, {cwd, env, signal}: Running): Promise<string> => {
  const [file = 'ssh', ...args] = sshWords(host);
  const asked = await runProcess({file, args: ['-G', ...args], cwd, env, signal});
  const name = /^hostname (.*)$/m.exec(asked.stdout)?.[1] ?? words(host).target.replace(/^.*@/, '');
  return lookup(name, {family: 4}).then(
    ({address}) => address,
    () => name,
  );
};
