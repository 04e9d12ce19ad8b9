#!/usr/bin/env node
import {writeSync} from 'node:fs';
import {basename} from 'node:path';
import {productId, version} from './package.ts';
import {reportInternal} from './report.ts';
import {codeOfSignal} from './signals.ts';
import {plain} from './streams.ts';
import type {Surroundings} from './surroundings.ts';

// The only place that knows the process: its arguments, environment, signals and end.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** So long may running steps take to be killed before the process ends without them. */
const LAST_RESORT_MS = 10_000;
const SHOW_CURSOR = '\x1b[?25h';

const stopping = new AbortController();
const killing = new AbortController();
let held = false;

const interrupt = (reason: string): void => {
  if (!held || killing.signal.aborted) process.exit(codeOfSignal(reason));
  if (!stopping.signal.aborted) stopping.abort(reason);
  else {
    killing.abort(reason);
    setTimeout(() => process.exit(codeOfSignal(reason)), LAST_RESORT_MS).unref();
  }
};

/** A bug: nothing that is still running can be trusted, and what listr2 holds back would be lost. */
const crash = (error: unknown): void => {
  const text = reportInternal(error, version(), process.argv.includes('--debug'), plain);
  writeSync(2, process.stderr.isTTY ? `\n${SHOW_CURSOR}${text}` : text);
  process.exit(1);
};

/** npm says that it was asked to run us (npx); a script started by hand has its ending. */
const programName = (): string => {
  const name = basename(process.argv[1] ?? 'runbook');
  if (process.env.npm_command === 'exec') return `npx ${name}`;
  return /\.[jt]s$/.test(name) ? 'runbook' : name;
};

const surroundings: Surroundings = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  program: programName(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stopping.signal,
  killSignal: killing.signal,
  holdSignals: () => {
    held = true;
  },
  interrupt,
};

/** Waits until everything printed has left: a pipe may still hold some of it. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => (stream.destroyed ? resolve() : stream.write('', () => resolve())));

const main = async (): Promise<void> => {
  for (const signal of SIGNALS) process.on(signal, () => interrupt(signal));
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  // Whoever read our output has gone (`| head`): a run is stopped like by Ctrl-C, anything else just ends.
  process.stdout.on('error', () => (held ? stopping.abort('SIGPIPE') : process.exit(0)));
  process.stderr.on('error', () => {});
  process.on('exit', () => {
    if (held && process.stderr.isTTY) writeSync(2, SHOW_CURSOR);
  });
  if (surroundings.argv.length === 1 && ['--version', '-V'].includes(surroundings.argv[0] ?? '')) {
    process.stdout.write(`${productId()}\n`);
    return;
  }
  const {runProgram} = await import('./program.ts');
  const code = await runProgram(surroundings);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
};

await main();
