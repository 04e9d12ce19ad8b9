import type {Problem} from './errors.ts';
import type {Effect, Json} from './step-type.ts';

/** What a renderer may want to know of a step before it runs. Keys are `id`, `id[item]` or `parent.child`. */
export interface StepInfo {
  readonly key: string;
  readonly title: string;
  readonly uses: string;
  readonly effect: Effect;
  /** Keys of the steps that must be finished before; all items of a `foreach` as one, by its `id`. */
  readonly needs: readonly string[];
  /** Median of earlier runs' durations; undefined where it never ran. */
  readonly usuallyMs?: number;
}

/** How a step came to be finished. */
export type How =
  /** It ran, and its checks held. */
  | 'ran'
  /** Its effect was there before it was started; nothing was done. */
  | 'already-true'
  /** It was in doubt, and its effect was found. */
  | 'adopted'
  /** A person said so. */
  | 'accepted'
  /** `--from` or `--only` verified it instead of running it. */
  | 'verified';

/** What a look at a finished step found. */
export type Standing =
  | 'holds'
  | 'drifted'
  | 'edited'
  | 'input-changed'
  | 'in-doubt'
  /** A live process is at it. */
  | 'running'
  | 'no-check'
  /** It is done, but what it hands on holds a secret and was not stored; a step that is to be done needs it. */
  | 'withheld'
  | 'accepted'
  /** Its effect was meant to hold only until a later step began. */
  | 'superseded'
  /** Its `when` was false. */
  | 'skipped'
  /** It has not been finished yet. */
  | 'pending'
  | 'failed'
  /** The runbook's file no longer has it. */
  | 'removed'
  | 'undone';

/** What a resume does with a step. */
export type Course =
  /** Nothing: it holds, or has no check. */
  | 'keep'
  /** It comes after one that is done again: looked at once more then, and kept if it holds. */
  | 'recheck'
  /** It was in doubt, and its effect is there. */
  | 'adopt'
  /** It is there, and still coming up: waited for. */
  | 'reattach'
  /** A part of it is there, and is completed. */
  | 'repair'
  | 'run'
  /** Taken back, then made anew. */
  | 'remake'
  /** It only looks. */
  | 'look'
  /** `--from` has it verified instead of run. */
  | 'verify'
  /** It was never begun, and is true already. */
  | 'already-true'
  /** It reads what a step hands on that is to be done first. */
  | 'unknown'
  /** It must not be repeated unasked, and may have acted. */
  | 'ask'
  /** A person says that it is done. */
  | 'accept'
  /** Its condition is false. */
  | 'skip'
  /** The file no longer has it. */
  | 'leave';

export interface Look {
  readonly step: string;
  readonly standing: Standing;
  /** In words: what changed (`inputs.servers: 3 -> 5`), what there is of a step in doubt, why it was accepted, ... */
  readonly detail?: string;
  /** Of an edited step: lines that begin with `-`, `+` or a blank. */
  readonly diff?: string;
  readonly expected?: string;
  readonly found?: string;
}

export type Outcome = 'done' | 'failed' | 'interrupted' | 'partial';

/** Why a step is not run. */
export type SkipReason = 'when' | 'not-selected' | 'needs-failed';

