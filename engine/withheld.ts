import type {Assessment} from './assess.ts';
import {tryRender} from './change.ts';
import {definitionFor} from './definition.ts';
import type {Wishes} from './doubt.ts';
import type {StepRecord} from './entries.ts';
import {RunbookError} from './errors.ts';
import {byNeeds, type Node} from './graph.ts';
import {guardsHold} from './guards.ts';
import {hasCheck} from './look.ts';
import {listed} from './nearest.ts';
import {readsOfNode} from './read-keys.ts';
import {type Session, stateOf} from './session.ts';

/*
 * What a step has handed on, and what holds a secret that nobody has declared, is not stored: a masked value must never be
 * handed on. So who needs it has it read or made again.
 */

type Assessed = ReadonlyMap<string, Assessment>;

/** Whether a step can't be called as it was because of a value that was withheld. */
export const isWithheld = ({withheld = [], isMasked}: StepRecord, error: unknown): boolean =>
  (withheld.length > 0 || isMasked === true) && error instanceof RunbookError && error.code === 'input-missing';

/** The same assessments, and of steps that are to be done again for what they hand on just that. */
export const withNeeded = (session: Session, assessed: Assessed, wishes: Wishes): Assessed => {
  const needed = new Needed(session, assessed, wishes);
  const nodes = [...session.graph.nodes.values()].reverse();
  for (const node of nodes) needed.consider(node);
  return needed.assessed;
};

class Needed {
  readonly #session: Session;
  readonly #wishes: Wishes;
  readonly assessed: Map<string, Assessment>;
  readonly #stirred: ReadonlySet<string>;

  constructor(session: Session, assessed: Assessed, wishes: Wishes) {
    this.#session = session;
    this.#wishes = wishes;
    this.assessed = new Map(assessed);
    this.#stirred = this.#stir();
  }

  /** What comes after something that is done: its options are compared once more then. */
  #stir(): ReadonlySet<string> {
    const stirred = new Set<string>();
    const isStirred = byNeeds((needs) => needs.some((need) => stirred.has(need)));
    for (const node of this.#session.graph.nodes.values())
      if (this.#isDone(node.key) || isStirred(node)) stirred.add(node.key);
    return stirred;
  }

  #isAccepted(key: string): boolean {
    return this.#wishes.accept.some(({step}) => step === key);
  }

  #isDone(key: string): boolean {
    const {verdict, look} = this.assessed.get(key) ?? {};
    if (this.#isAccepted(key)) return false;
    return this.#wishes.redo.includes(key) || (verdict !== 'keep' && look?.standing !== 'skipped');
  }

  consider(node: Node): void {
    const assessment = this.assessed.get(node.key);
    if (assessment?.verdict !== 'keep' || this.#isAccepted(node.key)) return;
    const missing = missingOf(this.#session, node.key, assessment.outputs);
    if (missing.length === 0) return;
    const readers = [...this.#session.graph.nodes.values()].filter(
      (reader) => readsOneOf(this.#session, reader, node, missing) && this.#needsIt(reader, node),
    );
    if (readers.length === 0) return;
    const names = listed(readers.map(({key}) => `"${key}"`));
    const which = listed(missing.map((name) => `"${name}"`));
    const detail = `its output ${which} holds a secret and was not stored; ${names} ${readers.length > 1 ? 'read' : 'reads'} it`;
    this.assessed.set(node.key, {...assessment, look: {step: node.key, standing: 'withheld', detail}, verdict: 'redo'});
  }

  #needsIt(reader: Node, source: Node): boolean {
    const {key, step} = reader;
    if (this.#isAccepted(key)) return false;
    if (this.#isDone(key)) return true;
    const {verdict, look, finding} = this.assessed.get(key) ?? {};
    if (verdict !== 'keep') return mayRun(this.#session, reader);
    if (look?.standing === 'accepted' || look?.standing === 'superseded') return false;
    if (this.#stirred.has(key) || hasChanged(this.#session, reader)) return true;
    // without the value nobody can tell whether it holds; that is not worth asking for a step that must not be repeated
    return hasCheck(reader) && finding === undefined && source.step.effect !== 'once' && step.effect !== 'reads';
  }
}

/** What a step has handed on and nobody knows. */
const missingOf = (session: Session, key: string, known: Assessment['outputs'] = {}): readonly string[] =>
  (stateOf(session, key)?.withheld ?? []).filter((name) => !Object.hasOwn(known, name));

const readsOneOf = (session: Session, reader: Node, {key, item}: Node, outputs: readonly string[]): boolean =>
  readsOfNode(session.graph, reader).some((read) => {
    if (read.key !== key) return false;
    const [, , , output] = read.as.split('.');
    // of an item, and of all outputs at once, it is not known which
    return item !== undefined || output === undefined || outputs.includes(output);
  });

/** A step that was skipped, and whose condition may be true now. */
const mayRun = (session: Session, node: Node): boolean => {
  try {
    return guardsHold(session, node);
  } catch {
    return true;
  }
};

/** Whether a finished step would act otherwise now, as far as that can be told without what is missing. */
const hasChanged = (session: Session, node: Node): boolean => {
  const before = stateOf(session, node.key)?.record;
  if (before === undefined || tryRender(session, node) !== undefined) return false;
  if (session.redactor.text(definitionFor(node)) !== before.definition) return true;
  return Object.entries(before.secrets).some(([name, hash]) => {
    const value = session.scopes.secret(name);
    return typeof value === 'string' && session.store.fingerprint(value) !== hash;
  });
};

/** What is said where a step needs a value that was withheld; else the error as it is. */
export const explained = (session: Session, node: Node, error: unknown): unknown => {
  if (!(error instanceof RunbookError) || error.code !== 'expression-failed') return error;
  for (const {key, as} of readsOfNode(session.graph, node)) {
    const source = session.graph.nodes.get(key);
    const state = stateOf(session, key);
    if (source === undefined || state === undefined) continue;
    const known = session.scopes.valuesOf(source, 'real').steps as Readonly<Record<string, {outputs: object}>>;
    const own = known[source.step.id]?.outputs ?? {};
    const outputs = source.item === undefined ? own : ((own as Record<string, object>)[source.item.key] ?? {});
    const missing = state.withheld.filter((name) => !Object.hasOwn(outputs, name));
    if (!readsOneOf(session, node, source, missing) || missing.length === 0) continue;
    const {place} = error.problems[0];
    return new RunbookError(
      {
        code: 'expression-failed',
        message: `${as} holds a secret, so it was not stored and can't be handed on`,
        ...(place === undefined ? {} : {place}),
        next: [
          `have it again by doing that step again: runbook resume ${session.run} --redo ${key}`,
          'or read the secret in a step of its own, with effect: reads and an output that says secret: true',
        ],
      },
      error,
    );
  }
  return error;
};
