import {type Assessment, changeBetween, changeOf, knownOutputs} from './assess.ts';
import {type Problem, RunbookError} from './errors.ts';
import type {Node} from './graph.ts';
import {guardsHold} from './guards.ts';
import {hasCheck, lookAt} from './look.ts';
import {declaredOutputs} from './outputs.ts';
import {perform} from './perform.ts';
import {problemOf} from './problems.ts';
import {renderStep, showCommand} from './render.ts';
import {record, type Session, stateOf, tell} from './session.ts';
import {undoOf, undoStep} from './undo-step.ts';
import {type Consent, isFatal, type Settled} from './work.ts';

/** What the operator says of single steps on resume. */
export interface Wishes {
  /** Steps to do again whatever a look says; consent for those that must not be repeated unasked. */
  readonly redo: readonly string[];
  /** Steps that a person has done or seen to: they count as finished. */
  readonly accept: readonly {readonly step: string; readonly reason: string}[];
}

/** How a resume treats each node, from what the looks found and from what has been done again since. */
export class ResumeTreatment {
  readonly #session: Session;
  readonly #assessed: ReadonlyMap<string, Assessment>;
  readonly #wishes: Wishes;
  readonly #accepted: ReadonlySet<string>;
  /** What was done again, and all that comes after it: there an effect that held may hold no longer. */
  readonly #shaken = new Set<string>();

  constructor(session: Session, assessed: ReadonlyMap<string, Assessment>, wishes: Wishes) {
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
    const assessment = this.#assessed.get(node.key);
    if (this.#accepted.has(node.key)) return this.#keep(node, stateOf(this.#session, node.key)?.outputs ?? {});
    if (this.#wishes.redo.includes(node.key)) return this.#redo(node, signal, 'redo', 'asked for', false);
    if (assessment === undefined || assessment.action === 'perform' || assessment.action === 'adopt')
      return this.#finish(node, signal);
    if (assessment.action === 'redo') {
      const {look, undoFirst} = assessment;
      return this.#redo(node, signal, look.standing, look.detail ?? `${look.expected}; found ${look.found}`, undoFirst);
    }
    return this.#keepIfSame(node, signal, assessment);
  }

  /** What an earlier attempt has made otherwise than it would be made now goes first. */
  async #finish(node: Node, signal: AbortSignal): Promise<Settled> {
    const session = this.#session;
    const state = stateOf(session, node.key);
    if (state?.made !== true || state.record?.effect !== 'converges' || !guardsHold(session, node))
      return this.#perform(node, signal);
    const change = changeOf(session, node, state.record);
    if (change === undefined) return this.#perform(node, signal);
    return this.#redo(node, signal, change.standing, change.detail, true);
  }

  async #perform(node: Node, signal: AbortSignal): Promise<Settled> {
    const settled = await perform(this.#session, node, signal, this.#consent);
    if (settled.kind === 'finished') this.#shaken.add(node.key);
    return settled;
  }

  async #redo(node: Node, signal: AbortSignal, why: string, detail: string, undoFirst: boolean): Promise<Settled> {
    const session = this.#session;
    const state = stateOf(session, node.key);
    if (undoFirst && state !== undefined && undoOf(session, state) === 'undo')
      await undoStep(session, node.key, signal);
    else await record(session, {type: 'step-reopened', step: node.key, why, detail});
    return await this.#perform(node, signal);
  }

  async #failed(node: Node, error: unknown): Promise<Settled> {
    const session = this.#session;
    const command = showCommand(node, node.step, session.scopes, session.cwd);
    const own = problemOf(error, {node, command, attempt: 0, attempts: 1, output: []});
    const problem: Problem = session.redactor.carried(own);
    await record(session, {type: 'step-failed', step: node.key, attempt: 0, problem});
    tell(session, {type: 'step-failed', step: node.key, problem, durationMs: 0});
    return {kind: 'failed', problem};
  }

  /** Its effect held when it was looked at. What it needs may have been done again since: then it is looked at once more. */
  async #keepIfSame(node: Node, signal: AbortSignal, {look, outputs}: Assessment): Promise<Settled> {
    const session = this.#session;
    const before = stateOf(session, node.key)?.record;
    if (before === undefined || look.standing === 'accepted' || look.standing === 'superseded')
      return this.#keep(node, outputs, look);
    if (!this.#isShaken(node)) return this.#keep(node, outputs);
    if (node.step.effect === 'reads')
      return this.#redo(node, signal, 'verified again', 'what it needs was done again', false);
    const rendered = renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
    const change = changeBetween(session, before, rendered.record, node);
    if (change !== undefined) {
      const undoFirst = before.effect === 'converges' && stateOf(session, node.key)?.made === true;
      return await this.#redo(node, signal, change.standing, change.detail, undoFirst);
    }
    if (!hasCheck(node)) return await this.#keep(node, outputs);
    const finding = await lookAt(session, node, rendered, {signal, known: outputs});
    if (finding.ok) return await this.#keep(node, {...outputs, ...finding.outputs});
    return await this.#redo(node, signal, 'drifted', `${finding.expected}; found ${finding.found}`, false);
  }

  async #keep(node: Node, found: Assessment['outputs'], look?: Assessment['look']): Promise<Settled> {
    const session = this.#session;
    // What was not looked at again has no secrets to tell.
    const {outputs, secrets} =
      this.#accepted.has(node.key) || look?.standing === 'superseded'
        ? knownOutputs(session, node, found)
        : declaredOutputs(session, node, found);
    session.scopes.finish(node, outputs, secrets);
    const stored = Object.fromEntries(Object.entries(outputs).filter(([name]) => !secrets.has(name)));
    const known = stateOf(session, node.key)?.outputs;
    if (JSON.stringify(session.redactor.json(stored)) !== JSON.stringify(known))
      await record(session, {type: 'step-verified', step: node.key, outputs: stored});
    tell(session, {type: 'step-finished', step: node.key, how: 'kept', outputs: stored, durationMs: 0, evidence: []});
    return {kind: 'finished'};
  }

  /** A step that must not be repeated: only `--redo`, or a person who answers, lets it run again. */
  readonly #consent: Consent = async (node) => {
    if (this.#wishes.redo.includes(node.key)) return;
    const message = `Step "${node.key}" must not be repeated unasked, and it may have acted already. Do it again?`;
    const answer = await this.#session.host.ask({kind: 'once', message}).catch((error: unknown) => {
      if (error instanceof RunbookError && error.code === 'no-terminal') return false;
      throw error;
    });
    if (answer) return;
    const {run} = this.#session;
    throw new RunbookError({
      code: 'in-doubt',
      message: 'it may have acted already, and must not be repeated unasked',
      next: [
        `to do it again: runbook resume ${run} --redo ${node.key}`,
        `if it has acted: runbook resume ${run} --accept ${node.key} --reason "..."`,
      ],
    });
  };
}
