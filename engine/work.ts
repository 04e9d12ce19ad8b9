import {setTimeout as sleep} from 'node:timers/promises';
import type {Consent} from './consent.ts';
import {formatDuration} from './duration.ts';
import {type Problem, RunbookError} from './errors.ts';
import type {How, SkipReason} from './events.ts';
import {endingWith} from './grace.ts';
import type {Node} from './graph.ts';
import type {Moment} from './host.ts';
import {endLeftovers} from './leftovers.ts';
import {withLimit} from './limit.ts';
import {checkExpect, type Finding, hasCheck, LOOK_LIMIT_MS, lookAt} from './look.ts';
import {declaredOutputs, keptOutputs, tellsOutputs} from './outputs.ts';
import {Watch} from './overdue.ts';
import {checkFailed, problemOf} from './problems.ts';
import {type Rendered, renderStep, showCommand, tryUndo} from './render.ts';
import {delayAfter} from './retry.ts';
import {contextOf, type Output, openOutput, record, type Session, stateOf, tell, tellShort} from './session.ts';
import type {StepState} from './state.ts';
import {type Effect, type Json, PermanentError} from './step-type.ts';
import {waitFor} from './wait.ts';
import {explained} from './withheld.ts';

type Outputs = Readonly<Record<string, Json>>;

/** How a node came to rest. */
export type Settled =
  | {readonly kind: 'finished'; readonly how: How | 'kept'}
  | {readonly kind: 'skipped'; readonly reason: SkipReason}
  | {readonly kind: 'failed'; readonly problem: Problem}
  | {readonly kind: 'interrupted'};

/** How a step is to be done. */
export interface Manner {
  readonly consent: Consent;
  /** It is done whatever a look says. */
  readonly isAnew?: boolean;
}

/** How many characters of one repeated look are shown. */
const LONGEST_LOOK = 1_000_000;

/** A failure of ours, not of the step: nothing more can be promised, so the run has to stop. */
export const isFatal = (error: unknown): boolean =>
  error instanceof RunbookError && ['state-unwritable', 'journal-damaged'].includes(error.code);

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
const wasBegun = (session: Session, {key, step}: Node): boolean => {
  const before = stateOf(session, key);
  const adopts = session.adopts?.includes(key) === true;
  return before?.made === true && (adopts || mayHaveActed(before, step.effect));
};

/** What an earlier attempt has made is there, and needs nothing but time. */
export const isUnderway = (session: Session, node: Node, found: Finding | undefined): boolean => {
  if (found === undefined || found.ok || found.final === true) return false;
  return found.partial === 'underway' || (found.partial === 'unproven' && wasBegun(session, node));
};

/** One node being done: a look that may spare the act, the intent, the attempts, the checks, the checkpoint. */
export class Work {
  readonly #session: Session;
  readonly #node: Node;
  readonly #signal: AbortSignal;
  readonly #start = performance.now();
  readonly #watch: Watch;
  readonly output: Output;
  #attempt = 0;
  #command: string;
  /** How it was finished. */
  how: How = 'ran';

  constructor(session: Session, node: Node, signal: AbortSignal) {
    this.#session = session;
    this.#node = node;
    this.#signal = signal;
    this.#command = showCommand(node, node.step, session.scopes, session.cwd);
    this.#watch = new Watch(
      session.usual.get(node.key),
      (overdue) => tell(session, {type: 'step-overdue', step: node.key, ...overdue}),
      {patience: session.host.patience},
    );
    const output = openOutput(session, node.key);
    this.output = heardBy(this.#watch, this.#hasSecretOutputs() ? withheld(output) : output);
  }

  close(): void {
    this.#watch.end();
    this.output.close();
  }

  #hasSecretOutputs(): boolean {
    return [...this.#node.step.outputs.values()].some((output) => output.secret);
  }

