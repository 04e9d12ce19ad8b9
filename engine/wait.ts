import {AwakeWatch, onAbort} from './limit.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
const GROWTH = 1.6;

export interface Waiting<T> {
  /** How long the first look that fails may be followed by others; 0 means one look. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
  look(): Promise<T>;
  /** Whether there is nothing more to wait for. */
  settles(found: T): boolean;
  /** Yields when something may have changed, so that the next look need not wait for its time. */
  changes?(signal: AbortSignal): AsyncIterable<unknown>;
  /** Told after each look that does not hold, while there is time left. */
  onWaiting(found: T, elapsedMs: number): void;
}

/** Looks until that settles it, or the time has passed; gives what was found last. Rejects when the signal aborts. */
export const waitFor = async <T>(waiting: Waiting<T>): Promise<T> => {
  const watch = new AwakeWatch();
  const {signal} = waiting;
  let hints: Hints | undefined;
  let isExtra = false;
  try {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * GROWTH, LONGEST_PAUSE_MS)) {
      // Listen first, look then: a change between the two is not missed.
      const changed = hints?.next();
      const {naps} = watch;
      const found = await waiting.look();
      const elapsed = watch.elapsedMs;
      if (waiting.settles(found)) return found;
      // A look in which this process slept has seen little of the world: it alone does not end the waiting.
      if (elapsed >= waiting.withinMs && (isExtra || watch.naps === naps)) return found;
      isExtra = elapsed >= waiting.withinMs;
      signal.throwIfAborted();
      waiting.onWaiting(found, elapsed);
      hints ??= listen(waiting);
      await pauseOr(changed, Math.min(pause, Math.max(0, waiting.withinMs - elapsed)), signal);
      signal.throwIfAborted();
    }
  } finally {
    hints?.stop();
    watch.stop();
  }
};

/** Resolves after a time, at a change, or when the signal aborts; leaves no timer and no listener behind. */
const pauseOr = (changed: Promise<void> | undefined, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unlink();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const unlink = onAbort(signal, () => end());
    changed?.then(end, end);
  });

interface Hints {
  next(): Promise<void>;
  stop(): void;
}

/** A hint is only a hint: when the stream fails or ends, polling goes on without it. */
const listen = ({changes, signal}: Pick<Waiting<unknown>, 'changes' | 'signal'>): Hints | undefined => {
  if (changes === undefined) return undefined;
  const listening = new AbortController();
  const unlink = onAbort(signal, (reason) => listening.abort(reason));
  const iterator = changes(listening.signal)[Symbol.asyncIterator]();
  const never = new Promise<void>(() => {});
  let pending: Promise<void> | undefined;
  const next = async (): Promise<void> => {
    const {done} = await iterator.next().catch(() => ({done: true}));
    if (done === true) return never;
    pending = undefined;
  };
  return {
    next: () => (pending ??= next()),
    stop: () => {
      unlink();
      listening.abort();
    },
  };
};
