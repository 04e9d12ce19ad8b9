import type {Hider, Host} from '../engine/index.ts';

/** The process as a command may see it: made by main.ts, by tests from whatever they like. Nothing else is read. */
export interface Surroundings {
  /** Without node and the script. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** How the operator called this program: `runbook`, `npx runbook`. */
  readonly program: string;
  /** The command line that starts this program again. */
  readonly self: readonly [string, ...string[]];
  /** What `runbook test` orders a program that it starts. */
  readonly orders: Pick<Host, 'reached'>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by the first signal that arrives after `holdSignals`; the reason is its name. */
  readonly signal: AbortSignal;
  /** Aborted by the second one. */
  readonly killSignal: AbortSignal;
  /** From now on signals are for the command to handle; until then the first one ends the process. */
  holdSignals(): void;
  /** Calls the first before Ctrl-Z stops this process, and the second when it goes on, until what it returns is called. */
  aroundStop(before: () => void, after: () => void): () => void;
  /** What a signal does, for a Ctrl-C that arrives as a key because a prompt is open. */
  interrupt(reason: string): void;
  /** Whether keys typed at the terminal are for this process: not where a shell runs it in the background. */
  inForeground(): boolean;
  /** Hides the secrets of all runs that this process has to do with; \`add` is told of each. */
  readonly secrets: Hider & {add(hider: Hider): void};
  /** Leaves the terminal to another program while `act` waits for it: a Ctrl-C is for that program, and interrupts nothing of ours. */
  lend<T>(act: () => Promise<T>): Promise<T>;
  /** What Ctrl-Z does, for one that arrives as a key. Resolves when the process is continued. */
  suspend(): Promise<void>;
}
