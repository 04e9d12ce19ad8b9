import {setTimeout as sleep} from 'node:timers/promises';

/** How long an aborted step may take to end before nobody waits for it any more. */
const ABORT_GRACE_MS = 10_000;

/** Waits for a call; once the signal aborts, no longer than the grace period. */
export const endingWith = async <T>(signal: AbortSignal, call: Promise<T>): Promise<T> => {
  const settled = new AbortController();
  const abandoned = (async (): Promise<never> => {
    await new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener('abort', resolve, {once: true, signal: settled.signal});
    });
    await sleep(ABORT_GRACE_MS, undefined, {signal: settled.signal});
    throw signal.reason;
  })();
  abandoned.catch(() => {});
  try {
    return await Promise.race([call, abandoned]);
  } finally {
    settled.abort();
  }
};
