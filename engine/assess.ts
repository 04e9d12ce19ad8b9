import type {StepRecord} from './entries.ts';
import {messageOf} from './errors.ts';
import type {Look} from './events.ts';
import {expressionsOfStep, type Node, readsFrom} from './graph.ts';
import {type Finding, hasCheck, lookAt} from './look.ts';
import {declaredOutputs, tellsOutputs} from './outputs.ts';
import {type Rendered, renderStep} from './render.ts';
import type {Session} from './session.ts';
import type {StepState} from './state.ts';
import type {Json} from './step-type.ts';
import {callOf} from './undo-step.ts';

/** What a look at a step of an earlier process found, and what follows from it. */
export interface Assessment {
  readonly look: Look;
  /**
   * `keep`: its effect holds; `redo`: it is to be done again; `adopt`: it was in doubt, and its effect is there;
   * `perform`: it was never finished.
   */
  readonly action: 'keep' | 'redo' | 'adopt' | 'perform' | 'none';
  /** What the look gave later steps to read; the journaled ones where nothing was looked at. */
  readonly outputs: Readonly<Record<string, Json>>;
  /** The step itself changed, so that its old effect goes before it is made anew. */
  readonly undoFirst: boolean;
}

const PARALLEL_LOOKS = 8;

/** Looks at every step that the journal knows, in parallel, changing nothing. In the order of the file; removed steps last. */
export const assess = async (session: Session, signal: AbortSignal): Promise<Map<string, Assessment>> => {
  const states = [...(session.state?.steps.values() ?? [])];
  for (const state of states) restoreOutputs(session, state);
  const findings = await inParallel(states, (state) => lookAgain(session, state, signal));
  for (const state of states) refreshOutputs(session, state, findings.get(state.key));
  await lookOnceMore(session, states, findings, signal);
  const known = [...session.graph.nodes.values()].map((node) => assessNode(session, node, findings.get(node.key)));
  const removed = states.filter((state) => !session.graph.nodes.has(state.key)).map((state) => assessRemoved(state));
  return new Map([...known, ...removed].map((assessment) => [assessment.look.step, assessment]));
};

