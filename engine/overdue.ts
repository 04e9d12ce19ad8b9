import type {Event} from './events.ts';
import {AwakeWatch, afterAwake} from './limit.ts';
import type {Usual} from './usual.ts';

/** When a running step is called possibly hung. */
export interface Patience {
  /** Silent for so long. */
  readonly silentMs: number;
  /** So many times as long as usual, ... */
  readonly times: number;
  /** ... and at least so much longer. */
  readonly beyondMs: number;
}

export const PATIENCE: Patience = {silentMs: 60_000, times: 3, beyondMs: 5000};

/** Time as a watch sees it. */
export interface Clock {
  now(): number;
  /** Calls once, unless what it returns is called before. */
  after(ms: number, act: () => void): () => void;
  stop(): void;
}

/** Counts only time in which this process ran: one that was stopped has not heard what its steps printed meanwhile. */
const awakeClock = (): Clock => {
  const watch = new AwakeWatch();
  return {now: () => watch.elapsedMs, after: afterAwake, stop: () => watch.stop()};
};

export type Overdue = Omit<Event & {type: 'step-overdue'}, 'type' | 'step'>;

interface Going {
  readonly endsBy: Overdue['endsBy'];
  readonly endsAt: number;
}

/** What is usual is slow, too, as long as almost all runs stayed below it. */
const slowAfter = ({medianMs, slowMs}: Usual, {times, beyondMs}: Patience): number =>
  Math.max(times * medianMs, slowMs, medianMs + beyondMs);

/** A step that is usually silent for minutes may be so again. */
const silentAfter = (usual: Usual | undefined, {silentMs}: Patience): number =>
  usual === undefined ? silentMs : Math.max(silentMs, 2 * usual.medianMs, usual.slowMs);

/**
 * Watches one running step, and tells when it takes far longer than usual or prints nothing for long. It ends nothing.
 * While a check is waited for, what it expects and finds is told anyway: that is not silence.
 */
export class Watch {
  readonly #usual: Usual | undefined;
  readonly #silentAfter: number;
  readonly #slowAfter: number;
  readonly #clock: Clock;
  readonly #tell: (overdue: Overdue) => void;
  readonly #start: number;
  #heardAt: number;
  #going: Going | undefined;
  #toldSlow = false;
  #toldSilent = false;
  #cancel: (() => void) | undefined;

  constructor(
    usual: Usual | undefined,
    tell: (overdue: Overdue) => void,
    {patience = PATIENCE, clock = awakeClock()}: {patience?: Patience | undefined; clock?: Clock} = {},
  ) {
    this.#usual = usual;
    this.#silentAfter = silentAfter(usual, patience);
    this.#slowAfter = usual === undefined ? Number.POSITIVE_INFINITY : slowAfter(usual, patience);
    this.#clock = clock;
    this.#tell = tell;
    this.#start = this.#heardAt = clock.now();
  }

  /** It begins to act, or to wait for its checks, for so long at the most. */
  begin(endsBy: Overdue['endsBy'], limitMs: number): void {
    const now = this.#clock.now();
    this.#going = {endsBy, endsAt: now + limitMs};
    this.#heardAt = now;
    this.#toldSilent = false;
    this.#schedule();
  }

  /** It has printed something. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    if (!this.#toldSilent) return;
    this.#toldSilent = false;
    this.#schedule();
  }

  /** Nothing is going on: it is tried again later. */
  rest(): void {
    this.#going = undefined;
    this.#schedule();
  }

  end(): void {
    this.rest();
    this.#clock.stop();
  }

  get #dueAt(): number {
    const slow = this.#toldSlow ? Number.POSITIVE_INFINITY : this.#start + this.#slowAfter;
    const mayBeSilent = this.#going?.endsBy === 'timeout' && !this.#toldSilent;
    return Math.min(slow, mayBeSilent ? this.#heardAt + this.#silentAfter : Number.POSITIVE_INFINITY);
  }

  #schedule(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const dueAt = this.#dueAt;
    if (this.#going === undefined || dueAt === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#clock.after(Math.max(1, dueAt - this.#clock.now()), () => this.#look());
  }

  /** What it has printed since the timer was set has moved the time. */
  #look(): void {
    const now = this.#clock.now();
    if (this.#going !== undefined && now >= this.#dueAt) this.#say(this.#going, now);
    this.#schedule();
  }

  #say({endsBy, endsAt}: Going, now: number): void {
    const isSlow = !this.#toldSlow && now - this.#start >= this.#slowAfter;
    if (isSlow) this.#toldSlow = true;
    else this.#toldSilent = true;
    this.#tell({
      why: isSlow ? 'slow' : 'silent',
      elapsedMs: Math.round(now - this.#start),
      silentMs: Math.round(now - this.#heardAt),
      ...(this.#usual === undefined ? {} : {usuallyMs: this.#usual.medianMs}),
      endsBy,
      endsInMs: Math.max(0, Math.round(endsAt - now)),
    });
  }
}
