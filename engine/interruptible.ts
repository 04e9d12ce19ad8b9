import {type Context, createContext, Script} from 'node:vm';
import {forgetPatterns} from './pattern.ts';

/** What was computed longer than its limit. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

// Twice: a machine that was asleep meanwhile gets a second chance.
const TRIES = 2;

let box: Context | undefined;
let script: Script | undefined;

/**
 * Computes something that never waits, and breaks it off when it takes too long: nothing but the runtime's own watchdog
 * can interrupt a computation.
 * @throws TookTooLong
 */
export const interruptible = <T>(limitMs: number, act: () => T): T => {
  if (box?.act !== undefined) return act(); // a part of what is watched already
  box ??= createContext({});
  script ??= new Script('act()');
  box.act = act;
  try {
    return attempt(TRIES, limitMs);
  } finally {
    box.act = undefined;
  }
};

const attempt = <T>(tries: number, limitMs: number): T => {
  try {
    return script?.runInContext(box as Context, {timeout: limitMs}) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    forgetPatterns();
    if (tries > 1) return attempt(tries - 1, limitMs);
    throw new TookTooLong(`it took longer than ${limitMs / 1000} s`);
  }
};
