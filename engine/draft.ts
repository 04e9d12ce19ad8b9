import type {Place} from './errors.ts';
import type {Input, Step} from './runbook.ts';
import type {Template} from './template.ts';

/** A name as it stands in the file. */
export interface Named {
  readonly name: string;
  readonly place: Place;
}

/** The use of another runbook, before that one is read. */
export interface ChildDraft {
  readonly runbook: Named;
  readonly inputs: ReadonlyMap<string, {readonly template: Template; readonly key: Place; readonly place: Place}>;
}

/** A step as it stands in the file, with the places of the names that the checks may complain about. */
export interface StepDraft {
  readonly step: Step;
  /** Position in the file, from 0. */
  readonly index: number;
  /** Names under `outputs:`, also of those that could not be read. */
  readonly outputNames: readonly string[];
  readonly child?: ChildDraft;
  readonly needs: readonly Named[];
  readonly until?: Named;
  readonly foreachPlace?: Place;
  /** The keys of the step. */
  readonly places: ReadonlyMap<string, Place>;
}

/** A file that has been read but not been checked as a whole. Broken parts are left out; their names are still known. */
export interface Draft {
  readonly name: string;
  readonly title: string;
  readonly about?: string;
  readonly env: readonly (Named & {readonly secret: boolean})[];
  /** Names that secret env files define; known when these have been read. */
  readonly secretEnv: ReadonlySet<string>;
  readonly requires: readonly Named[];
  readonly inputs: ReadonlyMap<string, Input>;
  /** Inputs whose definition is wrong: they may be read, but nothing is known of them. */
  readonly brokenInputs: ReadonlySet<string>;
  readonly steps: readonly StepDraft[];
  readonly byId: ReadonlyMap<string, StepDraft>;
  /** Position of every step by its id, broken ones too. */
  readonly positions: ReadonlyMap<string, number>;
}
