import {changeBetween, changeOf, tryRender} from './change.ts';
import {looksFirst} from './earlier.ts';
import type {StepRecord} from './entries.ts';
import {messageOf} from './errors.ts';
import type {Look} from './events.ts';
import {byNeeds, expressionsOfStep, type Node, readsFrom} from './graph.ts';
import {callOf} from './journaled-call.ts';
import {type Finding, hasCheck, lookAt} from './look.ts';
import {declaredOutputs, tellsOutputs} from './outputs.ts';
import {readsOfNode} from './read-keys.ts';
import type {Rendered} from './render.ts';
import type {Session} from './session.ts';
import type {StepState} from './state.ts';
import type {Json} from './step-type.ts';
import {isWithheld} from './withheld.ts';

/** What a look at a step of an earlier process found. */
export interface Assessment {
  readonly look: Look;
  /** `keep`: it was finished, and nothing speaks against it; `redo`: it is to be done again; `perform`: never finished. */
  readonly verdict: 'keep' | 'redo' | 'perform' | 'removed';
  /** Undefined where nothing was looked at. */
  readonly finding?: Finding;
  /** What the look gave later steps to read; the journaled ones where nothing was looked at. */
  readonly outputs: Readonly<Record<string, Json>>;
  /** It tidied up after an end that was none (`always`): what is done again before it needs it again. */
  readonly tidied?: boolean;
}

/** A look, and what was seen on the way to it. */
interface Looked {
  readonly finding: Finding;
  /** It would act as it did, and reads nothing of others that could change that. */
  readonly isSame: boolean;
}

const PARALLEL_LOOKS = 8;

/** Looks at every step that the journal knows, in parallel, changing nothing. In the order of the file; removed steps last. */
export const assess = async (session: Session, signal: AbortSignal): Promise<Map<string, Assessment>> => {
  const states = [...(session.state?.steps.values() ?? [])];
  for (const state of states) restoreOutputs(session, state);
  const findings = await inParallel(states, (state) => lookAgain(session, state, signal));
  for (const state of states) refreshOutputs(session, state, findings.get(state.key)?.finding);
  await lookOnceMore(session, states, findings, signal);
  const stirred = new Set<string>();
  const isStirredBy = byNeeds((needs) => needs.some((need) => stirred.has(need)));
  const known = [...session.graph.nodes.values()].map((node) => {
    const isStirred = isStirredBy(node);
    const assessment = assessNode(session, node, findings.get(node.key), isStirred);
    const {look, verdict} = assessment;
    if (isStirred || (verdict !== 'keep' && look.standing !== 'skipped')) stirred.add(node.key);
    return assessment;
  });
  const removed = states.filter((state) => !session.graph.nodes.has(state.key)).map((state) => assessRemoved(state));
  return new Map([...known, ...removed].map((assessment) => [assessment.look.step, assessment]));
};

/** Looks at several steps at once; what `look` gives, by step. */
export const inParallel = async <Found>(
  states: readonly StepState[],
  look: (state: StepState) => Promise<Found | undefined>,
): Promise<Map<string, Found>> => {
  const found = new Map<string, Found>();
  const queue = states.values();
  const worker = async (): Promise<void> => {
    for (const state of queue) {
      const finding = await look(state);
      if (finding !== undefined) found.set(state.key, finding);
    }
  };
  await Promise.all(Array.from({length: PARALLEL_LOOKS}, worker));
  return found;
};

/** A check that reads what another step gives was judged by what that one gave when it was journaled. */
const lookOnceMore = async (
  session: Session,
  states: readonly StepState[],
  findings: Map<string, Looked>,
  signal: AbortSignal,
): Promise<void> => {
  const isOk = (found: ReadonlyMap<string, Looked>, key: string): boolean | undefined => found.get(key)?.finding.ok;
  let open = states.filter(({key}) => isOk(findings, key) === false && readsOutputs(session.graph.nodes.get(key)));
  while (open.length > 0) {
    const found = await inParallel(open, (state) => lookAgain(session, state, signal));
    const hold = new Set(open.filter(({key}) => isOk(found, key) === true));
    for (const [key, looked] of found) findings.set(key, looked);
    for (const state of hold) refreshOutputs(session, state, findings.get(state.key)?.finding);
    open = hold.size === 0 ? [] : open.filter((state) => !hold.has(state));
  }
};

