import {definitionFor} from './definition.ts';
import {RunbookError} from './errors.ts';
import type {ResumeStep} from './events.ts';
import {renderStep} from './render.ts';
import {type Session, stateOf} from './session.ts';
import type {Json} from './step-type.ts';

/** What a resume would do, to be looked at and approved. */
export interface ResumePlan {
  readonly run: string;
  readonly runbook: string;
  /** The same as long as nothing has changed; keyed, so that it tells nothing of any value. */
  readonly hash: string;
  /** The line that does it, with the inputs that were given. */
  readonly resume: string;
  /** Steps that are simply kept. */
  readonly kept: number;
  /** In the order of the file; steps that it has no longer at the end. */
  readonly steps: readonly ResumeStep[];
}

/** A plan that somebody has looked at: its hash, and where it is at hand, its steps. */
export interface Approval {
  readonly hash: string;
  readonly steps?: readonly Seen[];
}

/** What of a step is compared to say what differs. */
type Seen = Pick<ResumeStep, 'step' | 'standing' | 'course' | 'command'>;

/** The hash of a plan: over the run, the steps of the file, and what would be done with each, how, and with which options. */
export const hashOf = (session: Session, steps: readonly ResumeStep[]): string => {
  const {run, store} = session;
  const all = steps.map((step) => [
    ...[step.step, step.standing, step.course, step.command, step.undoCommand ?? ''],
    ...givenTo(session, step),
  ]);
  return store.fingerprint(JSON.stringify(['resume', run, all]));
};

/** The text of a step, and where something is done, the options as far as they are known; secrets as keyed hashes. */
const givenTo = (session: Session, {step, course}: ResumeStep): readonly Json[] => {
  const node = session.graph.nodes.get(step);
  const before = stateOf(session, step)?.record;
  if (node === undefined) return [before?.definition ?? ''];
  const text = definitionFor(node);
  if (course === 'keep') return [text];
  try {
    const {record} = renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
    return [text, record.options, record.on ?? '', record.secrets as Json];
  } catch {
    return [text, 'not known yet'];
  }
};

/**
 * @param now the steps of the plan of now, as they are before its questions are answered
 * @throws RunbookError `plan-changed` where that is not what was approved
 */
export const checkApproval = (plan: ResumePlan, now: readonly Seen[], {hash, steps}: Approval): void => {
  if (hash === plan.hash) return;
  const differs = steps === undefined ? [] : differences(steps, now);
  const {run, resume} = plan;
  throw new RunbookError({
    code: 'plan-changed',
    message: `run ${run} would be resumed otherwise than was approved; nothing was done`,
    // Nothing differs in what a plan shows where it is a secret, or the text of a step that is kept.
    expected: differs.length > 0 ? differs.map(({was}) => was).join('\n') : `the plan ${hash}`,
    found: differs.length > 0 ? differs.map(({is}) => is).join('\n') : `the plan ${plan.hash}`,
    next: [`look at it again: ${resume} --plan`, `then approve it: ${resume} --approve ${plan.hash}`],
  });
};

/** Of each step that is another one now, or meets another fate: what was seen, and what is. */
const differences = (seen: readonly Seen[], now: readonly Seen[]): {was: string; is: string}[] => {
  const before = new Map(seen.map((one) => [one.step, one]));
  const after = new Map(now.map((one) => [one.step, one]));
  return [...new Set([...after.keys(), ...before.keys()])].flatMap((step) => {
    const [was, is] = [worded(before.get(step)), worded(after.get(step))];
    if (was !== is) return [{was: `${step}: ${was}`, is: `${step}: ${is}`}];
    const [typed, types] = [before.get(step)?.command, after.get(step)?.command];
    return typed === types ? [] : [{was: `${step}: ${typed}`, is: `${step}: ${types}`}];
  });
};

const worded = (one: Seen | undefined): string => (one === undefined ? 'not there' : `${one.standing}, ${one.course}`);
