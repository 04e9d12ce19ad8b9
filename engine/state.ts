import type {Entry, KeptOutputs, Selection, Stamped, StepRecord} from './entries.ts';
import type {Problem} from './errors.ts';
import type {How, Outcome} from './events.ts';
import type {Json} from './step-type.ts';

export type Status = 'in-doubt' | 'checkpointed' | 'failed' | 'skipped' | 'reopened' | 'undone';

/** What the journal says of one step. */
export interface StepState {
  readonly key: string;
  status: Status;
  attempt: number;
  record: StepRecord | undefined;
  how: How | undefined;
  /** Those that can be handed on: neither secret nor withheld. */
  outputs: Readonly<Record<string, Json>>;
  /** Names of outputs that hold a secret, and were not stored. */
  withheld: readonly string[];
  /** Secret output -> keyed hash. */
  secrets: Readonly<Record<string, string>>;
  evidence: readonly string[];
  undo: StepRecord['undo'];
  /** This run has made it, or may have: undo takes it back. */
  made: boolean;
  remembered: Record<string, Json>;
  /** Remembered values that only this state directory can read. */
  sealed: Record<string, string>;
  /** Names of values that held a secret and were not stored. */
  forgotten: readonly string[];
  problem: Problem | undefined;
  acceptedBecause: string | undefined;
  /** Position of the entry that started or found it first: undo goes backwards by it where the file has it no longer. */
  order: number;
  startedAt: string | undefined;
  finishedAt: string | undefined;
  durationMs: number | undefined;
}

/** What the journal says of a run. */
export interface RunState {
  readonly run: string;
  readonly runbook: string;
  readonly file: string;
  readonly cwd: string;
  readonly startedAt: string;
  inputs: Readonly<Record<string, Json>>;
  secrets: Readonly<Record<string, string>>;
  env: Readonly<Record<string, string>>;
  envFiles: readonly string[];
  readonly selection: Selection;
  /** How many steps its runbook has; 0 where the journal does not say. */
  planned: number;
  readonly steps: Map<string, StepState>;
  /** Undefined while it is unfinished. */
  outcome: Outcome | undefined;
  finishedAt: string | undefined;
  supersededBy: string | undefined;
  /** How long it was worked on, without the time between its interruption and its resume. */
  workedMs: number;
  /** When the last go at it began, as long as nothing says how that ended. */
  goingSince: string | undefined;
  /** When its last entry was written. */
  lastAt: string;
  /** Undo was begun; what it left is still there. */
  undoing: boolean;
  undone: boolean;
}

const blank = (key: string): StepState => ({
  key,
  status: 'in-doubt',
  attempt: 0,
  record: undefined,
  how: undefined,
  outputs: {},
  withheld: [],
  secrets: {},
  evidence: [],
  undo: undefined,
  made: false,
  remembered: {},
  sealed: {},
  forgotten: [],
  problem: undefined,
  acceptedBecause: undefined,
  order: 0,
  startedAt: undefined,
  finishedAt: undefined,
  durationMs: undefined,
});

/** Beside what it has started itself, a run takes back what it took over. */
const TAKEN_OVER: ReadonlySet<How> = new Set(['adopted', 'accepted']);

const begin = (entry: Stamped & {type: 'run-started'}): RunState => ({
  run: entry.run,
  runbook: entry.runbook,
  file: entry.file,
  cwd: entry.cwd,
  startedAt: entry.at,
  inputs: entry.inputs,
  secrets: entry.secrets,
  env: entry.env,
  envFiles: entry.envFiles,
  selection: entry.selection,
  planned: entry.steps ?? 0,
  steps: new Map(),
  outcome: undefined,
  finishedAt: undefined,
  supersededBy: undefined,
  workedMs: 0,
  goingSince: entry.at,
  lastAt: entry.at,
  undoing: false,
  undone: false,
});

type StepEntry = Extract<Entry, {step: string}>;

const takeOutputs = (step: StepState, {outputs, withheld = [], secrets = {}}: KeptOutputs): void => {
  step.outputs = Object.fromEntries(Object.entries(outputs).filter(([name]) => !withheld.includes(name)));
  step.withheld = withheld;
  step.secrets = secrets;
};

/*
 *            step-started            step-checkpointed
 *   (none) ---------------> in-doubt ----------------> checkpointed --+
 *             ^  ^  |  |                                              | step-reopened
 *             |  |  |  +-- step-failed --> failed                     v
 *             |  |  +----- step-interrupted --> in-doubt          reopened
 *             |  +------------------------------------------------- |
 *             +--- undone <--- step-undone (from any)
 */
