import type {SkipReason} from './events.ts';
import type {Node} from './graph.ts';
import {guardsHold} from './guards.ts';
import {record, type Session, tell} from './session.ts';
import {isFatal, type Settled} from './settled.ts';
import {type Manner, Work} from './work.ts';

export const skip = async (session: Session, node: Node, reason: SkipReason): Promise<Settled> => {
  await record(session, {type: 'step-skipped', step: node.key, reason});
  tell(session, {type: 'step-skipped', step: node.key, reason});
  return {kind: 'skipped', reason};
};

/**
 * Does one node: looks first where that can spare the act, journals the intent, acts, waits for its checks, checkpoints.
 * Failures are values; only a journal that can't be written is thrown.
 */
export const perform = (session: Session, node: Node, signal: AbortSignal, manner: Manner): Promise<Settled> =>
  settle(session, node, signal, (work) => work.run(manner));

/** Verifies a node instead of running it (`--from`, `--only`): its effect has to be there already. */
export const verifyOnly = (session: Session, node: Node, signal: AbortSignal): Promise<Settled> =>
  settle(session, node, signal, (work) => work.verify());

const settle = async (
  session: Session,
  node: Node,
  signal: AbortSignal,
  act: (work: Work) => Promise<void>,
): Promise<Settled> => {
  const work = new Work(session, node, signal);
  try {
    if (!guardsHold(session, node)) return await skip(session, node, 'when');
    await act(work);
    return {kind: 'finished', how: work.how};
  } catch (error) {
    if (isFatal(error)) throw error;
    return await work.fail(error);
  } finally {
    work.close();
  }
};