  async run({consent, isAnew = false}: Manner): Promise<void> {
    const {step} = this.#node;
    const rendered = this.rendered();
    const looks = !isAnew && looksFirst(this.#session, this.#node);
    const found = looks ? await this.#lookFirst(rendered) : undefined;
    if (found?.ok) return;
    const attaches = isUnderway(this.#session, this.#node, found);
    if (!attaches && isRepeated(this.#session, this.#node)) {
      const reason = await consent(this.#node, rendered.command);
      if (reason !== undefined) return await this.#accept(rendered, reason);
    }
    for (let tries = 1; ; tries++) {
      try {
        if (step.effect === 'reads') await this.#read(rendered);
        else if (attaches && tries === 1) await this.#attach(rendered);
        else await this.#act(rendered);
        return;
      } catch (error) {
        const delayMs = delayAfter(step.retry, tries);
        if (delayMs === undefined || this.#signal.aborted || error instanceof PermanentError || isFatal(error))
          throw error;
        if (isRepeated(this.#session, this.#node)) {
          const reason = await consent(this.#node, rendered.command).catch(() => {
            throw error;
          });
          if (reason !== undefined) return await this.#accept(rendered, reason);
        }
        await this.#pause(error, tries, delayMs);
      }
    }
  }

  /** The step with every value filled in. */
  rendered(): Rendered {
    const {scopes, cwd, store} = this.#session;
    const rendered = renderStep(this.#node, scopes, cwd, (secret) => store.fingerprint(secret));
    this.#command = rendered.command;
    return rendered;
  }

  /** One look whether its effect is there. */
  look(): Promise<Finding> {
    const known = stateOf(this.#session, this.#node.key)?.outputs ?? {};
    return lookAt(this.#session, this.#node, this.rendered(), {signal: this.#signal, known});
  }

  /** Journals that somebody is about to do it by hand, and what there was before. */
  async intend(): Promise<void> {
    const {record: what, type, options, site} = this.rendered();
    const step = this.#node.key;
    await record(this.#session, {type: 'step-started', step, attempt: this.#nextAttempt(), record: what});
    const call = {attempt: this.#attempt, signal: this.#signal, acts: true};
    await type.prepare?.(options, contextOf(this.#session, site, step, call));
  }

  /** Takes over what somebody has done by hand, once its check holds. */
  async takeOver(how: How): Promise<void> {
    const rendered = this.rendered();
    const finding = await this.#until(rendered, undefined);
    await this.#checkpoint(rendered, how, finding.outputs, finding.evidence);
  }

  /** Takes it as done because a person says so: nothing can look. */
  async accept(reason: string): Promise<void> {
    await this.#accept(this.rendered(), reason);
  }

  async verify(): Promise<void> {
    const rendered = this.rendered();
    this.#begin(0);
    const known = stateOf(this.#session, this.#node.key)?.outputs ?? {};
    const finding = await lookAt(this.#session, this.#node, rendered, {signal: this.#signal, known});
    if (!finding.ok) throw finding.error ?? checkFailed(finding.expected, finding.found, 0);
    await this.#checkpoint(rendered, 'verified', finding.outputs, finding.evidence);
  }

  async fail(error: unknown): Promise<Settled> {
    const step = this.#node.key;
    const durationMs = performance.now() - this.#start;
    if (this.#signal.aborted) {
      if (this.#attempt > 0) await record(this.#session, {type: 'step-interrupted', step, attempt: this.#attempt});
      tell(this.#session, {type: 'step-interrupted', step, durationMs});
      return {kind: 'interrupted'};
    }
    const problem = this.#session.redactor.carried(
      problemOf(explained(this.#session, this.#node, error), {
        node: this.#node,
        command: this.#command,
        attempt: this.#attempt,
        attempts: this.#node.step.retry.attempts,
        output: this.output.tail(),
      }),
    );
    await record(this.#session, {type: 'step-failed', step, attempt: this.#attempt, problem});
    tell(this.#session, {type: 'step-failed', step, problem, durationMs});
    return {kind: 'failed', problem};
  }

  #begin(attempt: number): void {
    tell(this.#session, {type: 'step-started', step: this.#node.key, attempt, command: this.#command});
  }

  /** A look that may spare the act: what holds is checkpointed at once. */
  async #lookFirst(rendered: Rendered): Promise<Finding> {
    this.#begin(0);
    const finding = await lookAt(this.#session, this.#node, rendered, {signal: this.#signal});
    const how = wasBegun(this.#session, this.#node) ? 'adopted' : 'already-true';
    if (finding.ok) await this.#checkpoint(rendered, how, finding.outputs, finding.evidence);
    return finding;
  }

  /** Waits for what is there already, instead of acting again. */
  async #attach(rendered: Rendered): Promise<void> {
    const finding = await this.#until(rendered, undefined);
    const how = stateOf(this.#session, this.#node.key)?.made === true ? 'adopted' : 'already-true';
    await this.#checkpoint(rendered, how, finding.outputs, finding.evidence);
  }

  async #read(rendered: Rendered): Promise<void> {
    this.#begin(this.#nextAttempt());
    this.#reach('before');
    const looking = this.#until(rendered, undefined);
    this.#reach('during');
    const finding = await looking;
    this.#reach('after');
    await this.#checkpoint(rendered, 'ran', finding.outputs, finding.evidence);
  }

  async #act(rendered: Rendered): Promise<void> {
    const attempt = this.#nextAttempt();
    await record(this.#session, {type: 'step-started', step: this.#node.key, attempt, record: rendered.record});
    this.#begin(attempt);
    if (attempt > 1) await endLeftovers(this.#session, this.#node.key);
    this.#reach('before');
    const made = await this.#runOnce(rendered);
    this.#reach('after');
    const finding = await this.#until(rendered, made);
    // What run returned was seen first; the look adds what only shows later.
    await this.#checkpoint(rendered, 'ran', {...finding.outputs, ...made}, finding.evidence);
  }

  #reach(moment: Moment): void {
    this.#session.host.reached?.(this.#node.key, moment);
  }

  #nextAttempt(): number {
    // A step that only looks leaves no entry that counts.
    this.#attempt = Math.max(this.#attempt, stateOf(this.#session, this.#node.key)?.attempt ?? 0) + 1;
    this.output.begin(String(this.#attempt));
    return this.#attempt;
  }

  #runOnce(rendered: Rendered): Promise<Outputs> {
    return withLimit(this.#node.step.timeoutMs, (limit) => this.#runWithin(limit, rendered));
  }

  async #runWithin(limit: AbortSignal, {type, options, site}: Rendered): Promise<Outputs> {
    const {timeoutMs} = this.#node.step;
    const signal = AbortSignal.any([this.#signal, limit]);
    const {write} = this.output;
    const call = {attempt: this.#attempt, signal, output: write, acts: true};
    const context = contextOf(this.#session, site, this.#node.key, call);
    // Who waits for a person's answer is not hung.
    if (type.asks !== true) this.#watch.begin('timeout', timeoutMs);
    try {
      const acting = Promise.resolve(type.run(options, context));
      this.#reach('during');
      return (await endingWith(signal, acting)) as Outputs;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!limit.aborted) throw error;
      const message = `did not finish within ${formatDuration(timeoutMs)}`;
      throw new RunbookError(
        {code: 'timed-out', message, next: ['give it more time with timeout:, or see why it hangs']},
        error,
      );
    }
  }

  /** A further check may be given more time than the step's own. */
  #withinMs(): number {
    const {withinMs, verify} = this.#node.step;
    return Math.max(withinMs, ...verify.map((action) => action.withinMs ?? 0));
  }

  /** Looks until the checks hold, or `within` has passed. */
  async #until(rendered: Rendered, made: Outputs | undefined): Promise<Finding & {ok: true}> {
    const {key} = this.#node;
    const session = this.#session;
    if (made !== undefined) this.#checkResult(rendered, made);
    const print = this.#printing();
    const known = made ?? {};
    const {type, options, site} = rendered;
    this.#watch.begin('within', Math.max(this.#withinMs(), LOOK_LIMIT_MS));
    const finding = await waitFor<Finding>({
      withinMs: this.#withinMs(),
      signal: this.#signal,
      look: () => lookAt(session, this.#node, rendered, {signal: this.#signal, known, output: print.fresh()}),
      settles: (found) => found.ok || found.final === true,
      ...(type.changes === undefined
        ? {}
        : {
            changes: (signal) => type.changes?.(options, contextOf(session, site, key, {attempt: 0, signal})) ?? none(),
          }),
      onWaiting: (found, elapsedMs) => this.#waiting(found, elapsedMs),
    });
    print.last();
    if (finding.ok) return finding;
    if (finding.error !== undefined && this.#withinMs() === 0) throw finding.error;
    throw checkFailed(finding.expected, finding.found, finding.final === true ? 0 : this.#withinMs());
  }

  /** What a reading step prints: live when it looks once; of looks that are repeated, only the last one counts. */
  #printing(): {fresh(): (text: string) => void; last(): void} {
    const {effect} = this.#node.step;
    const withinMs = this.#withinMs();
    if (effect !== 'reads') return {fresh: () => () => {}, last: () => {}};
    if (withinMs === 0) return {fresh: () => this.output.write, last: () => {}};
    let printed = '';
    return {
      fresh: () => {
        printed = '';
        return (text) => {
          printed = endOf(printed + text);
        };
      },
      last: () => this.output.write(printed),
    };
  }

  /** The `expect` of a step that can't be looked at again speaks of what it has just returned. */
  #checkResult({type}: Rendered, made: Outputs): void {
    const {step} = this.#node;
    if (type.verify !== undefined) return;
    const checked = checkExpect(this.#session, step.expect, this.#session.scopes.valuesOf(this.#node, 'real', made));
    if (!checked.ok) throw checkFailed(checked.expected, checked.found, 0);
  }

  #waiting(found: Finding, elapsedMs: number): void {
    if (found.ok) return;
    const seen = this.#hasSecretOutputs() ? 'not shown: this step reads a secret' : found.found;
    const withinMs = this.#withinMs();
    tell(this.#session, {
      type: 'step-waiting',
      step: this.#node.key,
      expected: found.expected,
      found: seen,
      elapsedMs,
      withinMs,
    });
  }

  async #pause(error: unknown, tries: number, delayMs: number): Promise<void> {
    const {attempts} = this.#node.step.retry;
    const message = error instanceof Error ? error.message : String(error);
    const step = this.#node.key;
    this.#watch.rest();
    tell(this.#session, {type: 'step-retrying', step, attempt: tries + 1, attempts, delayMs, message});
    await sleep(delayMs, undefined, {signal: this.#signal});
  }

  async #accept(rendered: Rendered, reason: string): Promise<void> {
    const known = stateOf(this.#session, this.#node.key)?.outputs ?? {};
    await this.#checkpoint(rendered, 'accepted', known, [], reason);
  }

  async #checkpoint(
    rendered: Rendered,
    how: How,
    found: Outputs,
    evidence: readonly string[],
    reason?: string,
  ): Promise<void> {
    const session = this.#session;
    this.how = how;
    const {step, key} = this.#node;
    const declared = declaredOutputs(session, this.#node, found);
    // From here on the redactor knows the secrets among them.
    session.scopes.finish(this.#node, declared.outputs, declared.secrets);
    const secret = Object.entries(declared.outputs).filter(([name]) => declared.secrets.has(name));
    tellShort(
      session,
      secret.map(([name, value]) => [`steps.${key}.outputs.${name}`, value]),
    );
    const kept = keptOutputs(session, declared, how === 'accepted' ? (stateOf(session, key)?.withheld ?? []) : []);
    const undo = tryUndo(this.#node, session.scopes, session.cwd, found);
    const durationMs = performance.now() - this.#start;
    const seenFirst = how !== 'ran' || step.effect === 'reads';
    await record(session, {
      type: 'step-checkpointed',
      step: key,
      how,
      ...kept,
      durationMs: Math.round(durationMs),
      evidence,
      ...(seenFirst ? {record: rendered.record} : {}),
      ...(undo === undefined ? {} : {undo}),
      ...(reason === undefined ? {} : {reason}),
    });
    tell(session, {type: 'step-finished', step: key, how, outputs: kept.outputs, durationMs, evidence});
  }
}

/** From the beginning of a line on: half a secret would not be known as one. */
const endOf = (text: string): string => {
  if (text.length <= LONGEST_LOOK) return text;
  const end = text.slice(-LONGEST_LOOK);
  return end.slice(end.indexOf('\n') + 1);
};

async function* none(): AsyncIterable<unknown> {}

const heardBy = (watch: Watch, output: Output): Output => ({
  ...output,
  write: (text) => {
    watch.heard();
    output.write(text);
  },
});

/** A step whose output holds a secret that nobody knows yet: nothing of it is shown or kept. */
const withheld = (output: Output): Output => ({
  begin: () => {},
  write: () => {},
  tail: () => [],
  close: () => output.close(),
});
