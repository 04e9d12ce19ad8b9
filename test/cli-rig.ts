import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** How a call of the program ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 and the signal's number when a signal ended it. */
  readonly code: number;
}

/** A call that still runs. */
export interface Live {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  printed(): string;
  /** Resolves as soon as the text has been printed on either stream. */
  says(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What to start instead of the program, with the same environment. */
  readonly command?: readonly [string, ...string[]];
  /** It leads a process group, which can be killed with it. */
  readonly ownGroup?: boolean;
}

/** How a test of the command line touches the world: a folder of its own, the real binary, an environment from nothing. */
export interface CliRig {
  readonly dir: string;
  /** Writes files, given as a tree of paths, below the folder. */
  write(tree: Readonly<Record<string, string>>): Promise<void>;
  writeBytes(path: string, bytes: Uint8Array): Promise<void>;
  read(path: string): Promise<string>;
  exists(path: string): boolean;
  /** Runs the program to its end. */
  runbook(args: readonly string[], options?: CallOptions): Promise<Ended>;
  start(args: readonly string[], options?: CallOptions): Live;
  /** Sees to it that something ends with the test, and is quoted if that takes too long. */
  owns(running: Running): void;
}

/** Something that a test has started. */
export interface Running {
  printed(): string;
  end(): void;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const LIMIT_MS = 60_000;
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** The command line that starts the program: the built one; from source with RUNBOOK_TEST_SOURCE=1. */
export const program: readonly [string, ...string[]] =
  process.env.RUNBOOK_TEST_SOURCE === '1'
    ? [process.execPath, '--import', import.meta.resolve('tsx'), join(root, 'cli/main.ts')]
    : [process.execPath, join(root, 'dist/cli/main.cjs')];

/** Wraps a test body: owns its folder, bounds its time, ends what is left running. */
export const cliTest =
  (body: (rig: CliRig) => Promise<void>, limitMs = LIMIT_MS) =>
  async (): Promise<void> => {
    const dir = await mkdtemp(join(tmpdir(), 'runbook-cli-'));
    const live: Running[] = [];
    const rig = rigIn(dir, live);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const printed = live.map((one) => one.printed()).join('\n');
        reject(new Error(`the test took longer than ${limitMs} ms; printed so far:\n${printed}`));
      }, limitMs);
    });
    try {
      await Promise.race([body(rig), limit]);
    } finally {
      clearTimeout(timer);
      for (const one of live) one.end();
      await rm(dir, {recursive: true, force: true, maxRetries: 10, retryDelay: 100});
    }
  };

const rigIn = (dir: string, live: Running[]): CliRig => {
  const rig: CliRig = {
    dir,
    write: async (tree) => {
      for (const [path, text] of Object.entries(tree)) {
        await mkdir(dirname(join(dir, path)), {recursive: true});
        await writeFile(join(dir, path), text);
      }
    },
    writeBytes: (path, bytes) => writeFile(join(dir, path), bytes),
    read: (path) => readFile(join(dir, path), 'utf8'),
    exists: (path) => existsSync(join(dir, path)),
    runbook: (args, options) => rig.start(args, options).ended,
    start: (args, options = {}) => {
      const started = launch(dir, args, options);
      const {child, printed} = started;
      const end = (): void => void (child.exitCode === null && child.kill('SIGKILL'));
      live.push({printed, end});
      return started;
    },
    owns: (running) => void live.push(running),
  };
  return rig;
};

const launch = (dir: string, args: readonly string[], options: CallOptions): Live => {
  const {env = {}, cwd = dir, command = program, ownGroup = false} = options;
  const [file, ...before] = command;
  const child = spawn(file, [...before, ...args], {
    cwd,
    env: {PATH: process.env.PATH ?? '', HOME: dir, TZ: 'UTC', ...env},
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  });
  const printed = {stdout: '', stderr: ''};
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (printed.stderr += chunk));
  const all = (): string => printed.stdout + printed.stderr;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({...printed, code: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0)}));
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => void (all().includes(text) && resolve());
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      void ended.then(() =>
        all().includes(text) ? resolve() : reject(new Error(`it ended without saying "${text}":\n${all()}`)),
      );
      look();
    });
  return {child, ended, printed: all, says, signal: (name) => void child.kill(name)};
};

/** A runbook of shell steps, one after the other: `{a: 'true', b: 'exit 1'}`. */
export const shellRunbook = (name: string, steps: Readonly<Record<string, string>>): string =>
  [
    `name: ${name}`,
    `title: The runbook ${name}`,
    'steps:',
    ...Object.entries(steps).flatMap(([id, script]) => [`  - id: ${id}`, `    run: ${JSON.stringify(script)}`]),
    '',
  ].join('\n');
