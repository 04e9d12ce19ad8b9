import {type Assessment, knownOutputs} from './assess.ts';
import {type Change, changeBetween, changeOf} from './change.ts';
import {askConsent, type Consent} from './consent.ts';
import type {Wishes} from './doubt.ts';
import type {KeptOutputs, StepRecord} from './entries.ts';
import type {Problem} from './errors.ts';
import {goesFirst} from './foresee.ts';
import type {Node} from './graph.ts';
import {guardsHold} from './guards.ts';
import type {Doer} from './lesson.ts';
import {hasCheck, lookAt} from './look.ts';
import {declaredOutputs, keptOutputs} from './outputs.ts';
import {perform, skip} from './perform.ts';
import {problemOf} from './problems.ts';
import {renderStep, showCommand} from './render.ts';
import {record, type Session, stateOf, tell} from './session.ts';
import {isFatal, type Settled} from './settled.ts';
import type {StepState} from './state.ts';
import {undoCommand, undoStep} from './undo-step.ts';
import {explained} from './withheld.ts';

/** Why a finished step is opened again, for the journal. */
interface Reopening {
  readonly why: string;
  readonly detail: string;
  /** What it has made goes first. */
  readonly undoFirst: boolean;
  /** It is done whatever a look says. */
  readonly isAnew?: boolean;
}

/** How a resume treats each node, from what the looks found and from what has been done again since. `foresee.ts` tells it before. */
export class ResumeTreatment {
  readonly #doer: Doer;
  readonly #session: Session;
  readonly #assessed: ReadonlyMap<string, Assessment>;
  readonly #wishes: Wishes;
  readonly #accepted: ReadonlySet<string>;
  /** What was done again, and all that comes after it: there an effect that held may hold no longer. */
  readonly #shaken = new Set<string>();
  /** Whose `--redo` has been made use of. */
  readonly #redone = new Set<string>();

  constructor(session: Session, assessed: ReadonlyMap<string, Assessment>, wishes: Wishes, doer: Doer = perform) {
    this.#doer = doer;
    this.#session = session;
    this.#assessed = assessed;
    this.#wishes = wishes;
    this.#accepted = new Set(wishes.accept.map(({step}) => step));
  }

  async treat(node: Node, signal: AbortSignal): Promise<Settled> {
    if (this.#isShaken(node)) this.#shaken.add(node.key);
    try {
      return await this.#treat(node, signal);
    } catch (error) {
      if (isFatal(error)) throw error;
      return signal.aborted ? {kind: 'interrupted'} : await this.#failed(node, error);
    }
  }

  #isShaken(node: Node): boolean {
    return node.needs.some((need) => this.#shaken.has(need));
  }

  async #treat(node: Node, signal: AbortSignal): Promise<Settled> {
    const session = this.#session;
    const state = stateOf(session, node.key);
    const assessment = this.#assessed.get(node.key);
    const isAsked = this.#wishes.redo.includes(node.key);
    if (this.#accepted.has(node.key)) return this.#keep(node, state?.outputs ?? {});
    if (assessment?.verdict === 'keep' && !isAsked) return this.#keepIfSame(node, signal, assessment);
    // What it has made stays: a person may still want it, and undo takes it back.
    if (!guardsHold(session, node)) return await skip(session, node, 'when');
    if (isAsked) {
      const undoFirst = state?.status === 'checkpointed' && goesFirst(session, node);
      return this.#redo(node, signal, {why: 'redo', detail: 'asked for', undoFirst, isAnew: true});
    }
    if (assessment?.verdict !== 'redo') return this.#finish(node, signal);
    // What was done before it may have given it back what it was judged by.
    if (this.#isShaken(node) && state?.record !== undefined) return this.#judge(node, signal, assessment, state.record);
    return this.#redo(node, signal, reopening(assessment.look, goesFirst(session, node)));
  }

  /** What an earlier attempt has made otherwise than it would be made now goes first. */
  async #finish(node: Node, signal: AbortSignal): Promise<Settled> {
    const session = this.#session;
    const state = stateOf(session, node.key);
    const change = goesFirst(session, node) ? changeOf(session, node, state?.record) : undefined;
    if (change === undefined) return this.#perform(node, signal, false);
    return this.#redo(node, signal, reopening(change, true));
  }

  async #perform(node: Node, signal: AbortSignal, isAnew: boolean): Promise<Settled> {
    const settled = await this.#doer(this.#session, node, signal, {consent: this.#consent, isAnew});
    if (settled.kind === 'finished' && settled.how !== 'already-true') this.#shaken.add(node.key);
    return settled;
  }

