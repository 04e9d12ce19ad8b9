import type {Retry} from './runbook.ts';

const LONGEST_DELAY_MS = 5 * 60_000;

/** The pause before the attempt that follows attempt `attempt`; undefined when that was the last one. */
export const delayAfter = (retry: Retry, attempt: number): number | undefined =>
  attempt >= retry.attempts ? undefined : Math.min(retry.delayMs * retry.backoff ** (attempt - 1), LONGEST_DELAY_MS);
