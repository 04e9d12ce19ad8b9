/** A shell on a real terminal, at which somebody works, with all that the terminal was sent and when. */
import {setTimeout as pause} from 'node:timers/promises';
import {type Pty, type PtyOptions, startPty} from '../../test/pty.ts';

/** What the terminal was sent within a moment. */
export interface Piece {
  readonly atMs: number;
  readonly text: string;
}

export interface Session {
  /** Types a line at the pace of a hand, and Enter. */
  types(line: string): Promise<void>;
  /** Presses one key, after a moment of thought. */
  presses(key: string, afterMs: number): Promise<void>;
  /** Waits for a text, or fails when the terminal is silent about it for too long. */
  sees(text: string | RegExp): Promise<void>;
  /** Lets the reader read. */
  rests(ms: number): Promise<void>;
  end(): Promise<readonly Piece[]>;
}

const PER_KEY_MS = 45;
const LOOK_MS = 10;
const LIMIT_MS = 120_000;

/** Ends what belongs to it when the session ends. */
export const startSession = (dir: string, options: PtyOptions): Session => {
  const owned: {end(): void}[] = [];
  const pty = startPty({dir, owns: (running) => void owned.push(running)}, [], options);
  const {pieces, stop} = listenTo(pty);
  return {
    types: async (line) => {
      for (const key of line) {
        pty.types(key);
        await pause(PER_KEY_MS);
      }
      await pause(6 * PER_KEY_MS);
      pty.types('\r');
    },
    presses: async (key, afterMs) => {
      await pause(afterMs);
      pty.types(key);
    },
    sees: async (text) => {
      const limit = AbortSignal.timeout(LIMIT_MS);
      const tooLong = new Promise<never>((_, reject) => {
        limit.addEventListener('abort', () => reject(new Error(`it never said ${String(text)}:\n${pty.text()}`)));
      });
      await Promise.race([pty.says(text), tooLong]);
    },
    rests: (ms) => pause(ms),
    end: async () => {
      stop();
      for (const one of owned) one.end();
      await pty.ended;
      return pieces;
    },
  };
};

const listenTo = (pty: Pty): {pieces: readonly Piece[]; stop(): void} => {
  const pieces: Piece[] = [];
  const start = performance.now();
  let heard = 0;
  const listen = (): void => {
    const raw = pty.raw();
    if (raw.length > heard) pieces.push({atMs: performance.now() - start, text: raw.slice(heard)});
    heard = raw.length;
  };
  const timer = setInterval(listen, LOOK_MS);
  return {
    pieces,
    stop: () => {
      listen();
      clearInterval(timer);
    },
  };
};
