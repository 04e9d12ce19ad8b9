import type {Place} from './errors.ts';
import type {Expression} from './expression.ts';
import type {Effect, Json, StepType} from './step-type.ts';
import type {Template} from './template.ts';

export type InputType = 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'map';

/** What the operator may give the whole runbook. */
export interface Input {
  readonly name: string;
  readonly type: InputType;
  readonly default?: Json;
  readonly minimum?: number;
  readonly maximum?: number;
  /** A regular expression that the whole text must match. */
  readonly pattern?: string;
  readonly choices?: readonly Json[];
  readonly secret: boolean;
  readonly about?: string;
  readonly place: Place;
}

export interface Retry {
  /** How often `run` is called at most; 1 means no retry. */
  readonly attempts: number;
  readonly delayMs: number;
  /** Factor by which the delay grows from attempt to attempt. */
  readonly backoff: number;
}

/** A read-only look under `verify:`, or the act under `undo:`. */
export interface Action {
  readonly type: StepType;
  readonly options: Template;
  readonly on?: Template;
  readonly expect?: Expression;
  /** How long its `expect` may take to come true; undefined: the step's own. */
  readonly withinMs?: number;
  readonly place: Place;
}

export interface DeclaredOutput {
  readonly value: Expression;
  readonly secret: boolean;
}

/** One entry of `steps:`, checked. Times in milliseconds. */
export interface Step {
  readonly id: string;
  readonly title?: string;
  readonly about?: string;
  /** `runbook` when `child` is set. */
  readonly uses: string;
  readonly type: StepType;
  readonly options: Template;
  /** The child runbook's steps run in its place, as `id.child`. */
  readonly child?: {readonly runbook: Runbook; readonly inputs: ReadonlyMap<string, Template>};
  readonly on?: Template;
  /** Ids as written; undefined means the step before. What expressions read comes on top (`references`). */
  readonly needs?: readonly string[];
  readonly when?: Expression;
  readonly foreach?: Template;
  readonly timeoutMs: number;
  readonly withinMs: number;
  readonly retry: Retry;
  readonly expect?: Expression;
  readonly verify: readonly Action[];
  readonly outputs: ReadonlyMap<string, DeclaredOutput>;
  readonly undo?: Action;
  readonly effect: Effect;
  readonly until?: string;
  readonly always: boolean;
  readonly checkFirst: boolean;
  /**
   * The step as YAML, without prose (title, about) and comments: what is compared to tell an edit. Without the items of
   * `foreach` where they are written out: see `definitionFor`.
   */
  readonly definition: string;
  readonly place: Place;
  /** Line after the last one of this step, for quoting it; starts at 1. */
  readonly endLine: number;
}

/** A runbook's file, parsed and checked. */
export interface Runbook {
  readonly name: string;
  readonly title: string;
  readonly about?: string;
  /** Absolute. */
  readonly file: string;
  readonly dir: string;
  /** The text, for excerpts and for the journal. */
  readonly text: string;
  /** Env files as absolute paths, with the place that names each. */
  readonly env: readonly {readonly path: string; readonly place: Place; readonly secret: boolean}[];
  readonly requires: readonly string[];
  readonly inputs: ReadonlyMap<string, Input>;
  readonly steps: readonly Step[];
}
