import type * as v from 'valibot';

export type Json = null | boolean | number | string | readonly Json[] | {readonly [key: string]: Json};

/**
 * What a step does to the world. `reads` changes nothing; `converges` makes a wanted state true and can tell whether it
 * is; `repeatable` may be done again; `once` must not be repeated unless a person says so.
 */
export type Effect = 'reads' | 'converges' | 'repeatable' | 'once';

/** Where a step acts: all that a command line depends on besides the options. */
export interface Site {
  /** The Docker context that `on:` names; undefined for the user's own. */
  readonly on: string | undefined;
  /** Folder of the runbook's file; relative paths in options start here. Absolute. */
  readonly dir: string;
  /** Working directory of the run, where processes start. Absolute. */
  readonly cwd: string;
}

/** Something only a person can answer. */
export interface Question {
  readonly kind: 'confirm' | 'manual';
  /** Markdown or plain text, shown as it is. */
  readonly message: string;
}

/** How a value is remembered. */
export interface Remembering {
  /** It is what somebody else has written, and may hold secrets that nobody has told of: it is journaled encrypted. */
  readonly sealed: boolean;
}

/** What a step type may touch. Everything it needs from outside arrives here. */
export interface StepContext extends Site {
  /** `<run>/<step>`: the same on every attempt, so `run` can find what an earlier attempt left behind. */
  readonly key: string;
  /** 1 for the first call of `run`; 0 where nothing runs (plan, status, undo). */
  readonly attempt: number;
  /** Labels for everything that the step makes: `io.runbook.run`, `.step`, `.runbook`, `.uses` and `.state`. */
  readonly labels: Readonly<Record<string, string>>;
  /** The environment for clients and processes; carries `RUNBOOK_STEP`, by which survivors are found, and the labels. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of an undo: the step is done again right afterwards, with other options. What holds data stays for it. */
  readonly isMadeAnew?: boolean;
  /** Aborts at the attempt's or probe's time limit and on interrupt. Processes must be gone when the promise settles. */
  readonly signal: AbortSignal;
  /**
   * Journals a value before it is acted on; later attempts, `verify` and `undo` get the journaled value back.
   * Where nothing may be written (plan, status) `make` is called each time.
   */
  remember<T extends Json>(name: string, make: () => Promise<T>, how?: Remembering): Promise<T>;
  /**
   * What steps of this run have remembered by that name so far, also in a process that was killed: of a thing that several
   * steps share, only the first finds that it was not there. Sealed values are not among them.
   */
  recall(name: string): readonly Json[];
  /**
   * What the step prints, in any chunks; shown live, masked, and kept in the step's log.
   * @param channel tells streams apart that are cut independently of each other
   */
  output(text: string, channel?: string): void;
  /** Whether a text holds a secret: then nothing of what stands in its place is for showing, either. */
  isSecret(text: string): boolean;
  /** From here on a text is hidden as a secret is: it would give one away, as a hash does that anybody can make. */
  hide(text: string): void;
  /** Asks the operator. Rejects with `no-terminal` where nobody can answer. */
  ask(question: Question): Promise<boolean>;
}

/** The answer of a verify. `ok` carries what later steps read, for steps that are adopted or found already true. */
export type Verdict<Outputs = Json> =
  | {readonly ok: true; readonly outputs: Outputs}
  | {
      readonly ok: false;
      readonly expected: string;
      readonly found: string;
      /** Waiting can't change it: the container has exited, and nothing starts it again. */
      readonly final?: boolean;
      /**
       * What there is of the effect, where it is just as this step makes it, but not yet all of it. `underway`: only
       * waiting is left (the container runs and is not healthy yet), so a resume waits for it instead of acting again.
       * `incomplete`: `run` completes it (created and never started). Left out where nothing is there, or another's.
       */
      readonly partial?: 'underway' | 'incomplete';
    };

/** What an undo leaves on purpose: `image nginx:1.27 stays: a container uses it`. */
export interface Stays {
  readonly stays: string;
}

/** The same in POSIX shell, for the exported script. */
export interface ShellRendering<Options, Outputs> {
  /** A command that exits 0 exactly when `verify` would say ok; changes nothing. Left out for `reads` types. */
  check?(options: Options, site: Site): string;
  /** What the script does where `command` calls this program itself. */
  run?(options: Options, site: Site): string;
  /** Functions that these lines call; they stand once in the script. Their names begin with the type's. */
  readonly functions?: string;
  /**
   * Per output a command that prints it, as in `JOIN_IP=$(docker inspect ...)`: texts as they are, all else as JSON.
   * It fails where the look does.
   */
  outputs?: {readonly [Name in keyof Outputs]?: (options: Options, site: Site) => string};
}

/** How a person gets to where a step acts, other than on this machine: inside its container. */
export interface Entrance<Options> {
  /** What that is, in words: `its container`. */
  readonly what: string;
  /** The line that opens a shell there. Pure and POSIX-quoted; secrets arrive as variables. */
  line(options: Options, site: Site): string;
}

/** Something that a run has made, found by its labels: no journal is needed. */
export interface OwnedThing {
  /** No two of its kind have the same, wherever they are. */
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In a word or two: `running`, `in use`. */
  readonly state: string;
  /** ISO 8601, where that can be told. */
  readonly createdAt?: string;
  /** Bytes that it takes. */
  readonly size?: number;
  /** What is lost with it for good, such as `its data`. */
  readonly data?: string;
  /** It is a Docker context itself: what is there goes with it. */
  readonly provides?: string;
}

