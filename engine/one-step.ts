import {restoreOutputs} from './assess.ts';
import {chooseRun} from './choose-run.ts';
import {messageOf, RunbookError} from './errors.ts';
import {gatherInputs} from './given.ts';
import type {Node} from './graph.ts';
import type {Host} from './host.ts';
import {callOf} from './journaled-call.ts';
import {type Finding, hasCheck, lookAt} from './look.ts';
import {declaredOutputs} from './outputs.ts';
import {renderStep} from './render.ts';
import type {ResumeRequest} from './resume-request.ts';
import {openSession, type Session, stateOf} from './session.ts';
import {Store} from './store.ts';
import {explained} from './withheld.ts';

/** One step of a run, as a person wants to see it between two attempts. */
export interface StepRequest extends Pick<ResumeRequest, 'registry' | 'load' | 'set' | 'envFiles'> {
  readonly run: string;
  /** Its key. */
  readonly step: string;
}

/** Whether a step's check holds now; `no-check` where it has none. */
export type StepLook =
  | {readonly standing: 'holds'; readonly evidence: readonly string[]}
  | {readonly standing: 'no-check'}
  | {readonly standing: 'failed'; readonly expected: string; readonly found: string};

/**
 * A step with what earlier steps have handed on, as the journal and the runbook's file say. Holds no lock, writes nothing.
 * @throws RunbookError `unknown-step`, and what is wrong with the runbook's file, its inputs or the journal
 */
export const openStep = async (request: StepRequest, host: Host): Promise<{session: Session; node: Node}> => {
  const store = new Store(host.stateDir);
  const state = chooseRun(store, request.run);
  const runbook = await request.load(state.file);
  const inputs = await gatherInputs(runbook, request.set, host, state);
  const envFiles = request.envFiles.length > 0 ? request.envFiles : state.envFiles;
  const {registry} = request;
  const {run, cwd} = state;
  const session = await openSession({host, store, registry, runbook, inputs, envFiles, cwd, run, state});
  const node = session.graph.nodes.get(request.step);
  if (node === undefined)
    throw new RunbookError({
      code: 'unknown-step',
      message: `the runbook has no step "${request.step}" any more`,
      next: ['see them with: runbook status'],
    });
  for (const step of state.steps.values()) restoreOutputs(session, step);
  await readSecretsAgain(session);
  return {session, node};
};

/** Secret outputs, and those that hold a secret, are not stored; what reads them needs them, and what does not can do without. */
const readSecretsAgain = async (session: Session): Promise<void> => {
  const secret = [...session.graph.nodes.values()].filter(
    ({step, key}) =>
      [...step.outputs.values()].some((output) => output.secret) || (stateOf(session, key)?.withheld ?? []).length > 0,
  );
  await Promise.all(secret.map((node) => readAgain(session, node).catch(() => {})));
  session.host.signal.throwIfAborted();
};

const readAgain = async (session: Session, node: Node): Promise<void> => {
  const state = stateOf(session, node.key);
  if (state?.status !== 'checkpointed' || state.record === undefined) return;
  const call = await callOf(session, node.key, state.record);
  const finding = await lookAt(session, node, call, {signal: session.host.signal, known: state.outputs});
  if (!finding.ok) return;
  const {outputs, secrets} = declaredOutputs(session, node, {...state.outputs, ...finding.outputs});
  session.scopes.finish(node, outputs, secrets);
};

/** Looks once whether a step's checks hold now. Changes and writes nothing. */
export const lookAtStep = async (request: StepRequest, host: Host): Promise<StepLook> => {
  const {session, node} = await openStep(request, host);
  if (!hasCheck(node)) return {standing: 'no-check'};
  const finding = await findingOf(session, node);
  if (finding.ok) return session.redactor.carried({standing: 'holds', evidence: finding.evidence});
  const {expected, found} = finding;
  const isSecret = [...node.step.outputs.values()].some((output) => output.secret);
  return session.redactor.carried({
    standing: 'failed',
    expected,
    found: isSecret ? 'not shown: this step reads a secret' : found,
  });
};

const findingOf = async (session: Session, node: Node): Promise<Finding> => {
  const {signal} = session.host;
  const known = stateOf(session, node.key)?.outputs ?? {};
  try {
    const rendered = renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
    return await lookAt(session, node, rendered, {signal, known});
  } catch (error) {
    signal.throwIfAborted();
    return {ok: false, expected: 'an answer', found: messageOf(explained(session, node, error))};
  }
};
