import {type Problem, RunbookError} from './errors.ts';
import type {How, SkipReason} from './events.ts';

/** How a node came to rest. */
export type Settled =
  | {readonly kind: 'finished'; readonly how: How | 'kept'}
  | {readonly kind: 'skipped'; readonly reason: SkipReason}
  | {readonly kind: 'failed'; readonly problem: Problem}
  | {readonly kind: 'interrupted'};

/** A failure of ours, not of the step: nothing more can be promised, so the run has to stop. */
export const isFatal = (error: unknown): boolean =>
  error instanceof RunbookError && ['state-unwritable', 'journal-damaged'].includes(error.code);
