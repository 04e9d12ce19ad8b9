import {closeSync, readFileSync, writeSync} from 'node:fs';
import {basename} from 'node:path';
import {isatty} from 'node:tty';
import {exhaustion} from './exhaustion.ts';
import {signalOfLoss, unwritten} from './lost-output.ts';
import {productId, version} from './package.ts';
import {ORDERS, obey} from './rehearsal/orders.ts';
import {reportInternal, reportProblems} from './report.ts';
import {Secrets} from './secrets.ts';
import {codeOfSignal} from './signals.ts';
import {plain} from './streams.ts';
import type {Surroundings} from './surroundings.ts';

// The only place that knows the process: its arguments, environment, signals and end.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** So long may running steps take to be killed before the process ends without them. */
const LAST_RESORT_MS = 10_000;
/** A process that nobody could continue is not stopped by Ctrl-Z: then life goes on after this. */
const UNSTOPPED_MS = 200;
const NO_TERMINAL = '-1';
const SHOW_CURSOR = '\x1b[?25h';
const FAILED = 1;
const USAGE = 2;

const terminals = [0, 1, 2].filter((fd) => isatty(fd));
const stopping = new AbortController();
const killing = new AbortController();
let held = false;
let lent = false;
let lost: Error | undefined;
const secrets = new Secrets();

const programName = (): string => {
  const name = basename(process.argv[1] ?? 'runbook');
  // npm says that it was asked to run us (npx); a script started by hand has its ending.
  if (process.env.npm_command === 'exec') return `npx ${name}`;
  return /\.[cm]?[jt]s$/.test(name) ? 'runbook' : name;
};

/** `runbook.cjs` tells us; where it was passed by, a shell still says what it was asked to start. */
const isHangupIgnored = (): boolean => {
  const {RUNBOOK_HANGUP: told, _: started} = process.env;
  delete process.env.RUNBOOK_HANGUP;
  return told === 'ignored' || basename(started ?? '') === 'nohup';
};
const survivesHangup = isHangupIgnored();

/** What steps start is not meant by it. */
const {[ORDERS]: orders} = process.env;
delete process.env[ORDERS];

/** A person who repeats it means it; a terminal that closes may send its signal several times. */
const interrupt = (reason: string): void => {
  if (lent && reason === 'SIGINT') return;
  if (!held || killing.signal.aborted) process.exit(codeOfSignal(reason));
  if (!stopping.signal.aborted) stopping.abort(reason);
  else if (reason !== 'SIGHUP') {
    killing.abort(reason);
    setTimeout(() => process.exit(codeOfSignal(reason)), LAST_RESORT_MS).unref();
  }
};

const onSignal = (signal: string): void => {
  if (signal !== 'SIGHUP' || !survivesHangup) interrupt(signal);
};

const ignore = (): void => {};

const lend = async <T>(act: () => Promise<T>): Promise<T> => {
  lent = true;
  process.on('SIGQUIT', ignore);
  try {
    return await act();
  } finally {
    process.off('SIGQUIT', ignore);
    lent = false;
  }
};

/** Who asks from the background is stopped by the terminal. Only Linux says so without a call of its own. */
const inForeground = (): boolean => {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return foreground === group || foreground === NO_TERMINAL;
  } catch {
    return true;
  }
};

const suspend = (): Promise<void> =>
  new Promise((resolve) => {
    const goOn = (): void => {
      clearTimeout(timer);
      process.off('SIGCONT', goOn);
      resolve();
    };
    process.on('SIGCONT', goOn);
    const timer = setTimeout(goOn, UNSTOPPED_MS);
    // as the terminal does it: the whole job, with what called us
    process.kill(0, 'SIGTSTP');
  });

/** The last words; the terminal may be gone. */
const say = (text: string): void => {
  try {
    writeSync(2, text);
  } catch {
    // there is nobody to tell
  }
};

/** What can't even be opened now has no version to tell. */
const ownVersion = (): string => {
  try {
    return version();
  } catch {
    return '?';
  }
};

const styleOfReport = {style: plain, cwd: '', program: programName()};

/** An open question reads the terminal in ways of its own, and stumbles where that goes away. */
const isOfLostTerminal = (error: unknown): error is Error =>
  error instanceof Error && signalOfLoss(error) === 'SIGHUP' && terminals.some((fd) => !isatty(fd));

