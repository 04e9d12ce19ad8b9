import {setTimeout as sleep} from 'node:timers/promises';
import type {Consent} from './consent.ts';
import {formatDuration} from './duration.ts';
import {isRepeated, isUnderway, looksFirst, wasBegun} from './earlier.ts';
import {RunbookError} from './errors.ts';
import type {How} from './events.ts';
import type {Node} from './graph.ts';
import type {Moment} from './host.ts';
import {endLeftovers} from './leftovers.ts';
import {withLimit} from './limit.ts';
import {type Output, openOutput, printsSecret, withheld} from './live-output.ts';
import {type Finding, lookAt} from './look.ts';
import {declaredOutputs, keptOutputs} from './outputs.ts';
import {Watch} from './overdue.ts';
import {checkFailed, problemOf} from './problems.ts';
import {type Proving, prove} from './prove.ts';
import {type Rendered, renderStep, showCommand, tryUndo} from './render.ts';
import {delayAfter} from './retry.ts';
import {contextOf, record, type Session, stateOf, tell, tellShort} from './session.ts';
import {isFatal, type Settled} from './settled.ts';
import {type Json, PermanentError} from './step-type.ts';
import {explained} from './withheld.ts';

type Outputs = Readonly<Record<string, Json>>;

/** How a step is to be done. */
export interface Manner {
  readonly consent: Consent;
  /** It is done whatever a look says. */
  readonly isAnew?: boolean;
  /** Called as soon as it is known how it came to rest: what is journaled of that is then about to be written. */
  settle?(settled: Settled): void;
}

/** One node being done: a look that may spare the act, the intent, the attempts, the checks, the checkpoint. */
export class Work {
  readonly #session: Session;
  readonly #node: Node;
  readonly #signal: AbortSignal;
  readonly #start = performance.now();
  readonly #watch: Watch;
  readonly output: Output;
  #settle: Manner['settle'];
  #attempt = 0;
  /** As it is run; until that is known, as far as it can be shown. */
  #command: Rendered['command'] | undefined;
  /** How it was finished. */
  how: How = 'ran';

  constructor(session: Session, node: Node, signal: AbortSignal) {
    this.#session = session;
    this.#node = node;
    this.#signal = signal;
    this.#watch = new Watch(
      session.usual.get(node.key),
      (overdue) => tell(session, {type: 'step-overdue', step: node.key, ...overdue}),
      {patience: session.host.patience},
    );
    const output = openOutput(session, node.key);
    this.output = heardBy(this.#watch, printsSecret(node) ? withheld(output) : output);
  }

  close(): void {
    this.#watch.end();
    this.output.close();
  }

  async run({consent, isAnew = false, settle}: Manner): Promise<void> {
    const {step} = this.#node;
    this.#settle = settle;
    const rendered = this.rendered();
    const looks = !isAnew && looksFirst(this.#session, this.#node);
    const found = looks ? await this.#lookFirst(rendered) : undefined;
    if (found?.ok) return;
    const attaches = isUnderway(this.#session, this.#node, found);
    if (!attaches && isRepeated(this.#session, this.#node)) {
      const reason = await consent(this.#node, rendered.command());
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
          const reason = await consent(this.#node, rendered.command()).catch(() => {
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
    const rendered = this.rendered();
    const step = this.#node.key;
    await record(this.#session, {type: 'step-started', step, attempt: this.#nextAttempt(), record: rendered.record});
    await this.#prepare(rendered);
  }

  /** Takes over what somebody has done by hand, once its check holds. */
  async takeOver(how: How): Promise<void> {
    const rendered = this.rendered();
    const finding = await this.#prove(rendered);
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
        command: this.#commandNow(),
        attempt: this.#attempt,
        attempts: this.#node.step.retry.attempts,
        output: this.output.tail(),
      }),
    );
    const written = record(this.#session, {type: 'step-failed', step, attempt: this.#attempt, problem});
    tell(this.#session, {type: 'step-failed', step, problem, durationMs});
    this.#settle?.({kind: 'failed', problem});
    await written;
    return {kind: 'failed', problem};
  }

  #begin(attempt: number): void {
    tell(this.#session, {type: 'step-started', step: this.#node.key, attempt, command: this.#commandNow()});
  }

  #commandNow(): string {
    const {scopes, cwd} = this.#session;
    return this.#command?.() ?? showCommand(this.#node, this.#node.step, scopes, cwd);
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
    const finding = await this.#prove(rendered);
    const how = stateOf(this.#session, this.#node.key)?.made === true ? 'adopted' : 'already-true';
    await this.#checkpoint(rendered, how, finding.outputs, finding.evidence);
  }

  async #read(rendered: Rendered): Promise<void> {
    this.#begin(this.#nextAttempt());
    this.#reach('before');
    const looking = this.#prove(rendered);
    this.#reach('during');
    const finding = await looking;
    this.#reach('after');
    await this.#checkpoint(rendered, 'ran', finding.outputs, finding.evidence);
  }

  async #act(rendered: Rendered): Promise<void> {
    const attempt = this.#nextAttempt();
    const intent = record(this.#session, {
      type: 'step-started',
      step: this.#node.key,
      attempt,
      record: rendered.record,
    });
    // goes to the disk with the intent; what is wrong with it, `run` says
    const prepared = this.#prepare(rendered)?.catch(() => {});
    await intent;
    this.#begin(attempt);
    if (attempt > 1) await endLeftovers(this.#session, this.#node.key);
    this.#reach('before');
    const made = await this.#runOnce(rendered, prepared);
    this.#reach('after');
    const finding = await this.#prove(rendered, made);
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

  /** Remembers how it was before. */
  #prepare({type, options, site}: Rendered): Promise<void> | undefined {
    const call = {attempt: this.#attempt, signal: this.#signal, acts: true};
    return type.prepare?.(options, contextOf(this.#session, site, this.#node.key, call));
  }

  async #runOnce({type, options, site}: Rendered, prepared: Promise<void> | undefined): Promise<Outputs> {
    const {timeoutMs} = this.#node.step;
    // Who waits for a person's answer is not hung.
    if (type.asks !== true) this.#watch.begin('timeout', timeoutMs);
    let limit: AbortSignal | undefined;
    try {
      return await withLimit(timeoutMs, this.#signal, async (signal) => {
        limit = signal;
        await prepared;
        signal.throwIfAborted();
        const call = {attempt: this.#attempt, signal, output: this.output.write, acts: true};
        const acting = type.run(options, contextOf(this.#session, site, this.#node.key, call));
        this.#reach('during');
        return (await acting) as Outputs;
      });
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!limit?.aborted) throw error;
      const message = `did not finish within ${formatDuration(timeoutMs)}`;
      throw new RunbookError(
        {code: 'timed-out', message, next: ['give it more time with timeout:, or see why it hangs']},
        error,
      );
    }
  }

  #prove(rendered: Rendered, made?: Outputs): Promise<Finding & {ok: true}> {
    const proving: Proving = {
      session: this.#session,
      node: this.#node,
      signal: this.#signal,
      output: this.output,
      watch: this.#watch,
    };
    return prove(proving, rendered, made);
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
    const written = record(session, {
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
    this.#settle?.({kind: 'finished', how});
    await written;
  }
}

const heardBy = (watch: Watch, output: Output): Output => ({
  ...output,
  write: (text, channel) => {
    watch.heard();
    output.write(text, channel);
  },
});