const applyToStep = (step: StepState, entry: Stamped & StepEntry): void => {
  switch (entry.type) {
    case 'step-started':
      step.status = 'in-doubt';
      step.attempt = entry.attempt;
      step.record = entry.record;
      step.startedAt = entry.at;
      if (step.order === 0) step.order = entry.n;
      step.made = true;
      step.problem = undefined;
      return;
    case 'remembered':
      if (entry.sealed !== undefined) step.sealed[entry.name] = entry.sealed;
      else if (entry.isMasked === true) step.forgotten = [...step.forgotten, entry.name];
      else step.remembered[entry.name] = entry.value;
      return;
    case 'step-checkpointed':
      step.status = 'checkpointed';
      step.how = entry.how;
      takeOutputs(step, entry);
      step.evidence = entry.evidence;
      step.record = entry.record ?? step.record;
      step.undo = entry.undo;
      step.made ||= TAKEN_OVER.has(entry.how);
      step.acceptedBecause = entry.reason;
      step.finishedAt = entry.at;
      step.durationMs = entry.durationMs;
      step.problem = undefined;
      if (step.order === 0) step.order = entry.n;
      return;
    case 'step-verified':
      takeOutputs(step, entry);
      return;
    case 'step-failed':
      step.status = 'failed';
      step.problem = entry.problem;
      step.finishedAt = entry.at;
      return;
    case 'step-interrupted':
      step.status = 'in-doubt';
      return;
    case 'step-skipped':
      step.status = 'skipped';
      return;
    case 'step-reopened':
      step.status = 'reopened';
      return;
    case 'step-undoing':
      step.status = 'in-doubt';
      return;
    case 'step-undone':
      Object.assign(step, blank(step.key), {
        status: 'undone',
        order: step.order,
        record: step.record,
        acceptedBecause: entry.reason,
      });
      return;
  }
};

/** A process that was killed has not said how long it took: its last entry tells. */
const endGo = (state: RunState): void => {
  if (state.goingSince !== undefined) state.workedMs += Date.parse(state.lastAt) - Date.parse(state.goingSince);
  state.goingSince = undefined;
};

const applyToRun = (state: RunState, entry: Stamped): void => {
  switch (entry.type) {
    case 'run-resumed':
      endGo(state);
      state.goingSince = entry.at;
      state.inputs = entry.inputs;
      state.secrets = entry.secrets;
      state.env = entry.env;
      state.envFiles = entry.envFiles;
      state.planned = entry.steps ?? state.planned;
      state.outcome = undefined;
      state.undoing = false;
      state.undone = false;
      state.supersededBy = undefined;
      return;
    case 'undo-started':
      endGo(state);
      // With --to the run is only shortened, and can be resumed.
      state.undoing = entry.to === undefined;
      if (entry.to !== undefined && state.outcome === 'done') state.outcome = 'partial';
      return;
    case 'undo-finished':
      state.undoing = entry.failed.length > 0;
      state.undone = entry.failed.length === 0;
      return;
    case 'run-superseded':
      endGo(state);
      state.supersededBy = entry.by;
      return;
    case 'run-finished':
      state.outcome = entry.outcome;
      state.finishedAt = entry.at;
      state.workedMs += entry.durationMs;
      state.goingSince = undefined;
      return;
  }
};

/** Entries -> what is done, in doubt, remembered. Pure. Undefined for a journal without a first entry. */
export const readState = (entries: readonly Stamped[]): RunState | undefined => {
  const [first, ...rest] = entries;
  if (first?.type !== 'run-started') return undefined;
  const state = begin(first);
  for (const entry of rest) applyEntry(state, entry);
  return state;
};

/** Brings a state up to date with one more entry. */
export const applyEntry = (state: RunState, entry: Stamped): void => {
  if (!('step' in entry)) {
    applyToRun(state, entry);
    state.lastAt = entry.at;
    return;
  }
  state.lastAt = entry.at;
  let step = state.steps.get(entry.step);
  if (step === undefined) state.steps.set(entry.step, (step = blank(entry.step)));
  applyToStep(step, entry);
};

/** Whether `resume` has something to go on with. */
export const isUnfinished = (state: Pick<RunState, 'supersededBy' | 'undone' | 'undoing' | 'outcome'>): boolean =>
  state.supersededBy === undefined && !state.undone && !state.undoing && state.outcome !== 'done';