const readsOutputs = (node: Node | undefined): boolean =>
  node !== undefined && readsFrom(expressionsOfStep(node.step).flatMap(({references}) => references)).length > 0;

const secretNames = (node: Node): ReadonlySet<string> =>
  new Set([...node.step.outputs].filter(([, {secret}]) => secret).map(([name]) => name));

/** What a finished step has handed on, as far as the journal knows it: a secret is not stored. */
export const restoreOutputs = (session: Session, state: StepState): void => {
  const node = session.graph.nodes.get(state.key);
  if (node !== undefined && state.status === 'checkpointed')
    session.scopes.finish(node, state.outputs, secretNames(node));
};

/** What a step gives later steps is what is there now; a step that no longer holds gives nothing. */
const refreshOutputs = (session: Session, state: StepState, finding: Finding | undefined): void => {
  const node = session.graph.nodes.get(state.key);
  if (node === undefined || finding === undefined || state.status !== 'checkpointed') return;
  if (finding.ok) {
    const {outputs, secrets} = knownOutputs(session, node, {...state.outputs, ...finding.outputs});
    session.scopes.finish(node, outputs, secrets);
  } else session.scopes.forget(node);
};

/** What can be told of a step's outputs; those that it declares may read what nobody knows. */
export const knownOutputs = (
  session: Session,
  node: Node,
  found: Readonly<Record<string, Json>>,
): ReturnType<typeof declaredOutputs> => {
  try {
    return declaredOutputs(session, node, found);
  } catch {
    return {outputs: found, secrets: secretNames(node)};
  }
};

/** A step that has failed is looked at where the look may spare the act. */
const isWorthALook = (session: Session, node: Node, state: StepState): boolean => {
  if (state.status === 'checkpointed') return state.how !== 'accepted' && !isSuperseded(session, node);
  return state.status === 'in-doubt' || (state.status === 'failed' && looksFirst(session, node));
};

/** Undefined where there is nothing to look at. */
const lookAgain = async (session: Session, state: StepState, signal: AbortSignal): Promise<Looked | undefined> => {
  const node = session.graph.nodes.get(state.key);
  if (node === undefined || state.record === undefined || !hasCheck(node)) return undefined;
  if (!isWorthALook(session, node, state)) return undefined;
  let isSame = false;
  try {
    const now = callNow(session, node, state, state.record);
    isSame = now !== undefined && state.status === 'checkpointed' && readsOfNode(session.graph, node).length === 0;
    const call = now ?? (await callOf(session, state.key, state.record));
    return {finding: await lookAt(session, node, call, {signal, known: state.outputs}), isSame};
  } catch (error) {
    signal.throwIfAborted();
    if (isWithheld(state.record, error)) return undefined;
    return {finding: {ok: false, expected: 'an answer', found: messageOf(error), error}, isSame};
  }
};

/**
 * The step as it stands now, where that is what will be looked for: it would act as it did (what was journaled may be
 * masked), or it did not finish and leaves nothing to be taken back.
 */
const callNow = (session: Session, node: Node, state: StepState, before: StepRecord): Rendered | undefined => {
  const rendered = tryRender(session, node);
  if (rendered === undefined) return undefined;
  if (state.status !== 'checkpointed' && before.effect !== 'converges') return rendered;
  return changeBetween(session, before, rendered.record, node) === undefined ? rendered : undefined;
};

/** Its effect was meant to hold only until another step began. */
const isSuperseded = (session: Session, node: Node): boolean => {
  if (node.step.until === undefined) return false;
  return session.graph.keysOf(node.scope, node.step.until).some((key) => {
    const status = session.state?.steps.get(key)?.status;
    return status !== undefined && status !== 'skipped' && status !== 'undone';
  });
};

