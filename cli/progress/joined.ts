import type {Output} from '../streams.ts';

/**
 * Writes together what is written in one turn of the event loop, and after what else is done in it: a step that begins has
 * been started before somebody is told.
 */
export const writeJoined = (out: Output, text: string): void => {
  if (out.writableCorked === 0) {
    out.cork?.();
    setImmediate(() => out.uncork?.());
  }
  out.write(text);
};
