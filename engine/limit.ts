/*
 * Time that counts is time in which this process ran. One that was stopped (Ctrl-Z, a frozen container) or had no share of
 * the machine finds all timers due when it goes on, before it could read what has arrived meanwhile. So a limit is walked
 * in slices, and a slice that ends far too late counts as one.
 */

const SLICE_MS = 1000;
/** A timer that comes so much too late has slept. */
const LATE_MS = 1000;
/** How long what is aborted may take to end before nobody waits for it any more. */
const ABORT_GRACE_MS = 10_000;

/** Calls `act` once, after so much time in which this process ran; not when what it returns is called before. */
export const afterAwake = (ms: number, act: () => void): (() => void) => {
  let left = ms;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    const slice = Math.min(left, SLICE_MS);
    const begun = performance.now();
    timer = setTimeout(() => {
      const isLate = performance.now() - begun > slice + LATE_MS;
      left -= slice;
      // What came while it slept is read in one slice more.
      if (isLate && left <= 0) left = Math.min(ms, SLICE_MS);
      else if (left <= 0) return act();
      next();
    }, slice);
    timer.unref();
  };
  next();
  return () => clearTimeout(timer);
};

/**
 * Runs `act` with a signal that aborts after so much time that counts, and as soon as `stop` does. From then on it may
 * take a grace period to end; what takes longer is left to itself.
 * @throws the signal's reason when the grace period is over
 */
export const withLimit = async <T>(
  ms: number,
  stop: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const limit = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  let abandon = (_reason: unknown): void => {};
  const abandoned = new Promise<never>((_, reject) => {
    abandon = reject;
  });
  const abort = (reason: unknown): void => {
    limit.abort(reason);
    grace ??= setTimeout(() => abandon(limit.signal.reason), ABORT_GRACE_MS);
  };
  const clear = afterAwake(ms, () => abort(new DOMException(`it took longer than ${ms} ms`, 'TimeoutError')));
  const unlink = onAbort(stop, abort);
  try {
    return await Promise.race([act(limit.signal), abandoned]);
  } finally {
    clear();
    unlink();
    clearTimeout(grace);
  }
};

/** Calls `act` when the signal aborts, or at once where it has; not when what it returns is called before. */
export const onAbort = (signal: AbortSignal, act: (reason: unknown) => void): (() => void) => {
  const abort = (): void => act(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, {once: true});
  return () => signal.removeEventListener('abort', abort);
};

/** The promise, or the signal's reason as soon as it aborts: for what can't be broken off. */
export const orAborted = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  let unlink = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    unlink = onAbort(signal, reject);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    unlink();
  }
};

/** Measures time that counts, until it is stopped. */
export class AwakeWatch {
  readonly #timer = setInterval(() => this.#count(), SLICE_MS).unref();
  #awake = 0;
  #naps = 0;
  #last = performance.now();

  #count(): void {
    const now = performance.now();
    const passed = now - this.#last;
    if (passed > SLICE_MS + LATE_MS) this.#naps += 1;
    this.#awake += Math.min(passed, SLICE_MS + LATE_MS);
    this.#last = now;
  }

  get elapsedMs(): number {
    this.#count();
    return this.#awake;
  }

  /** How often this process did not run for a while. */
  get naps(): number {
    this.#count();
    return this.#naps;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