/** A bug, or a machine at its end: nothing that runs can be trusted, and what listr2 holds back would be lost. */
const crash = (error: unknown): void => {
  if (isOfLostTerminal(error)) {
    onLoss('stdin', error);
    return;
  }
  const problem = exhaustion(error);
  const text = problem
    ? reportProblems([problem], styleOfReport)
    : reportInternal(error, ownVersion(), process.argv.includes('--debug'), plain);
  const hidden = secrets.text(text);
  say(process.stderr.isTTY ? `\n${SHOW_CURSOR}${hidden}` : hidden);
  process.exit(FAILED);
};

/** Something printed has not arrived: a run is stopped, anything else ends. Progress on a full disk is no reason to. */
const onLoss = (stream: 'stdin' | 'stdout' | 'stderr', error: NodeJS.ErrnoException): void => {
  const signal = signalOfLoss(error);
  if (signal === undefined && stream !== 'stdout') return;
  if (signal === undefined) lost = error;
  else if (survivesHangup && held) return;
  if (held) stopping.abort(signal ?? error.message);
  else process.exit(signal === undefined ? tellLoss(error) : codeOfSignal(signal));
};

const tellLoss = (error: Error): number => {
  say(reportProblems([unwritten(error)], styleOfReport));
  return FAILED;
};

/** Node resets the terminal at its end, and aborts when that is gone; what is closed it leaves alone. */
const leaveTerminal = (): void => {
  if (held && process.stderr.isTTY) say(SHOW_CURSOR);
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
};

const onStdinLoss = (error: Error): void => onLoss('stdin', error);

/** Made when somebody wants to read it: few commands do, and it takes milliseconds. */
const standardInput = (): NodeJS.ReadStream => {
  const {stdin} = process;
  return stdin.listeners('error').includes(onStdinLoss) ? stdin : stdin.on('error', onStdinLoss);
};

const surroundingsIn = (cwd: string): Surroundings => ({
  argv: process.argv.slice(2),
  // a copy: reading the real one asks the system for each variable
  env: {...process.env},
  cwd,
  program: programName(),
  self: [process.execPath, ...process.execArgv, '--', process.argv[1] ?? ''],
  orders: obey(orders, () => process.kill(process.pid, 'SIGKILL')),
  get stdin() {
    return standardInput();
  },
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stopping.signal,
  killSignal: killing.signal,
  holdSignals: () => {
    held = true;
  },
  aroundStop: (before, after) => {
    const stop = (): void => {
      before();
      process.kill(process.pid, 'SIGSTOP');
    };
    process.on('SIGTSTP', stop).on('SIGCONT', after);
    return () => void process.off('SIGTSTP', stop).off('SIGCONT', after);
  },
  interrupt,
  inForeground,
  secrets,
  lend,
  suspend,
});

/** Waits until everything printed has left: a pipe may still hold some of it. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => (stream.destroyed ? resolve() : stream.write('', () => resolve())));

const workingDirectory = (): string => {
  try {
    return process.cwd();
  } catch (error) {
    const message = 'the directory that this was called in is gone';
    const next = ['change to one that is there; a run is found by its state directory: --state-dir DIR'];
    say(reportProblems([{code: 'no-working-directory', message, found: String(error), next}], styleOfReport));
    process.exit(USAGE);
  }
};

const main = async (): Promise<void> => {
  for (const signal of SIGNALS) process.on(signal, () => onSignal(signal));
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.stdout.on('error', (error) => onLoss('stdout', error));
  process.stderr.on('error', (error) => onLoss('stderr', error));
  process.on('exit', leaveTerminal);
  const surroundings = surroundingsIn(workingDirectory());
  if (surroundings.argv.length === 1 && ['--version', '-V'].includes(surroundings.argv[0] ?? '')) {
    process.stdout.write(`${productId()}\n`);
    return;
  }
  const {runProgram} = await import('./program.ts');
  const code = await runProgram(surroundings);
  // What is left to do can be broken off: whoever reads may never read on.
  held = false;
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(lost === undefined ? code : tellLoss(lost));
};

void main();
