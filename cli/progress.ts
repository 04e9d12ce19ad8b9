import type {Event} from '../engine/index.ts';
import {writeJoined} from './progress/joined.ts';
import {PlainLines} from './progress/plain-lines.ts';
import {sparingMemory} from './progress/unread.ts';
import type {Output, Style} from './streams.ts';

/** Shows what the engine says while it says it. */
export interface Progress {
  emit(event: Event): void;
  /** Keeps its hands off the terminal while somebody else, a prompt, uses it. */
  pause(): Promise<void>;
  resume(): void;
  /** Ctrl-Z: gives the terminal back, and draws anew below whatever stands there after. */
  leave?(): void;
  comeBack?(): void;
}

export interface ProgressOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly style: Style;
  /** Events as JSON lines on stdout instead. */
  readonly json: boolean;
  /** A line for each step that is looked at, however many hold. */
  readonly all?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Live drawing on a terminal, plain lines elsewhere, JSON lines when asked. */
export const startProgress = async ({
  stdout,
  stderr,
  style,
  json,
  env,
  all = false,
}: ProgressOptions): Promise<Progress> => {
  if (json) {
    const write = (event: Event): void => writeJoined(stdout, `${JSON.stringify(event)}\n`);
    return {...still, emit: sparingMemory(stdout, write)};
  }
  if (stderr.isTTY !== true || env.TERM === 'dumb') {
    const lines = new PlainLines(stderr, style, {all});
    return {...still, emit: sparingMemory(stderr, (event) => lines.emit(event))};
  }
  const {TerminalProgress} = await import('./progress/terminal.ts');
  return new TerminalProgress({out: stderr, other: stdout, style}, all);
};

const still = {pause: async () => {}, resume: () => {}};
