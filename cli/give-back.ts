import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

/** Less is not worth the milliseconds that it takes to look for it. */
const MUCH_BYTES = 64 * 1024 * 1024;

/**
 * Gives back what reading a large runbook has left. V8 may otherwise keep it until as much again has been made: for hours,
 * where steps wait for something.
 */
export const giveBack = (): void => {
  if (process.memoryUsage().heapUsed < MUCH_BYTES) return;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined;
  // code that was kept is read with the flags that it was made with
  setFlagsFromString('--no-expose-gc');
  collect?.();
};
