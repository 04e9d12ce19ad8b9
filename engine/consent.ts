import {answersTo, settle} from './doubt.ts';
import {RunbookError} from './errors.ts';
import type {Node} from './graph.ts';
import {titleOf} from './render.ts';
import type {Session} from './session.ts';

/**
 * Asked before a step that must not be repeated is repeated; throws where the answer is no. What it returns is why the
 * step counts as done instead.
 */
export type Consent = (node: Node, command: string) => Promise<string | undefined>;

/**
 * Asks of a step of which it shows only on the way that it would be repeated.
 * @throws RunbookError `in-doubt` where the answer is no, or nobody can be asked
 */
export const askConsent = async (session: Session, node: Node, command: string): Promise<string | undefined> => {
  const {host, run, redactor} = session;
  const why = 'it is to be done again, and may have acted already';
  const answer = await settle(host, redactor.carried({step: node.key, title: titleOf(node), why, command}));
  if (answer?.kind === 'redo') return undefined;
  if (answer?.kind === 'accept') return answer.reason;
  throw new RunbookError({
    code: 'in-doubt',
    message: 'it may have acted already, and must not be repeated unasked',
    next: answersTo(`runbook resume ${run}`, [node.key]),
  });
};
