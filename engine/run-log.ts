import type {Stamped} from './entries.ts';
import {RunbookError} from './errors.ts';
import type {How} from './events.ts';
import {type Printed, PrintedReader} from './printed.ts';
import {type RunSummary, summariseRun} from './run-summary.ts';
import {readState, type StepState} from './state.ts';
import {loggedSteps} from './step-log.ts';
import {StepLogReader} from './step-log-reader.ts';
import {Store} from './store.ts';

/** What became of a step, for whoever reads its log. */
export type Ending = How | 'running' | 'in-doubt' | 'interrupted' | 'failed' | 'skipped' | 'reopened' | 'undone';

/** One step of a run, with what it has printed. */
export interface LoggedStep {
  readonly step: string;
  readonly title: string;
  readonly ending: Ending;
  readonly startedAt?: string;
  readonly durationMs?: number;
  /** Why it failed. */
  readonly message?: string;
  /** Line by line, some at a time; read while it is asked for. */
  printed(): Iterable<readonly Printed[]>;
}

export interface RunLog {
  readonly run: RunSummary;
  /** In the order in which they were begun. */
  readonly steps: readonly LoggedStep[];
}

/**
 * The steps of a run with what they have printed; of one step, its items or its child's steps where it is named.
 * @throws RunbookError `unknown-step`, `no-such-run`, `journal-damaged`
 */
export const readRunLog = async (stateDir: string, run: string, step?: string): Promise<RunLog> => {
  const store = new Store(stateDir);
  const folder = store.folderOf(run);
  const entries = store.entries(run);
  const summary = summariseRun(store, run);
  const states = readState(entries)?.steps ?? new Map<string, StepState>();
  const spans = spansOf(entries);
  const steps = chosenSteps([...new Set([...states.keys(), ...loggedSteps(folder)])], step).map((key): LoggedStep => {
    const state = states.get(key);
    const span = spans.get(key);
    return {
      step: key,
      title: state?.record?.title ?? key,
      ending: endingOf(state, span, summary.state === 'running'),
      ...timesOf(span),
      ...(state?.problem === undefined ? {} : {message: state.problem.message}),
      printed: () => printedBy(folder, key),
    };
  });
  return {run: summary, steps};
};

/**
 * Exactly what the steps of a run have printed, and nothing else.
 * @throws RunbookError `unknown-step`
 */
export async function* readLog(stateDir: string, run: string, step?: string): AsyncIterable<Buffer | string> {
  const folder = new Store(stateDir).folderOf(run);
  for (const key of chosenSteps(loggedSteps(folder), step)) yield* rawLog(folder, key);
}

/** What one step has printed, byte for byte but for what is not kept. */
export function* rawLog(folder: string, key: string): Iterable<Buffer | string> {
  const reader = new StepLogReader(folder, key);
  for (let piece = reader.next(); piece !== undefined; piece = reader.next()) {
    if (piece.leftOut > 0) yield `\n[runbook: ${piece.leftOut} bytes are left out here]\n`;
    yield piece.bytes;
  }
}

/** `web` also means `web[a]` and `web.child`. */
export const isMeant = (key: string, step: string): boolean =>
  key === step || key.startsWith(`${step}[`) || key.startsWith(`${step}.`);

const chosenSteps = (keys: readonly string[], step: string | undefined): readonly string[] => {
  if (step === undefined) return keys;
  const chosen = keys.filter((key) => isMeant(key, step));
  if (chosen.length > 0) return chosen;
  throw new RunbookError({
    code: 'unknown-step',
    message: `there is nothing of a step "${step}" in this run`,
    ...(keys.length === 0 ? {} : {expected: keys.join(', ')}),
    next: ['see the steps with: runbook status'],
  });
};

function* printedBy(folder: string, key: string): Iterable<readonly Printed[]> {
  const reader = new PrintedReader(folder, key);
  for (let lines = reader.read(); lines !== undefined; lines = reader.read()) yield lines;
  yield reader.rest();
}

/** When a step was worked on last. */
interface Span {
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly isInterrupted?: boolean;
}

const spansOf = (entries: readonly Stamped[]): ReadonlyMap<string, Span> => {
  const spans = new Map<string, Span>();
  for (const entry of entries) if ('step' in entry) spans.set(entry.step, spanAfter(spans.get(entry.step), entry));
  return spans;
};

/** Attempts belong together as long as nothing says that the step has ended. */
const spanAfter = (span: Span = {}, entry: Stamped & {step: string}): Span => {
  switch (entry.type) {
    case 'step-started':
      return span.startedAt === undefined || span.endedAt !== undefined ? {startedAt: entry.at} : span;
    case 'step-checkpointed': {
      const {at, durationMs} = entry;
      return {startedAt: new Date(Date.parse(at) - durationMs).toISOString(), endedAt: at, durationMs};
    }
    case 'step-failed':
    case 'step-interrupted':
      return {...span, endedAt: entry.at, isInterrupted: entry.type === 'step-interrupted'};
    case 'step-undone':
      return {startedAt: entry.at, endedAt: entry.at};
    default:
      return span;
  }
};

const timesOf = ({startedAt, endedAt, durationMs}: Span = {}): Pick<LoggedStep, 'startedAt' | 'durationMs'> => {
  const known = startedAt ?? endedAt;
  const took =
    durationMs ?? (startedAt === undefined || endedAt === undefined ? 0 : Date.parse(endedAt) - Date.parse(startedAt));
  return {...(known === undefined ? {} : {startedAt: known}), ...(took === 0 ? {} : {durationMs: took})};
};

const endingOf = (state: StepState | undefined, span: Span | undefined, isLive: boolean): Ending => {
  if (state === undefined) return isLive ? 'running' : 'in-doubt';
  if (state.status === 'checkpointed') return state.how ?? 'ran';
  if (state.status !== 'in-doubt') return state.status;
  if (span?.isInterrupted === true) return 'interrupted';
  return isLive ? 'running' : 'in-doubt';
};