const inParallel = async (
  states: readonly StepState[],
  look: (state: StepState) => Promise<Finding | undefined>,
): Promise<Map<string, Finding>> => {
  const found = new Map<string, Finding>();
  const queue = [...states];
  const worker = async (): Promise<void> => {
    for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
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
  findings: Map<string, Finding>,
  signal: AbortSignal,
): Promise<void> => {
  let open = states.filter(({key}) => findings.get(key)?.ok === false && readsOutputs(session.graph.nodes.get(key)));
  while (open.length > 0) {
    const found = await inParallel(open, (state) => lookAgain(session, state, signal));
    const hold = open.filter(({key}) => found.get(key)?.ok === true);
    for (const [key, finding] of found) findings.set(key, finding);
    for (const state of hold) refreshOutputs(session, state, findings.get(state.key));
    open = hold.length === 0 ? [] : open.filter((state) => !hold.includes(state));
  }
};

const readsOutputs = (node: Node | undefined): boolean =>
  node !== undefined && readsFrom(expressionsOfStep(node.step).flatMap(({references}) => references)).length > 0;

const secretNames = (node: Node): ReadonlySet<string> =>
  new Set([...node.step.outputs].filter(([, {secret}]) => secret).map(([name]) => name));

const restoreOutputs = (session: Session, state: StepState): void => {
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

/** Undefined where there is nothing to look at. */
const lookAgain = async (session: Session, state: StepState, signal: AbortSignal): Promise<Finding | undefined> => {
  const node = session.graph.nodes.get(state.key);
  const worth = state.status === 'checkpointed' || state.status === 'in-doubt';
  if (node === undefined || state.record === undefined || !worth || !hasCheck(node)) return undefined;
  if (state.how === 'accepted' || isSuperseded(session, node)) return undefined;
  try {
    const call = sameCall(session, node, state.record) ?? (await callOf(session, state.key, state.record));
    return await lookAt(session, node, call, {signal, known: state.outputs});
  } catch (error) {
    signal.throwIfAborted();
    return {ok: false, expected: 'an answer', found: messageOf(error), error};
  }
};

/** The step as it stands now, where it would act as it did: what was journaled may be masked. */
const sameCall = (session: Session, node: Node, before: StepRecord): Rendered | undefined => {
  try {
    const rendered = renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
    return changeBetween(session, before, rendered.record, node) === undefined ? rendered : undefined;
  } catch {
    return undefined;
  }
};

/** Its effect was meant to hold only until another step began. */
const isSuperseded = (session: Session, node: Node): boolean => {
  if (node.step.until === undefined) return false;
  return session.graph.keysOf(node.scope, node.step.until).some((key) => {
    const status = session.state?.steps.get(key)?.status;
    return status !== undefined && status !== 'skipped' && status !== 'undone';
  });
};

const plain = (look: Look, action: Assessment['action'], outputs: Assessment['outputs'] = {}): Assessment => ({
  look,
  action,
  outputs,
  undoFirst: false,
});

const assessRemoved = (state: StepState): Assessment => {
  const gone = state.status === 'undone' || !state.made;
  const detail = gone ? 'it left nothing behind' : 'what it made is still there; undo takes it back';
  return plain({step: state.key, standing: 'removed', detail}, 'none');
};

const assessNode = (session: Session, node: Node, finding: Finding | undefined): Assessment => {
  const step = node.key;
  const state = session.state?.steps.get(step);
  switch (state?.status) {
    case 'undone':
      return plain({step, standing: 'undone'}, 'perform');
    case undefined:
    case 'reopened':
      return plain({step, standing: 'pending'}, 'perform');
    case 'skipped':
      return plain({step, standing: 'skipped'}, 'perform');
    case 'failed':
      return plain({step, standing: 'failed', ...detailOf(state.problem?.message)}, 'perform');
    case 'in-doubt':
      return plain(inDoubt(node, finding), isAdopted(node, finding) ? 'adopt' : 'perform');
    case 'checkpointed':
      return assessFinished(session, node, state, finding);
  }
};

const detailOf = (detail: string | undefined): {detail?: string} => (detail === undefined ? {} : {detail});

const isAdopted = (node: Node, finding: Finding | undefined): boolean =>
  node.step.effect !== 'reads' && finding?.ok === true && tellsOutputs(node);

const inDoubt = (node: Node, finding: Finding | undefined): Look => {
  const look = {step: node.key, standing: 'in-doubt'} as const;
  if (node.step.effect === 'reads') return {...look, detail: 'it only looks; to be run'};
  if (isAdopted(node, finding)) return {...look, detail: 'its effect is there; adopted'};
  if (node.step.effect === 'once') return {...look, detail: 'not safe to repeat; asks before it runs again'};
  if (finding === undefined) return {...look, detail: 'it has no check; to be run again'};
  if (finding.ok) return {...look, detail: 'its effect is there, but not the outputs that are read; to be run again'};
  return {
    ...look,
    detail: 'its effect is not there; to be run again',
    expected: finding.expected,
    found: finding.found,
  };
};

const assessFinished = (session: Session, node: Node, state: StepState, finding: Finding | undefined): Assessment => {
  const step = node.key;
  const outputs = finding?.ok === true ? {...state.outputs, ...finding.outputs} : state.outputs;
  // It tidied up after an end that was none: what is done from here on needs it again.
  if (node.step.always && session.state?.outcome !== 'done') return plain({step, standing: 'pending'}, 'perform');
  if (state.how === 'accepted')
    return plain({step, standing: 'accepted', ...detailOf(state.acceptedBecause)}, 'keep', outputs);
  if (isSuperseded(session, node)) return plain({step, standing: 'superseded'}, 'keep', outputs);
  const change = changeOf(session, node, state.record);
  if (change !== undefined) {
    const undoFirst = state.record?.effect === 'converges' && state.made;
    return {look: {step, ...change}, action: 'redo', outputs, undoFirst};
  }
  if (finding === undefined) return plain({step, standing: 'no-check'}, 'keep', outputs);
  if (finding.ok) return plain({step, standing: 'holds'}, 'keep', outputs);
  const {expected, found} = finding;
  return plain({step, standing: 'drifted', expected, found}, 'redo', outputs);
};

/** How a step would act otherwise than it did; undefined when it would not, or when that can't be told yet. */
export const changeOf = (
  session: Session,
  node: Node,
  before: StepRecord | undefined,
): {standing: 'edited' | 'input-changed'; detail: string} | undefined => {
  if (before === undefined) return undefined;
  let rendered: Rendered;
  try {
    rendered = renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
  } catch {
    // It reads a step that is to be done again: the walk compares when that one has finished.
    return undefined;
  }
  return changeBetween(session, before, rendered.record, node);
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What an edit or another value makes of a step that was done as `before` says. */
export const changeBetween = (
  session: Session,
  journaled: StepRecord,
  rendered: StepRecord,
  node: Node,
): {standing: 'edited' | 'input-changed'; detail: string} | undefined => {
  // What was journaled is masked, by the secrets that were known then.
  const [before, now] = session.redactor.json([journaled, rendered] as never) as [StepRecord, StepRecord];
  const acts = !same(
    [before.uses, before.options, before.on, before.secrets],
    [now.uses, now.options, now.on, now.secrets],
  );
  const edited = before.definition !== now.definition;
  // An expect that can't be looked at again was proven for the old text only.
  const expects = before.expect !== now.expect && !hasCheck(node);
  if (!acts && !expects) return undefined;
  if (edited) return {standing: 'edited', detail: definitionDiff(before.definition, now.definition)};
  return {standing: 'input-changed', detail: readsDiff(before, now)};
};

const readsDiff = (before: StepRecord, now: StepRecord): string => {
  const names = Object.keys(now.reads).filter((name) => now.reads[name] !== before.reads[name]);
  if (names.length > 0)
    return names.map((name) => `${name}: ${before.reads[name] ?? 'nothing'} -> ${now.reads[name]}`).join(', ');
  const secrets = Object.keys(now.secrets).filter((name) => now.secrets[name] !== before.secrets[name]);
  return secrets.length > 0 ? `the secret ${secrets.join(', ')}` : 'its options have other values';
};

/** The lines of a step that differ, old ones with `-`, new ones with `+`. */
const definitionDiff = (before: string, now: string): string => {
  const old = before.split('\n');
  const next = now.split('\n');
  const gone = old.filter((line) => !next.includes(line)).map((line) => `- ${line.trim()}`);
  const come = next.filter((line) => !old.includes(line)).map((line) => `+ ${line.trim()}`);
  return [...gone, ...come].join('\n');
};