/** One kind of things that carry labels, whichever step types make them. */
export interface OwnedKind {
  /** In a word: `container`. Several step types may name the same kind. */
  readonly kind: string;
  /** Kinds whose things must be gone before: a network is in use as long as its containers are there. */
  readonly after: readonly string[];
  /** Docker contexts of machines, where there may be more things. */
  places?(context: StepContext): Promise<readonly string[]>;
  /** Those with our labels in the context's place, those that stand for others aside. Changes nothing. */
  list(context: StepContext): Promise<readonly OwnedThing[]>;
  /** Removes it and waits until it is gone; succeeds when it was gone before. */
  remove(thing: OwnedThing, context: StepContext): Promise<void>;
}

/** One kind of step. Lives in one file of `steps/`; every type below follows from the two schemas. */
export interface StepType<
  Options extends v.GenericSchema = v.GenericSchema,
  Outputs extends v.GenericSchema = v.GenericSchema,
> {
  /** The value of `uses:` in a runbook, such as `docker.run`. */
  readonly name: string;
  /** One sentence for the documentation and the editor. */
  readonly about: string;
  /** Schema of the step's `with:` block: a `v.strictObject` whose entries carry `v.description`. */
  readonly options: Options;
  /** Schema of what later steps may read: a `v.object`. Journaled, so it must survive JSON. */
  readonly outputs: Outputs;
  readonly effect: Effect;
  /** The author may set `effect:` on a step (shell, docker.exec, http.request). */
  readonly effectIsSettable?: boolean;
  /** Options that may carry a secret: those that reach the outside by environment, stdin or a request, never by argv. */
  readonly secretOptions?: readonly string[];
  /** Outputs that are secrets, whatever the runbook says of them: never shown, never stored. Only for `reads` types. */
  readonly secretOutputs?: readonly string[];
  /** The option that is a shell script: each `${{ }}` in it arrives by an environment variable, added to option `env`. */
  readonly scriptOption?: string;
  /** The option that names a Docker context which the step makes: steps `on:` that context need it (machine.create). */
  readonly provides?: string;
  /** The step means nothing without its `expect:` (assert). */
  readonly needsExpect?: boolean;
  /** The step means nothing without `verify:` (manual). */
  readonly needsVerify?: boolean;
  /** A person answers it: a plan can't tell how, and there is nothing to take back (confirm, manual). */
  readonly asks?: boolean;
  /** The line a person would type to do this by hand. Pure and POSIX-quoted; secrets and unknowns arrive as variables. */
  command(options: v.InferOutput<Options>, site: Site): string;
  /**
   * Remembers what `undo` needs of how it was before, and changes nothing. Called where a person is about to do the step by
   * hand, so that nothing of it is lost, and beside the intent of a step that acts, so that both reach the disk with one sync.
   * `run` remembers by itself, too, and says what is wrong.
   */
  prepare?(options: v.InferOutput<Options>, context: StepContext): Promise<void>;
  /**
   * Make it so; for `reads` types: look. Called once per attempt, so it must be safe to repeat.
   * @throws PermanentError where another attempt is pointless; any other error may be retried
   */
  run(options: v.InferOutput<Options>, context: StepContext): Promise<v.InferOutput<Outputs>>;
  /**
   * Look, don't touch, don't wait: does the whole wanted effect hold right now? Throwing means that it can't be told
   * (the daemon is away), which counts as not holding. Left out for `reads` types, whose `run` is the look.
   */
  verify?(options: v.InferOutput<Options>, context: StepContext): Promise<Verdict<v.InferOutput<Outputs>>>;
  /**
   * Take it back, and succeed when there is nothing to take back. Left out when it can't be undone. What has to stay, though
   * `verify` would find it, is given back by name and reason.
   */
  undo?(options: v.InferOutput<Options>, context: StepContext): Promise<Stays | undefined>;
  /** The line that a person would type to take it back, where there is one. Pure, as `command`. */
  undoCommand?(options: v.InferOutput<Options>, site: Site): string;
  /** Yields whenever something that `verify` or `run` (of a `reads` type) looks at may have changed; ends with the signal. */
  changes?(options: v.InferOutput<Options>, context: StepContext): AsyncIterable<unknown>;
  /** What its own process here is given: a folder, and variables beside those of the run. Left out where it starts none. Pure. */
  process?(
    options: v.InferOutput<Options>,
    site: Site,
  ): {readonly cwd: string; readonly env: Readonly<Record<string, string>>};
  readonly enter?: Entrance<v.InferOutput<Options>>;
  readonly shell?: ShellRendering<v.InferOutput<Options>, v.InferOutput<Outputs>>;
  /** The kinds of things that it makes with labels, for `runbook ps` and `runbook clean`. */
  readonly owns?: readonly OwnedKind[];
}

/** The step types that a runbook may use, by name. The engine receives it; it never imports one. */
export type Registry = ReadonlyMap<string, StepType>;

/** Identity function; it is here so that the methods' parameter types are inferred from the schemas. */
export const defineStepType = <Options extends v.GenericSchema, Outputs extends v.GenericSchema>(
  type: StepType<Options, Outputs>,
): StepType<Options, Outputs> => type;

/** What a step type may add to an error, beyond its message. */
export interface StepErrorDetails {
  /** Kebab-case; see the list in `errors.ts`. `step-failed` when left out. */
  readonly code?: string;
  readonly expected?: string;
  readonly found?: string;
  /** What to type or change next. */
  readonly next?: string;
  readonly cause?: unknown;
}

/** A failure that a step type can explain. Another attempt may succeed. */
export class StepError extends Error {
  override readonly name: string = 'StepError';
  readonly details: StepErrorDetails;
  constructor(message: string, details: StepErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : {cause: details.cause});
    this.details = details;
  }
}

/** A failure that no further attempt can mend: the image does not exist, the name belongs to a stranger. */
export class PermanentError extends StepError {
  override readonly name = 'PermanentError';
}
