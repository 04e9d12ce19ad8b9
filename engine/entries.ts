import type {Problem} from './errors.ts';
import type {How, Outcome, SkipReason} from './events.ts';
import type {Effect, Json} from './step-type.ts';

/** What a step was when it was started or found: all that is needed to verify or undo it without the runbook's file. */
export interface StepRecord {
  readonly title: string;
  readonly uses: string;
  readonly effect: Effect;
  /** The rendered options; a secret stands as the marker of `sh.ts` `variable(NAME)`. */
  readonly options: Json;
  readonly on?: string;
  /** The step as it stands in the file, without prose. */
  readonly definition: string;
  /** Its `expect`, as written. */
  readonly expect?: string;
  /** What the options were made from, to name what changed: `inputs.servers` -> its value, shortened. */
  readonly reads: Readonly<Record<string, string>>;
  /** The folder where relative paths begin, where it is not that of the run's file: that of a child runbook. */
  readonly dir?: string;
  /** Variable in `options` -> the expression that made its value of secrets, so that it can be made again. */
  readonly derived?: Readonly<Record<string, string>>;
  /** Those of `derived` that are no secrets themselves, but hold one. */
  readonly withheld?: readonly string[];
  /** A secret stands in the text of an option itself, and was masked: only the file has it. */
  readonly isMasked?: true;
  /** Variable in `options` -> keyed hash of its secret, to tell whether it changed. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The rendered `undo:` of the step, where it has one. */
  readonly undo?: {
    readonly uses: string;
    readonly options: Json;
    readonly on?: string;
    readonly derived?: Readonly<Record<string, string>>;
    readonly withheld?: readonly string[];
    readonly isMasked?: true;
  };
}

/** What a step hands on, as it is journaled. */
export interface KeptOutputs {
  /** Masked. Secret ones are not here. */
  readonly outputs: Readonly<Record<string, Json>>;
  /** Those of `outputs` that hold a secret: what stands there is for reading, not for handing on. */
  readonly withheld?: readonly string[];
  /** Secret output -> keyed hash, to tell whether it changed. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** One line of the journal, without what is added when it is written: `n`, `at`, `group`, `sum`. docs/journal.md describes each. */
export type Entry =
  | {
      readonly type: 'run-started';
      /** Version of the journal's format; `journal.ts` says which can be read. */
      readonly journal: number;
      readonly run: string;
      readonly runbook: string;
      readonly file: string;
      readonly cwd: string;
      readonly program: string;
      readonly inputs: Readonly<Record<string, Json>>;
      /** Secret input -> keyed hash, to tell whether it changed. */
      readonly secrets: Readonly<Record<string, string>>;
      /** Values of env files' names, as used. */
      readonly env: Readonly<Record<string, string>>;
      readonly envFiles: readonly string[];
      readonly selection: Selection;
      /** How many steps the runbook has, items of `foreach` and steps of child runbooks each by itself. */
      readonly steps?: number;
    }
  | {
      readonly type: 'run-resumed';
      readonly program: string;
      readonly inputs: Readonly<Record<string, Json>>;
      readonly secrets: Readonly<Record<string, string>>;
      readonly env: Readonly<Record<string, string>>;
      readonly envFiles: readonly string[];
      /** As they are now: the runbook may have been edited. */
      readonly steps?: number;
    }
  /** Intent: on disk before the step acts. */
  | {readonly type: 'step-started'; readonly step: string; readonly attempt: number; readonly record: StepRecord}
  | {
      readonly type: 'remembered';
      readonly step: string;
      readonly name: string;
      readonly value: Json;
      /** It held a secret, or may have: `value` is null. */
      readonly isMasked?: true;
      /** The value, encrypted with the key of the state directory. */
      readonly sealed?: string;
    }
  /** Proof: it ran and its checks held, or its effect was found. `record` only where no `step-started` precedes. */
  | ({
      readonly type: 'step-checkpointed';
      readonly step: string;
      readonly how: How;
      readonly durationMs: number;
      readonly evidence: readonly string[];
      readonly record?: StepRecord;
      readonly undo?: StepRecord['undo'];
      /** Why a person accepted it. */
      readonly reason?: string;
    } & KeptOutputs)
  /** A finished step was looked at on resume and gives other outputs now. */
  | ({readonly type: 'step-verified'; readonly step: string} & KeptOutputs)
  | {readonly type: 'step-failed'; readonly step: string; readonly attempt: number; readonly problem: Problem}
  | {readonly type: 'step-interrupted'; readonly step: string; readonly attempt: number}
  | {readonly type: 'step-skipped'; readonly step: string; readonly reason: SkipReason}
  /** A finished step is to be done again, and why. */
  | {readonly type: 'step-reopened'; readonly step: string; readonly why: string; readonly detail: string}
  | {readonly type: 'undo-started'; readonly to?: string}
  | {readonly type: 'step-undoing'; readonly step: string}
  /** `stays`: what of it is left on purpose, and why. `reason`: why a person says that nothing of it is left. */
  | {readonly type: 'step-undone'; readonly step: string; readonly stays?: string; readonly reason?: string}
  | {readonly type: 'undo-finished'; readonly failed: readonly string[]}
  | {readonly type: 'run-superseded'; readonly by: string}
  | {readonly type: 'run-finished'; readonly outcome: Outcome; readonly durationMs: number};

/** Which part of a runbook a run covers. Ids as typed. */
export interface Selection {
  readonly from?: string;
  readonly until?: string;
  readonly only?: string;
  /** The steps that `from` has verified instead of run: what it means when the file has lost the step that it names. */
  readonly before?: readonly string[];
}

/** An entry as read back. */
export type Stamped = Entry & {
  /** Position in the journal; starts at 1. */
  readonly n: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The first and the last of the entries that were written with it; left out where it was written alone. */
  readonly group?: readonly [first: number, last: number];
};
