import {RunbookError} from './errors.ts';
import type {ResumeStep} from './events.ts';
import type {Doubt, Host} from './host.ts';
import {listed} from './nearest.ts';

/** What the operator says of single steps on resume. */
export interface Wishes {
  /** Steps to do again whatever a look says; consent for those that must not be repeated unasked. */
  readonly redo: readonly string[];
  /** Steps that a person has done or seen to: they count as finished. */
  readonly accept: readonly {readonly step: string; readonly reason: string}[];
  /** Steps that failed, and whose checks were seen to hold since: they are adopted where that is still so. */
  readonly adopt?: readonly string[];
}

/**
 * Asks of each step that must not be repeated unasked, by name, before anything is done.
 * @param resume the line that resumes the run
 * @throws RunbookError `in-doubt` with the lines that go on, where nobody can be asked or somebody says to stop
 */
export const settleDoubts = async (
  host: Pick<Host, 'settle'>,
  resume: string,
  wishes: Wishes,
  doubts: readonly ResumeStep[],
): Promise<Wishes> => {
  const redo = [...wishes.redo];
  const accept = [...wishes.accept];
  for (const doubt of doubts) {
    const answer = await settle(host, doubt);
    if (answer === undefined) throw unsettled(resume, doubts);
    if (answer.kind === 'redo') redo.push(doubt.step);
    else accept.push({step: doubt.step, reason: answer.reason});
  }
  return {redo, accept};
};

/** What a person says of one step; undefined where it stays open. */
export const settle = async (
  host: Pick<Host, 'settle'>,
  doubt: Doubt,
): Promise<{readonly kind: 'redo'} | {readonly kind: 'accept'; readonly reason: string} | undefined> => {
  try {
    const answer = await host.settle?.(doubt);
    return answer === undefined || answer.kind === 'stop' ? undefined : answer;
  } catch (error) {
    if (error instanceof RunbookError && error.code === 'no-terminal') return undefined;
    throw error;
  }
};

/**
 * The lines that go on with steps that are in doubt: all in one line, or each for itself.
 * @param resume the line that resumes the run
 */
export const answersTo = (resume: string, steps: readonly string[]): readonly string[] => {
  const all = (option: string): string => steps.map((step) => `${option} ${step}`).join(' ');
  const [it, has] = steps.length > 1 ? ['them', 'they have'] : ['it', 'it has'];
  return [
    `to do ${it} again: ${resume} ${all('--redo')}`,
    `if ${has} acted: ${resume} ${all('--accept')} --reason "..."`,
  ];
};

const unsettled = (resume: string, doubts: readonly ResumeStep[]): RunbookError => {
  const withheld = doubts.filter(({standing}) => standing === 'withheld');
  return withheld.length === doubts.length ? unstored(resume, withheld) : inDoubt(resume, doubts);
};

/** Done they are, and only what they have handed on is missing. */
const unstored = (resume: string, steps: readonly ResumeStep[]): RunbookError => {
  const redo = steps.map(({step}) => `--redo ${step}`).join(' ');
  return new RunbookError({
    code: 'in-doubt',
    message: `step ${listed(steps.map(({step}) => `"${step}"`))} must not be repeated unasked, and what it has handed on is not stored; nothing was done`,
    found: steps.map(({step, detail = ''}) => `"${step}": ${detail}`).join('\n'),
    next: [
      `to do it again all the same: ${resume} ${redo}`,
      `or do what needs the value by hand, and say so: ${resume} --accept STEP --reason "..."`,
      'or change the runbook: read the secret in a step of its own, with effect: reads and an output that says secret: true',
    ],
  });
};

const inDoubt = (resume: string, doubts: readonly ResumeStep[]): RunbookError => {
  const steps = doubts.map(({step}) => step);
  const names = steps.map((step) => `"${step}"`).join(', ');
  const [word, it] = steps.length > 1 ? ['steps', 'they'] : ['step', 'it'];
  return new RunbookError({
    code: 'in-doubt',
    message: `${word} ${names} may have acted already, and must not be repeated unasked; nothing was done`,
    next: [`see whether ${it} acted, then say so`, ...answersTo(resume, steps)],
  });
};
