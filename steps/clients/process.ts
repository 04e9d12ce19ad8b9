import {once} from 'node:events';
import {stat} from 'node:fs/promises';
import {constants} from 'node:os';
import type {Readable} from 'node:stream';
import {StringDecoder} from 'node:string_decoder';
import {setImmediate as immediate} from 'node:timers/promises';
import {PermanentError, StepError} from '../../engine/step-type.ts';
import {KeptOutput} from './kept-output.ts';
import {spawnPiped, spawnUnfed, type Unfed} from './piped.ts';
import {endFamily, type Family} from './process-family.ts';

/** After the process has ended, its pipes are read until they are silent for this long ... */
const SILENCE_MS = 50;
/** ... but never longer than this: a child in the background may hold them open, and print, for ever. */
const DRAIN_MS = 1000;

/** One process to run. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text for its standard input; there is none when left out. */
  readonly stdin?: string | undefined;
  /** Ends the process, and all that it started. */
  readonly signal: AbortSignal;
  /** Receives what it prints, on both streams, as it comes. */
  output?(text: string, channel: 'stdout' | 'stderr'): void;
}

/** How a process ended. */
export interface Finished {
  /** At most `KEPT_BYTES`, with a line in the middle that says how much was left out. */
  readonly stdout: string;
  readonly stderr: string;
  /** As a shell would say it: 128 + number for a signal. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
  /** Whether something of `stdout` was left out. */
  readonly truncated: boolean;
}

/** Reads a stream as fast as its consumer takes it: a full pipe makes the process wait. */
const follow = (stream: Readable, output: (text: string) => void) => {
  const kept = new KeptOutput();
  const decoder = new StringDecoder('utf8');
  let heardAt = performance.now();
  let isClosed = false;
  stream.on('data', (chunk: Buffer) => {
    heardAt = performance.now();
    kept.add(chunk);
    const text = decoder.write(chunk);
    if (text !== '') output(text);
  });
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      const rest = decoder.end();
      if (rest !== '') output(rest);
      isClosed = true;
      resolve();
    });
  });
  stream.once('end', () => stream.destroy()); // it can't be written to: there is nothing to shut down
  stream.on('error', () => {}); // 'close' follows
  return {kept, closed, isClosed: () => isClosed, stream, silentFor: () => performance.now() - heardAt};
};

type Followed = ReturnType<typeof follow>;
type Pair = readonly [Followed, Followed];

/** Whether it comes in that time. */
const within = (ms: number, promise: Promise<unknown>): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    void promise.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });

const drain = async (streams: readonly Followed[]): Promise<void> => {
  if (streams.every(({isClosed}) => isClosed())) return;
  const deadline = performance.now() + DRAIN_MS;
  const closed = Promise.all(streams.map((each) => each.closed));
  while (performance.now() < deadline) {
    if (await within(SILENCE_MS, closed)) return;
    // the timer can come before data that has long arrived: let the event loop read once
    await immediate();
    await immediate();
    if (streams.every((each) => each.silentFor() >= SILENCE_MS)) break;
  }
  for (const {stream} of streams) stream.destroy();
  await closed;
};

/** What a machine that is used up says, and what to do about it. */
const USED_UP: Readonly<Record<string, readonly [what: string, next: string]>> = {
  EMFILE: [
    'this process may not open more files',
    'raise the limit (ulimit -n 1024), or do less at once: --concurrency 2',
  ],
  ENFILE: ['this machine may not open more files', 'see what holds so many: lsof; or raise fs.file-max'],
  EAGAIN: ['no further process may be started', 'see the limit and what counts for it: ulimit -u; ps -L -u "$USER"'],
  ENOMEM: ['there is no memory left', 'see what takes it: free, top'],
};

const explain = async ({file, cwd}: Command, error: NodeJS.ErrnoException): Promise<Error> => {
  const isFolder = await stat(cwd).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const details = {code: 'command-failed', cause: error};
  if (!isFolder) return new StepError(`no such folder: ${cwd}`, {...details, next: 'put it back, then go on'});
  if (error.code === 'ENOENT') return new StepError(`command not found: ${file}`, details);
  if (error.code === 'E2BIG') {
    return new PermanentError(
      'the script or one of its variables is larger than 128 KB, more than a process can be given',
      {
        ...details,
        next: 'pass the large value by `stdin:`, or write it to a file with file.write',
      },
    );
  }
  const [what, next] = USED_UP[error.code ?? ''] ?? [error.message];
  const usedUp = next === undefined ? {} : {code: 'out-of-resources', next};
  return new StepError(`cannot start ${file}: ${what}`, {...details, ...usedUp});
};

type End = {code: number | null; signal: NodeJS.Signals | null};

const start = ({file, args, cwd, env, stdin}: Command): Unfed => {
  const options = {cwd, env: env as NodeJS.ProcessEnv, detached: true}; // a process group of its own
  if (stdin === undefined) return spawnUnfed(file, args, options);
  const child = spawnPiped(file, args, options);
  child.stdin.on('error', () => {}); // it need not read what it was given
  child.stdin.end(stdin);
  return child;
};

/** A process that has really started, and the promise of its end. */
const launch = async (command: Command) => {
  try {
    const child = start(command); // throws E2BIG and EMFILE, emits the rest
    const ended = new Promise<End>((resolve) => child.once('exit', (code, signal) => resolve({code, signal})));
    await once(child, 'spawn');
    return Object.assign(child, {ended});
  } catch (error) {
    throw await explain(command, error as NodeJS.ErrnoException);
  }
};

const finished = ({code, signal}: End, [stdout, stderr]: Pair): Finished => ({
  stdout: String(stdout.kept),
  stderr: String(stderr.kept),
  exitCode: code ?? 128 + constants.signals[signal ?? 'SIGKILL'],
  signal: signal ?? undefined,
  truncated: stdout.kept.truncated,
});

const familyOf = (child: {readonly pid?: number | undefined}, env: Command['env']): Family => ({
  group: child.pid,
  mark: env.RUNBOOK_STEP === undefined ? undefined : `RUNBOOK_STEP=${env.RUNBOOK_STEP}`,
});

const end = async (family: Family, output: Command['output']): Promise<void> => {
  const left = await endFamily(family);
  if (left.length > 0) output?.(`process ${left.join(', ')} could not be ended\n`, 'stderr');
};

/** Ends the family when the signal aborts. `over` settles after that, and only then. */
const onAbort = (command: Command, family: Family) => {
  let abort = (): void => {};
  const over = new Promise<undefined>((resolve) => {
    abort = () => void end(family, command.output).then(() => resolve(undefined));
  });
  if (command.signal.aborted) abort();
  command.signal.addEventListener('abort', abort, {once: true});
  return {over, forget: () => command.signal.removeEventListener('abort', abort)};
};

/**
 * Runs one process in a group of its own and settles when it has ended; what it left running in the background stays.
 * When the signal aborts, all that it started is ended first, then the promise rejects with the signal's reason.
 */
export const runProcess = async (command: Command): Promise<Finished> => {
  command.signal.throwIfAborted();
  const child = await launch(command);
  const abort = onAbort(command, familyOf(child, command.env));
  try {
    const streams: Pair = [
      follow(child.stdout, (text) => command.output?.(text, 'stdout')),
      follow(child.stderr, (text) => command.output?.(text, 'stderr')),
    ];
    // a process that hangs in the kernel never exits
    const end = await Promise.race([child.ended, abort.over]);
    await drain(streams);
    if (command.signal.aborted || !end) {
      await abort.over;
      throw command.signal.reason;
    }
    return finished(end, streams);
  } finally {
    abort.forget();
  }
};
