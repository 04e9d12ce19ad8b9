import {onAbort} from './limit.ts';

/** How long an aborted step may take to end before nobody waits for it any more. */
const ABORT_GRACE_MS = 10_000;

/** Waits for a call; once the signal aborts, no longer than the grace period. */
export const endingWith = async <T>(signal: AbortSignal, call: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  let unlink = (): void => {};
  const abandoned = new Promise<never>((_, reject) => {
    unlink = onAbort(signal, (reason) => {
      timer = setTimeout(() => reject(reason), ABORT_GRACE_MS);
    });
  });
  try {
    return await Promise.race([call, abandoned]);
  } finally {
    clearTimeout(timer);
    unlink();
  }
};
