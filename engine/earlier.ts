import type {Node} from './graph.ts';
import {type Finding, hasCheck} from './look.ts';
import {tellsOutputs} from './outputs.ts';
import {type Session, stateOf} from './session.ts';
import type {StepState} from './state.ts';
import type {Effect} from './step-type.ts';

// What an earlier attempt of a step may have left, and what that means for the next one.

/** Whether a look may spare a step that was begun: not where it is known to have failed and may simply be done again. */
const mayHaveActed = ({status, problem}: StepState, effect: Effect): boolean =>
  status === 'in-doubt' ||
  (status === 'failed' && (effect === 'once' || problem?.code === 'check-failed' || problem?.code === 'timed-out'));

/** It must not be repeated unasked, and an earlier attempt may have acted. */
export const isRepeated = (session: Session, {key, step}: Node): boolean =>
  step.effect === 'once' && (stateOf(session, key)?.attempt ?? 0) > 0;

/** Converging steps, steps with `check_first` and steps that an earlier process began: the effect may be there. */
export const looksFirst = (session: Session, node: Node): boolean => {
  const {effect, checkFirst} = node.step;
  if (effect === 'reads' || !hasCheck(node) || !tellsOutputs(node)) return false;
  return effect === 'converges' || checkFirst || wasBegun(session, node);
};

/** An earlier attempt of this run may have acted. */
export const wasBegun = (session: Session, {key, step}: Node): boolean => {
  const before = stateOf(session, key);
  const adopts = session.adopts?.includes(key) === true;
  return before?.made === true && (adopts || mayHaveActed(before, step.effect));
};

/** What an earlier attempt has made is there, and needs nothing but time. */
export const isUnderway = (session: Session, node: Node, found: Finding | undefined): boolean => {
  if (found === undefined || found.ok || found.final === true) return false;
  return found.partial === 'underway' || (found.partial === 'unproven' && wasBegun(session, node));
};