const assessRemoved = (state: StepState): Assessment => {
  const gone = state.status === 'undone' || !state.made;
  const detail = gone ? 'it left nothing behind' : 'what it made is still there; undo takes it back';
  return {look: {step: state.key, standing: 'removed', detail}, verdict: 'removed', outputs: {}};
};

/** @param isStirred something that it needs, however far before it, is to be done */
const assessNode = (session: Session, node: Node, looked: Looked | undefined, isStirred: boolean): Assessment => {
  const step = node.key;
  const {finding} = looked ?? {};
  const state = session.state?.steps.get(step);
  const unfinished = (look: Omit<Look, 'step'>): Assessment => ({
    look: {step, ...look},
    verdict: 'perform',
    ...(finding && {finding}),
    outputs: {},
  });
  switch (state?.status) {
    case 'undone':
      return unfinished({standing: 'undone', ...detailOf(state.acceptedBecause)});
    case undefined:
    case 'reopened':
      return unfinished({standing: 'pending'});
    case 'skipped':
      return unfinished({standing: 'skipped'});
    case 'failed':
      return unfinished({standing: 'failed', ...detailOf(state.problem?.message), ...evidenceOf(finding)});
    case 'in-doubt':
      return unfinished({
        standing: 'in-doubt',
        ...inDoubtDetail(node.step.effect === 'reads', finding, tellsOutputs(node)),
      });
    case 'checkpointed': {
      const tidied = node.step.always && session.state?.outcome !== 'done';
      if (tidied && isStirred) return {...unfinished({standing: 'pending'}), outputs: state.outputs};
      return {...assessFinished(session, node, state, looked), tidied};
    }
  }
};

const evidenceOf = (finding: Finding | undefined): {expected?: string; found?: string} =>
  finding === undefined || finding.ok ? {} : {expected: finding.expected, found: finding.found};

const detailOf = (detail: string | undefined): {detail?: string} => (detail === undefined ? {} : {detail});

/** How much of a step there is that was started, and of which nobody knows how it ended. */
export const inDoubtDetail = (
  isRead: boolean,
  finding: Finding | undefined,
  tellsAll: boolean,
): Pick<Look, 'detail' | 'expected' | 'found'> => {
  if (isRead) return {detail: 'it only looks'};
  if (finding === undefined) return {detail: 'it has no check'};
  if (finding.ok)
    return {detail: tellsAll ? 'its effect is there' : 'its effect is there, but not the outputs that are read'};
  const {expected, found, partial} = finding;
  return {detail: PARTS[partial ?? 'none'], expected, found};
};

const PARTS: Readonly<Record<'none' | NonNullable<(Finding & {ok: false})['partial']>, string>> = {
  underway: 'it is there, and still coming up',
  unproven: 'its effect is there; what else it has to prove is not yet',
  incomplete: 'a part of it is there',
  none: 'its effect is not there',
};

const assessFinished = (session: Session, node: Node, state: StepState, looked: Looked | undefined): Assessment => {
  const step = node.key;
  const {finding, isSame = false} = looked ?? {};
  const outputs = finding?.ok === true ? {...state.outputs, ...finding.outputs} : state.outputs;
  const found = {...(finding && {finding}), outputs};
  if (state.how === 'accepted')
    return {look: {step, standing: 'accepted', ...detailOf(state.acceptedBecause)}, verdict: 'keep', ...found};
  if (isSuperseded(session, node)) return {look: {step, standing: 'superseded'}, verdict: 'keep', ...found};
  const change = isSame ? undefined : changeOf(session, node, state.record);
  if (change !== undefined) return {look: {step, ...change}, verdict: 'redo', ...found};
  if (finding === undefined) return {look: {step, standing: 'no-check'}, verdict: 'keep', ...found};
  if (finding.ok) return {look: {step, standing: 'holds'}, verdict: 'keep', ...found};
  const {expected, found: there} = finding;
  return {look: {step, standing: 'drifted', expected, found: there}, verdict: 'redo', ...found};
};
