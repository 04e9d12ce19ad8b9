import type {Event} from './events.ts';
import type {Patience} from './overdue.ts';
import type {Question} from './step-type.ts';

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
  /** Asks the operator. Rejects with code `no-terminal` where nobody can answer. */
  ask(question: Question): Promise<boolean>;
  /** Gives a secret input that is not stored, on resume; undefined where nobody can. */
  askSecret?(name: string, about: string | undefined): Promise<string | undefined>;
}
