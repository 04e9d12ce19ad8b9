import {messageOf} from './errors.ts';
import type {Node} from './graph.ts';
import type {MaskedStream} from './redact.ts';
import {type Session, tell, tellMasked} from './session.ts';
import {StepLog} from './step-log.ts';
import type {StepContext} from './step-type.ts';

const TAIL_CHARACTERS = 8000;
const TAIL_LINES = 15;

/** What a step prints: masked across chunks, told and kept. */
export interface Output {
  /** What is written from here on belongs to that attempt, or to `undo`. */
  begin(label: string): void;
  readonly write: StepContext['output'];
  /** The last lines. */
  tail(): readonly string[];
  close(): void;
}

export const openOutput = (session: Session, key: string): Output => {
  let log = session.open === undefined ? undefined : new StepLog(session.open.folder, key);
  const masks = new Map<string, MaskedStream>();
  let tail = '';
  // A full disk: the step goes on, and the journal's next entry says what is wrong.
  const keep = (text: string): void => {
    try {
      log?.write(text);
    } catch (error) {
      log = undefined;
      const message = `the log of step "${key}" ends here: ${messageOf(error)}`;
      tell(session, {type: 'notice', code: 'log-cut', message});
    }
  };
  const put = (text: string): void => {
    if (text === '') return;
    tail = text.length < TAIL_CHARACTERS ? (tail + text).slice(-TAIL_CHARACTERS) : text.slice(-TAIL_CHARACTERS);
    keep(text);
    tellMasked(session, {type: 'step-output', step: key, text});
  };
  const maskOf = (channel: string): MaskedStream => {
    const mask = masks.get(channel) ?? session.redactor.stream();
    masks.set(channel, mask);
    return mask;
  };
  const flush = (): void => {
    for (const mask of masks.values()) put(mask.end());
  };
  return {
    begin: (label) => {
      flush();
      log?.begin(label);
    },
    write: (text, channel = '') => put(maskOf(channel).push(text)),
    tail: () => {
      flush();
      return tail.trimEnd().split(/\r?\n/).slice(-TAIL_LINES);
    },
    close: () => {
      flush();
      log?.close();
    },
  };
};

/** Whether nothing of what a step prints may be shown: it holds a secret that nobody knows yet. */
export const printsSecret = ({step}: Node): boolean => [...step.outputs.values()].some((output) => output.secret);

/** Of such a step nothing is shown or kept. */
export const withheld = (output: Output): Output => ({
  begin: () => {},
  write: () => {},
  tail: () => [],
  close: () => output.close(),
});
