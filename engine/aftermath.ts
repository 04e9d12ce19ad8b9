import type {Stamped} from './entries.ts';
import type {How} from './events.ts';

/** What became of a run that was killed in a step and then resumed, as its journal tells. */
export interface Aftermath {
  /** Steps that were checkpointed when the process died. */
  readonly checkpointed: readonly string[];
  /** How the resume finished the step that it was killed in; undefined when it did not. */
  readonly how: How | undefined;
  /** The step acted after the kill. */
  readonly acted: boolean;
  /** Steps that were checkpointed before the kill and acted again after it, and why. */
  readonly twice: readonly {readonly step: string; readonly why: string}[];
}

/** Reads it off a journal with one kill in it: everything behind the first resume came after that. */
export const aftermathOf = (entries: readonly Stamped[], killed: string): Aftermath => {
  const resumed = entries.findIndex(({type}) => type === 'run-resumed');
  const before = resumed === -1 ? entries : entries.slice(0, resumed);
  const after = resumed === -1 ? [] : entries.slice(resumed);
  const checkpointed = new Set<string>();
  for (const entry of before) {
    if (entry.type === 'step-checkpointed') checkpointed.add(entry.step);
    if (entry.type === 'step-reopened' || entry.type === 'step-undone') checkpointed.delete(entry.step);
  }
  const started = after.flatMap((entry) => (entry.type === 'step-started' ? [entry.step] : []));
  const finished = after.findLast((entry) => entry.type === 'step-checkpointed' && entry.step === killed);
  return {
    checkpointed: [...checkpointed],
    how: finished?.type === 'step-checkpointed' ? finished.how : undefined,
    acted: started.includes(killed),
    twice: [...new Set(started)]
      .filter((step) => checkpointed.has(step))
      .map((step) => ({step, why: reopenedBecause(after, step)})),
  };
};

const reopenedBecause = (entries: readonly Stamped[], step: string): string => {
  const entry = entries.find((one) => one.type === 'step-reopened' && one.step === step);
  return entry?.type === 'step-reopened' ? `${entry.why}: ${entry.detail}` : '';
};
