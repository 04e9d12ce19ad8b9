import type {Event} from '../../engine/index.ts';
import type {Output} from '../streams.ts';

/** More than this is not kept for a reader that is behind. */
const MOST_UNREAD = 16 * 1024 * 1024;

/**
 * For a reader that does not read on: what steps print is left out until it does, and that is said. A run neither waits
 * for whoever watches it nor keeps all that nobody has read; the steps' logs have it.
 */
export const sparingMemory = (out: Output, emit: (event: Event) => void): ((event: Event) => void) => {
  let leftOut = 0;
  return (event) => {
    const isBehind = (out.writableLength ?? 0) > MOST_UNREAD;
    if (isBehind && event.type === 'step-waiting') return;
    if (isBehind && event.type === 'step-output') {
      leftOut += event.text.length;
      return;
    }
    if (leftOut > 0 && (!isBehind || event.type === 'run-finished')) {
      const message = `${leftOut} characters of output are left out: nobody has read so far; they are in: runbook log`;
      leftOut = 0;
      emit({type: 'notice', code: 'output-left-out', message});
    }
    emit(event);
  };
};