/** Everything that the engine can say. Read-only, masked, and told only after the journal entry behind it is on disk. */
export type Event =
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly runbook: string;
      readonly title: string;
      readonly file: string;
      readonly resumed: boolean;
      readonly steps: readonly StepInfo[];
    }
  /** Something the operator should know: a lock taken over, a torn entry dropped, an older run closed. */
  | {readonly type: 'notice'; readonly code: string; readonly message: string}
  /** A resume begins with proof: that many steps are looked at, and nothing is changed yet. */
  | {
      readonly type: 'looking';
      readonly run: string;
      readonly runbook: string;
      readonly title: string;
      readonly steps: number;
    }
  /** A step that was begun, or is in the file, was looked at before a resume. */
  | ({readonly type: 'step-looked-at'; readonly title: string} & Look)
  /** What the resume will do now: the steps that are not simply kept, in order. */
  | {
      readonly type: 'resume-planned';
      readonly run: string;
      readonly kept: number;
      readonly steps: readonly ResumeStep[];
    }
  /** One attempt begins. `attempt` 0: only a look is taken, nothing has been decided yet. */
  | {readonly type: 'step-started'; readonly step: string; readonly attempt: number; readonly command: string}
  | {readonly type: 'step-output'; readonly step: string; readonly text: string}
  /** A check does not hold yet; it is looked at again until `withinMs` has passed. */
  | {
      readonly type: 'step-waiting';
      readonly step: string;
      readonly expected: string;
      readonly found: string;
      readonly elapsedMs: number;
      readonly withinMs: number;
    }
  /** A running step may hang: it takes far longer than usual, or prints nothing for long. A hint; nothing is ended. */
  | {
      readonly type: 'step-overdue';
      readonly step: string;
      readonly why: 'slow' | 'silent';
      /** Since it was begun. */
      readonly elapsedMs: number;
      /** Since it has printed something, or since this attempt began. */
      readonly silentMs: number;
      /** Median of earlier runs' durations. */
      readonly usuallyMs?: number;
      /** What ends it if nothing else does: the `timeout` of the attempt, or the time that its checks are given. */
      readonly endsBy: 'timeout' | 'within';
      readonly endsInMs: number;
    }
  | {
      readonly type: 'step-retrying';
      readonly step: string;
      readonly attempt: number;
      readonly attempts: number;
      readonly delayMs: number;
      readonly message: string;
    }
  | {
      readonly type: 'step-finished';
      readonly step: string;
      /** `kept`: finished before this resume, and still true. */
      readonly how: How | 'kept';
      readonly outputs: Readonly<Record<string, Json>>;
      readonly durationMs: number;
      /** What its checks saw, one line each: the evidence. */
      readonly evidence: readonly string[];
    }
  | {readonly type: 'step-skipped'; readonly step: string; readonly reason: SkipReason}
  | {readonly type: 'step-failed'; readonly step: string; readonly problem: Problem; readonly durationMs: number}
  /** A signal ended it; it is in doubt now, and resume decides. */
  | {readonly type: 'step-interrupted'; readonly step: string; readonly durationMs: number}
  /** A signal arrived: nothing new starts, what runs is ended. */
  | {readonly type: 'interrupted'; readonly reason: string}
  | {readonly type: 'undo-started'; readonly run: string; readonly steps: readonly UndoStep[]}
  | {readonly type: 'step-undoing'; readonly step: string; readonly command: string}
  /** `stays`: what of it is left on purpose, and why. */
  | {readonly type: 'step-undone'; readonly step: string; readonly durationMs: number; readonly stays?: string}
  | {readonly type: 'step-undo-failed'; readonly step: string; readonly problem: Problem}
  | {readonly type: 'run-finished'; readonly run: string; readonly outcome: Outcome; readonly durationMs: number};

/** What a resume will do with one step, and what it found. */
export interface ResumeStep extends Look {
  readonly title: string;
  readonly course: Course;
  /** In words; empty where it is kept and there is nothing to say. */
  readonly why: string;
  /** What it reads of steps that are to be done first: `steps.server1.outputs.ip`. */
  readonly dependsOn: readonly string[];
  /** The line a person would type; what is not known yet stands as a variable. Empty where nothing is done. */
  readonly command: string;
  /** Where it is taken back first: the line that does it, or empty. */
  readonly undoCommand?: string;
}

/** What undo will do with one finished step. */
export interface UndoStep {
  readonly step: string;
  readonly title: string;
  /** `undo`: taken back; `keep`: was there before this run; `irreversible`: can't be; `nothing`: only looked. */
  readonly action: 'undo' | 'keep' | 'irreversible' | 'nothing';
  /** The line a person would type; empty where there is none. */
  readonly command: string;
  /** It was started or being taken back when a process died: it may be there or not. */
  readonly isInDoubt: boolean;
}
