import type {Assessment} from './assess.ts';
import {changeOf, tryRender} from './change.ts';
import type {Wishes} from './doubt.ts';
import {isRepeated, isUnderway, looksFirst} from './earlier.ts';
import {messageOf} from './errors.ts';
import type {Course} from './events.ts';
import {byNeeds, type Node} from './graph.ts';
import {guardsHold} from './guards.ts';
import {type Finding, hasCheck, lookAt} from './look.ts';
import {declaredOutputs} from './outputs.ts';
import {type Read, readsOfGuards, readsOfNode} from './read-keys.ts';
import type {Part} from './selection.ts';
import {type Session, stateOf} from './session.ts';
import {undoOf} from './undo-step.ts';

/** What a resume will do with a step, and why. */
export interface Foreseen {
  readonly course: Course;
  /** In words; empty where it is kept and nothing is to be said. */
  readonly why: string;
  /** What it reads of steps that are to be done first: `steps.server1.outputs.ip`. */
  readonly dependsOn: readonly string[];
}

export interface Foresight {
  readonly assessed: ReadonlyMap<string, Assessment>;
  readonly wishes: Wishes;
  readonly part: (node: Node) => Part;
  /** Looks whether the effects of steps that were never begun are there already. */
  readonly probes: boolean;
}

/** What a resume will do with each step of the file, in its order, as far as that can be told before. Changes nothing. */
export const foresee = async (session: Session, foresight: Foresight): Promise<ReadonlyMap<string, Foreseen>> => {
  const foreseer = new Foreseer(session, foresight);
  const all = new Map<string, Foreseen>();
  for (const node of session.graph.nodes.values()) all.set(node.key, await foreseer.foresee(node));
  return all;
};

/** Courses after which a step hands on what it did before, so that who reads it can be judged now. */
export const SETTLED: ReadonlySet<Course> = new Set(['keep', 'accept', 'skip', 'already-true']);

/** Whether an edited step, or one that is asked for, is taken back before it is made anew. */
export const goesFirst = (session: Session, node: Node): boolean => {
  const state = stateOf(session, node.key);
  return state?.record?.effect === 'converges' && state.made && undoOf(session, state) === 'undo';
};

