import {stripVTControlCharacters} from 'node:util';
import {spawn} from '@lydell/node-pty';
import xterm from '@xterm/headless';
import {type CliRig, program} from './cli-rig.ts';

/** A program on a real terminal, with a person's hands on the keys and eyes on the screen. */
export interface Pty {
  /** Resolves as soon as this has been printed, after what was waited for before. */
  says(text: string | RegExp): Promise<void>;
  /** Types as a person does: nothing before what it is meant for can be seen. */
  types(keys: string): void;
  /** All lines, those that have scrolled away included. */
  lines(): readonly string[];
  /** The same as one text. */
  text(): string;
  /** Everything that was written to the terminal, with its control codes. */
  raw(): string;
  readonly cursorHidden: boolean;
  readonly pid: number;
  signal(name: string): void;
  resize(columns: number, rows: number): void;
  /** 128 and the signal's number when a signal ended it. */
  readonly ended: Promise<number>;
}

export interface PtyOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  /** What to start instead of the program. */
  readonly command?: readonly [string, ...string[]];
}

/** Starts the program on a terminal of its own; it ends with the test. */
export const startPty = (rig: Pick<CliRig, 'dir' | 'owns'>, args: readonly string[], options: PtyOptions = {}): Pty => {
  const {columns = 80, rows = 40, command = program, env = {}} = options;
  const [file, ...before] = command;
  const child = spawn(file, [...before, ...args], {
    name: env.TERM ?? 'xterm-256color',
    cols: columns,
    rows,
    cwd: rig.dir,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: rig.dir,
      TZ: 'UTC',
      LANG: 'C.UTF-8',
      SHELL: '/bin/sh',
      PS1: '$ ',
      ...env,
    },
  });
  const screen = new xterm.Terminal({cols: columns, rows, scrollback: 10_000, allowProposedApi: true});
  const looks = new Set<() => void>();
  let raw = '';
  let cursorHidden = false;
  child.onData((data) => {
    raw += data;
    cursorHidden = raw.lastIndexOf('\x1b[?25l') > raw.lastIndexOf('\x1b[?25h');
    screen.write(data, () => {
      for (const look of looks) look();
    });
  });
  const ended = new Promise<number>((resolve) => {
    child.onExit(({exitCode, signal}) => {
      // what was written last is on the screen before anybody is told
      screen.write('', () => resolve(signal ? 128 + signal : exitCode));
    });
  });
  const lines = (): readonly string[] => {
    const {active} = screen.buffer;
    const all = Array.from({length: active.length}, (_, row) => active.getLine(row)?.translateToString(true) ?? '');
    while (all.at(-1) === '') all.pop();
    return all;
  };
  const text = (): string => lines().join('\n');
  let seen = 0;
  const finds = (wanted: string | RegExp): boolean => {
    const rest = stripVTControlCharacters(raw).replaceAll('\r', '').slice(seen);
    const at = typeof wanted === 'string' ? rest.indexOf(wanted) : rest.search(wanted);
    if (at < 0) return false;
    seen += at + (typeof wanted === 'string' ? wanted.length : (wanted.exec(rest)?.[0].length ?? 0));
    return true;
  };
  const says = (wanted: string | RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!finds(wanted)) return;
        looks.delete(look);
        resolve();
      };
      looks.add(look);
      void ended.then(() => {
        if (finds(wanted)) resolve();
        else if (looks.has(look)) reject(new Error(`it ended without saying ${String(wanted)}:\n${text()}`));
      });
      look();
    });
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  rig.owns({printed: text, end: () => void (isOver || child.kill('SIGKILL'))});
  return {
    says,
    types: (keys) => child.write(keys),
    lines,
    text,
    raw: () => raw,
    get cursorHidden() {
      return cursorHidden;
    },
    pid: child.pid,
    signal: (name) => child.kill(name),
    resize: (width, height) => {
      screen.resize(width, height);
      child.resize(width, height);
    },
    ended,
  };
};