  async #redo(node: Node, signal: AbortSignal, reopened: Reopening): Promise<Settled> {
    const session = this.#session;
    const {why, detail, undoFirst, isAnew = false} = reopened;
    if (!undoFirst) await record(session, {type: 'step-reopened', step: node.key, why, detail});
    else {
      const taken = await this.#takeBack(node, signal);
      if (taken !== undefined) return taken;
    }
    return await this.#perform(node, signal, isAnew);
  }

  /** Undefined when it is gone. */
  async #takeBack(node: Node, signal: AbortSignal): Promise<Settled | undefined> {
    const session = this.#session;
    const state = stateOf(session, node.key);
    const line = state === undefined ? '' : undoCommand(session, state);
    try {
      await undoStep(session, node.key, {signal, isMadeAnew: true});
      return undefined;
    } catch (error) {
      if (isFatal(error) || signal.aborted) throw error;
      return await this.#failed(node, error, (own) => ({
        ...own,
        code: 'undo-failed',
        message: own.message.replace(' failed: ', " can't be taken back to be made anew: "),
        ran: line,
        next: [...(own.next ?? []), this.#farther(node)],
      }));
    }
  }

  /** What stands in the way was mostly made by later steps. */
  #farther({index}: Node): string {
    const {run, graph} = this.#session;
    const before = [...graph.nodes.keys()][index - 1];
    const to = before === undefined ? '' : ` --to ${before}`;
    return `or take back what came after it, too: runbook undo ${run}${to}; then: runbook resume ${run}`;
  }

  async #failed(node: Node, error: unknown, amend = (own: Problem): Problem => own): Promise<Settled> {
    const session = this.#session;
    const command = showCommand(node, node.step, session.scopes, session.cwd);
    const own = amend(problemOf(explained(session, node, error), {node, command, attempt: 0, attempts: 1, output: []}));
    const problem: Problem = session.redactor.carried(own);
    await record(session, {type: 'step-failed', step: node.key, attempt: 0, problem});
    tell(session, {type: 'step-failed', step: node.key, problem, durationMs: 0});
    return {kind: 'failed', problem};
  }

  /** Its effect held when it was looked at. What it needs may have been done again since: then it is looked at once more. */
  async #keepIfSame(node: Node, signal: AbortSignal, assessment: Assessment): Promise<Settled> {
    const {look, outputs, tidied = false} = assessment;
    if (tidied && this.#isShaken(node)) return this.#perform(node, signal, false);
    const before = stateOf(this.#session, node.key)?.record;
    if (before === undefined || look.standing === 'accepted' || look.standing === 'superseded')
      return this.#keep(node, outputs, look.standing);
    return this.#isShaken(node) ? this.#judge(node, signal, assessment, before) : this.#keep(node, outputs);
  }

  /** By what is there and known now, after what was done before it. */
  async #judge(node: Node, signal: AbortSignal, {outputs}: Assessment, before: StepRecord): Promise<Settled> {
    const session = this.#session;
    if (node.step.effect === 'reads') {
      const detail = 'what it needs was done again';
      return this.#redo(node, signal, {why: 'verified again', detail, undoFirst: false});
    }
    const rendered = renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
    const change = changeBetween(session, before, rendered.record, node);
    if (change !== undefined) return await this.#redo(node, signal, reopening(change, goesFirst(session, node)));
    if (!hasCheck(node)) return await this.#keep(node, outputs);
    const finding = await lookAt(session, node, rendered, {signal, known: outputs});
    if (finding.ok) return await this.#keep(node, {...outputs, ...finding.outputs});
    return await this.#redo(node, signal, reopening({...finding, standing: 'drifted'}, false));
  }

  async #keep(node: Node, found: Assessment['outputs'], standing?: string): Promise<Settled> {
    const session = this.#session;
    // What was not looked at again has no secrets to tell.
    const given =
      this.#accepted.has(node.key) || standing === 'superseded'
        ? knownOutputs(session, node, found)
        : declaredOutputs(session, node, found);
    session.scopes.finish(node, given.outputs, given.secrets);
    const known = stateOf(session, node.key);
    const kept = keptOutputs(session, given, known?.withheld);
    if (known === undefined || differs(kept, known))
      await record(session, {type: 'step-verified', step: node.key, ...kept});
    const how = this.#accepted.has(node.key) ? 'accepted' : 'kept';
    const {outputs} = kept;
    tell(session, {type: 'step-finished', step: node.key, how, outputs, durationMs: 0, evidence: []});
    return {kind: 'finished', how: 'kept'};
  }

  /** `--redo` is consent to one act, not to all that may follow it. */
  readonly #consent: Consent = async (node, command) => {
    if (!this.#wishes.redo.includes(node.key) || this.#redone.has(node.key))
      return await askConsent(this.#session, node, command);
    this.#redone.add(node.key);
    return undefined;
  };
}

/** Whether a step hands on something else than the journal says; of what is not stored a hash tells, or nothing. */
const differs = ({outputs, withheld = [], secrets = {}}: KeptOutputs, known: StepState): boolean => {
  const open = Object.fromEntries(Object.entries(outputs).filter(([name]) => !withheld.includes(name)));
  return (
    JSON.stringify([open, [...withheld].sort()]) !== JSON.stringify([known.outputs, [...known.withheld].sort()]) ||
    Object.entries(secrets).some(([name, hash]) => known.secrets[name] !== hash)
  );
};

const reopening = (
  look: Change | {standing: string; detail?: string; diff?: string; expected?: string; found?: string},
  mayGoFirst: boolean,
): Reopening => {
  const {standing, detail, diff, expected, found} = {expected: undefined, found: undefined, ...look};
  const parts = standing === 'drifted' ? [`${expected}; found ${found}`] : [detail, diff];
  return {
    why: standing,
    detail: parts.filter((part) => part !== undefined).join('\n'),
    undoFirst: mayGoFirst && standing !== 'drifted',
  };
};