/** The same decisions as those of `ResumeTreatment`, taken before anything is done: where they depend on that, it says so. */
class Foreseer {
  readonly #session: Session;
  readonly #foresight: Foresight;
  /** Steps that will be done or looked at again: what they hand on may be another thing then. */
  readonly #open = new Set<string>();
  /** These, and all that comes after them, with the step that is the cause. */
  readonly #shaken = new Map<string, string>();
  /** The step that is done again, and that this one comes after. */
  readonly #causeOf = byNeeds((needs) => {
    const shaken = needs.find((need) => this.#shaken.has(need));
    return shaken === undefined ? undefined : this.#shaken.get(shaken);
  });

  constructor(session: Session, foresight: Foresight) {
    this.#session = session;
    this.#foresight = foresight;
  }

  async foresee(node: Node): Promise<Foreseen> {
    const [course, why] = await this.#decide(node);
    const dependsOn = this.#openReads(readsOfNode(this.#session.graph, node)).map(({as}) => as);
    const isOpen = !SETTLED.has(course);
    if (isOpen) this.#open.add(node.key);
    const cause = isOpen && course !== 'recheck' ? node.key : this.#causeOf(node);
    if (cause !== undefined) this.#shaken.set(node.key, cause);
    return {course, why, dependsOn: [...new Set(dependsOn)]};
  }

  #openReads(reads: readonly Read[]): readonly Read[] {
    return this.#open.size === 0 ? [] : reads.filter(({key}) => this.#open.has(key));
  }

  async #decide(node: Node): Promise<readonly [Course, string]> {
    const {wishes, part, assessed} = this.#foresight;
    const accepted = wishes.accept.find(({step}) => step === node.key);
    if (accepted !== undefined) return ['accept', accepted.reason];
    const assessment = assessed.get(node.key);
    const {verdict = 'perform'} = assessment ?? {};
    if (verdict === 'keep' && !wishes.redo.includes(node.key)) return this.#keep(node, assessment as Assessment);
    const guarded = this.#guarded(node);
    if (guarded !== undefined) return guarded;
    if (part(node) === 'verify' && stateOf(this.#session, node.key)?.status !== 'checkpointed')
      return ['verify', 'it stands before --from'];
    if (wishes.redo.includes(node.key)) return this.#asked(node);
    if (assessment === undefined) return await this.#fresh(node, 'it was not done yet');
    return verdict === 'redo' ? await this.#redo(node, assessment) : await this.#finish(node, assessment);
  }

  #guarded(node: Node): readonly [Course, string] | undefined {
    const [open] = this.#openReads(readsOfGuards(this.#session.graph, node));
    if (open !== undefined) return ['unknown', `its condition reads ${open.as}`];
    try {
      return guardsHold(this.#session, node) ? undefined : ['skip', 'its condition is false'];
    } catch (error) {
      return ['unknown', messageOf(error)];
    }
  }

  #keep(node: Node, {look, tidied = false}: Assessment): readonly [Course, string] {
    const cause = this.#causeOf(node);
    if (tidied && cause !== undefined) return ['run', AT_EVERY_END];
    if (look.standing === 'accepted' || look.standing === 'superseded') return ['keep', ''];
    if (cause === undefined) return ['keep', ''];
    if (node.step.effect === 'reads') return ['look', `${cause} is done first`];
    const [open] = this.#openReads(readsOfNode(this.#session.graph, node));
    if (open !== undefined) return ['unknown', `it reads ${open.as}: done again if that has another value then`];
    return hasCheck(node) ? ['recheck', `${cause} is done first`] : ['keep', ''];
  }

  /** It was finished, and is to be done again. */
  async #redo(node: Node, {look, finding}: Assessment): Promise<readonly [Course, string]> {
    const why = WHY_AGAIN[look.standing] ?? '';
    const cause = this.#causeOf(node);
    if (node.step.effect === 'reads') return ['look', why];
    const [open] = this.#openReads(readsOfNode(this.#session.graph, node));
    if (open !== undefined) return ['unknown', `${why}; done again if it still is so when ${open.as} is known`];
    if (look.standing === 'drifted') {
      if (cause !== undefined) return ['unknown', `${why}; done again if that is still so when ${cause} is done`];
      return this.#partial(node, finding, why);
    }
    return goesFirst(this.#session, node) ? ['remake', why] : await this.#fresh(node, why);
  }

  #asked(node: Node): readonly [Course, string] {
    if (node.step.effect === 'reads') return ['look', 'asked for'];
    const isFinished = stateOf(this.#session, node.key)?.status === 'checkpointed';
    return [isFinished && goesFirst(this.#session, node) ? 'remake' : 'run', 'asked for'];
  }

  /** It was begun, and not finished. */
  async #finish(node: Node, {look, finding}: Assessment): Promise<readonly [Course, string]> {
    const {step, key} = node;
    const why = step.always ? AT_EVERY_END : (WHY_AGAIN[look.standing] ?? 'it was not done yet');
    if (step.effect === 'reads') return ['look', why];
    const state = stateOf(this.#session, key);
    if (state?.made === true && state.record?.effect === 'converges') {
      const [open] = this.#openReads(readsOfNode(this.#session.graph, node));
      if (open !== undefined) return ['unknown', `${why}; what is to be done with what is there depends on ${open.as}`];
      const change = changeOf(this.#session, node, state.record);
      if (change !== undefined && goesFirst(this.#session, node))
        return ['remake', `${why}, and ${change.standing === 'edited' ? 'was edited' : 'an input has changed'} since`];
    }
    if (look.standing !== 'failed' && look.standing !== 'in-doubt') return await this.#fresh(node, why);
    return this.#partial(node, finding, why);
  }

  /** A look decides; the walk will take it once more. */
  #partial(node: Node, finding: Finding | undefined, why: string): readonly [Course, string] {
    const session = this.#session;
    if (finding !== undefined && looksFirst(session, node)) {
      if (finding.ok) return ['adopt', 'its effect is there'];
      if (isUnderway(session, node, finding)) return ['reattach', foundBriefly(finding)];
    }
    if (isRepeated(session, node)) return ['ask', why];
    const isPart = finding !== undefined && !finding.ok && finding.partial === 'incomplete';
    return isPart ? ['repair', foundBriefly(finding)] : ['run', why];
  }

  /** What is there says nothing about it yet. */
  async #fresh(node: Node, why: string): Promise<readonly [Course, string]> {
    if (node.step.effect === 'reads') return ['look', why];
    if (isRepeated(this.#session, node)) return ['ask', why];
    const finding = await this.#probe(node);
    if (finding?.ok) return ['already-true', 'it is true already'];
    return ['run', why];
  }

  async #probe(node: Node): Promise<Finding | undefined> {
    const session = this.#session;
    if (!this.#foresight.probes || !looksFirst(session, node)) return undefined;
    if (this.#openReads(readsOfNode(session.graph, node)).length > 0) return undefined;
    const rendered = tryRender(session, node);
    if (rendered === undefined) return undefined;
    const {signal} = session.host;
    try {
      const finding = await lookAt(session, node, rendered, {signal});
      if (!finding.ok) return finding;
      const {outputs, secrets} = declaredOutputs(session, node, finding.outputs);
      session.scopes.finish(node, outputs, secrets);
      return finding;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }
}

const foundBriefly = (finding: Finding): string => (finding.ok ? '' : (finding.found.split('\n')[0] ?? ''));

const AT_EVERY_END = 'it runs at every end';

const WHY_AGAIN: Readonly<Record<string, string>> = {
  drifted: 'its check does not hold any more',
  edited: 'it was edited',
  'input-changed': 'what it was given has changed',
  withheld: 'a value that it handed on is needed, and holds a secret',
  failed: 'it failed',
  'in-doubt': 'it was started, and did not finish',
  undone: 'it was taken back',
  skipped: 'its condition is true now',
};
