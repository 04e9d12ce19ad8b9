import type {Event} from './events.ts';
import type {Patience} from './overdue.ts';
import type {Question} from './step-type.ts';

/** A step that must not be repeated unasked, and may have acted. */
export interface Doubt {
  readonly step: string;
  readonly title: string;
  /** In words, why it would be done again. */
  readonly why: string;
  readonly command: string;
}

/** `accept`: it has acted, and counts as done. */
export type DoubtAnswer =
  | {readonly kind: 'redo'}
  | {readonly kind: 'accept'; readonly reason: string}
  | {readonly kind: 'stop'};

/** Hides what it knows to be secret. */
export interface Hider {
  text(text: string): string;
  /** The same for all texts of a value but the names that it goes by. */
  carried<T>(value: T): T;
}

/**
 * Where in the life of a step a kill tells most: when its intent is journaled and nothing is done (`before`), while it acts or
 * looks (`during`), and when it has acted and is not checkpointed (`after`).
 */
export type Moment = 'before' | 'during' | 'after';

/** The process around the engine: all that it may know of its surroundings. The engine reads no global itself. */
export interface Host {
  /** Environment for processes and clients; wins over env files. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the run was started. Absolute. */
  readonly cwd: string;
  /** The state directory (`.runbook`). Absolute. */
  readonly stateDir: string;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP; the reason is the signal's name. */
  readonly signal: AbortSignal;
  /** Aborted by the second one: running steps are killed without grace. */
  readonly killSignal: AbortSignal;
  /** Version of this program, for the journal. */
  readonly version: string;
  /** When a step is called possibly hung; `PATIENCE` when left out. */
  readonly patience?: Patience;
  emit(event: Event): void;
  /** Is told of what hides the secrets of a run, for all that the process says itself: a trace, an error before the run. */
  hide?(secrets: Hider): void;
  /** Told when a step comes to such a moment: `runbook test` ends the process there. */
  reached?(step: string, moment: Moment): void;
  /** Asks the operator. Rejects with code `no-terminal` where nobody can answer. */
  ask(question: Question): Promise<boolean>;
  /** Asks what is to be done with a step in doubt; left out or rejecting with `no-terminal` where nobody can answer. */
  settle?(doubt: Doubt): Promise<DoubtAnswer>;
  /** Gives a secret input that is not stored, on resume; undefined where nobody can. */
  askSecret?(name: string, about: string | undefined): Promise<string | undefined>;
}
