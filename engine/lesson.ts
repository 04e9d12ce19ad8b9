import type {DescribedCheck} from './describe.ts';
import {checksOf} from './describe.ts';
import {messageOf, type Problem, RunbookError} from './errors.ts';
import type {Node} from './graph.ts';
import {guardsHold} from './guards.ts';
import {type Finding, hasCheck} from './look.ts';
import {tellsOutputs} from './outputs.ts';
import {perform, skip} from './perform.ts';
import {titleOf} from './render.ts';
import {contextOf, type Session, stateOf} from './session.ts';
import {isFatal, type Settled} from './settled.ts';
import {type Manner, Work} from './work.ts';

/** How a step that is to be done is done: at once, or as somebody at the terminal wants it. */
export type Doer = (session: Session, node: Node, signal: AbortSignal, manner: Manner) => Promise<Settled>;

/** A step for somebody who is about to do it, or to see it done. */
export interface Lesson {
  readonly step: string;
  /** Its place among all steps, from 1. */
  readonly number: number;
  readonly total: number;
  readonly title: string;
  readonly about?: string;
  readonly uses: string;
  /**
   * `make`: its check tells when it is done; `look`: it changes nothing, so only the learner can say that it was looked at;
   * `trust`: nothing can tell; `ask`: a question of the runbook's own.
   */
  readonly kind: 'make' | 'look' | 'trust' | 'ask';
  /** The lines to type. */
  readonly command: string;
  readonly checks: readonly DescribedCheck[];
  /** Its effect is there already; nothing is left to do. */
  readonly isTrue: boolean;
  /** Why "done" was not accepted just now. */
  readonly problem?: Problem;
  /** One look whether it is done; undefined where nothing can tell. Changes nothing. */
  look(signal: AbortSignal): Promise<Finding | undefined>;
  /** Yields when a look may find something else. */
  changes(signal: AbortSignal): AsyncIterable<unknown>;
}

/** `done`: it was done by hand, or seen; `solve`: do it here; `quit`: stop, and keep the place. */
export type LearnerSays = 'done' | 'solve' | 'quit';

/** Who shows the lessons to a learner. */
export interface Teacher {
  /** Resolves when the learner has done it, or wants something else. Told again, with a problem, where that was not so. */
  teach(lesson: Lesson): Promise<LearnerSays>;
  /** Ends the run: aborts the host's signal. */
  quit(): void;
}

/** `skip` leaves a step out; it can be done by a resume. `rest`: this one and all that follow, unasked. */
export type StepChoice = 'run' | 'skip' | 'rest' | 'quit';

export interface Stepper {
  choose(lesson: Lesson): Promise<StepChoice>;
  quit(): void;
}

/** Asks before each step that is to be done. */
export const stepByStep = (stepper: Stepper): Doer => {
  let isAsking = true;
  return async (session, node, signal, manner) => {
    if (!isAsking || !guardsHold(session, node)) return perform(session, node, signal, manner);
    const choice = await stepper.choose(lessonOf(session, node, false));
    if (choice === 'skip') return skip(session, node, 'not-selected');
    if (choice === 'rest') isAsking = false;
    if (choice === 'quit') {
      stepper.quit();
      return {kind: 'interrupted'};
    }
    return perform(session, node, signal, manner);
  };
};

/** Lets a person do each step, sees when it is done, and takes it over. */
export const byHand =
  (teacher: Teacher): Doer =>
  async (session, node, signal) => {
    const work = new Work(session, node, signal);
    try {
      if (!guardsHold(session, node)) return await skip(session, node, 'when');
      return await new Learning(session, node, work, teacher).run();
    } catch (error) {
      if (isFatal(error)) throw error;
      return await work.fail(error);
    } finally {
      work.close();
    }
  };

// Whoever says "solve" has seen what will be done.
const agreed: Manner = {consent: async () => undefined};

class Learning {
  readonly #session: Session;
  readonly #node: Node;
  readonly #work: Work;
  readonly #teacher: Teacher;

  constructor(session: Session, node: Node, work: Work, teacher: Teacher) {
    this.#session = session;
    this.#node = node;
    this.#work = work;
    this.#teacher = teacher;
  }

  async run(): Promise<Settled> {
    const {step} = this.#node;
    const begun = stateOf(this.#session, this.#node.key)?.made === true;
    if (step.effect !== 'reads' && canTell(this.#node) && (await this.#work.look()).ok) {
      const says = await this.#teach({isTrue: true});
      return says === 'quit'
        ? this.#quit()
        : this.#finish(() => this.#work.takeOver(begun ? 'adopted' : 'already-true'));
    }
    // From here on the learner may act: that is journaled first, and so is what was there before.
    if (step.effect !== 'reads') {
      await this.#work.intend();
      if (canTell(this.#node)) await this.#work.look();
    }
    for (let problem: Problem | undefined; ; ) {
      const says = await this.#teach(problem === undefined ? {isTrue: false} : {isTrue: false, problem});
      if (says === 'quit') return this.#quit();
      if (says === 'solve') return this.#finish(() => this.#work.run(agreed));
      try {
        return await this.#finish(() => this.#done());
      } catch (error) {
        if (isFatal(error) || this.#session.host.signal.aborted) throw error;
        problem = problemOf(error);
      }
    }
  }

  #teach(more: {isTrue: boolean; problem?: Problem}): Promise<LearnerSays> {
    const lesson = lessonOf(this.#session, this.#node, more.isTrue);
    return this.#teacher.teach(more.problem === undefined ? lesson : {...lesson, problem: more.problem});
  }

  #quit(): Promise<Settled> {
    this.#teacher.quit();
    return this.#work.fail(new Error('the learner has stopped'));
  }

  async #finish(act: () => Promise<void>): Promise<Settled> {
    await act();
    return {kind: 'finished', how: this.#work.how};
  }

  /** What later steps read of a script only running it can tell; what nothing can tell, the learner's word does. */
  #done(): Promise<void> {
    const {step} = this.#node;
    if (step.effect === 'reads' || step.type.asks === true) return this.#work.run(agreed);
    if (canTell(this.#node)) return this.#work.takeOver('adopted');
    return tellsOutputs(this.#node) ? this.#work.accept('done by hand') : this.#work.run(agreed);
  }
}

const canTell = (node: Node): boolean => hasCheck(node) && tellsOutputs(node);

const problemOf = (error: unknown): Problem =>
  error instanceof RunbookError ? error.problems[0] : {code: 'step-failed', message: messageOf(error)};

const kindOf = (node: Node): Lesson['kind'] => {
  if (node.step.type.asks === true) return 'ask';
  if (node.step.effect === 'reads') return 'look';
  return canTell(node) ? 'make' : 'trust';
};

async function* nothing(): AsyncIterable<unknown> {}

const lessonOf = (session: Session, node: Node, isTrue: boolean): Lesson => {
  const {step, key, index} = node;
  const looking = new Work(session, node, session.host.signal);
  const {command, site, options} = looking.rendered();
  const shown = session.redactor.carried({
    step: key,
    number: index + 1,
    total: session.graph.nodes.size,
    title: titleOf(node),
    ...(step.about === undefined ? {} : {about: step.about}),
    uses: step.uses,
    kind: kindOf(node),
    command: command(),
    checks: checksOf(node, session),
    isTrue,
  });
  return {
    ...shown,
    look: async () => (hasCheck(node) ? session.redactor.carried(await looking.look()) : undefined),
    changes: (signal) =>
      step.type.changes?.(options as never, contextOf(session, site, key, {attempt: 0, signal})) ?? nothing(),
  };
};
