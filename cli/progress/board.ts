import type {Event, Look, StepInfo} from '../../engine/index.ts';
import {OutputLines} from './output-lines.ts';

/** Lines of a step's output that are remembered, and stay to be read when a step that only looks has finished. */
const MOST_PRINTED = 16;

/** What a step is doing at the moment. */
export type Doing = 'looking' | 'running' | 'waiting' | 'retrying' | 'undoing';

export interface Waiting {
  readonly expected: string;
  readonly found: string;
  /** When the waiting began. */
  readonly since: number;
  readonly withinMs: number;
}

/** Why a running step may hang. */
export interface Overdue {
  readonly why: 'slow' | 'silent';
  readonly usuallyMs: number | undefined;
  /** When it printed something last, or its attempt began. */
  readonly heardAt: number;
  readonly endsBy: 'timeout' | 'within';
  readonly endsAt: number;
}

/** A step that runs now. */
export interface RunningRow {
  readonly key: string;
  readonly since: number;
  readonly output: OutputLines;
  doing: Doing;
  command: string;
  waiting: Waiting | undefined;
  overdue: Overdue | undefined;
  retry:
    | {readonly attempt: number; readonly attempts: number; readonly at: number; readonly message: string}
    | undefined;
}

/**
 * Where a run stands, told by its events: which steps are still to come, which run now. It draws nothing.
 *
 *     pending -> running -> finished        a looked-at step that holds is finished at once
 */
export class Board {
  readonly infos = new Map<string, StepInfo>();
  readonly running = new Map<string, RunningRow>();
  /** Keys in the order of the file. */
  readonly pending = new Set<string>();
  /** What the looks before a resume have found, in the order of the file. */
  readonly looks: (Event & {type: 'step-looked-at'})[] = [];
  /** Since when so many steps are looked at, before anything is done. */
  looking: {readonly steps: number; readonly since: number} | undefined;
  readonly #looked = new Set<string>();
  run: string | undefined;
  startedAt = 0;
  finished = 0;
  failed = 0;
  interrupted: string | undefined;

  get total(): number {
    return this.finished + this.failed + this.running.size + this.pending.size;
  }

  /** What a running step has printed that is worth reading afterwards: that of steps which only look. */
  printedBy(key: string): readonly string[] {
    return this.infos.get(key)?.effect === 'reads' ? (this.running.get(key)?.output.tail(MOST_PRINTED) ?? []) : [];
  }

  /** Whether its look has been told. */
  wasLookedAt(key: string): boolean {
    return this.#looked.has(key);
  }

  titleOf(key: string): string {
    return this.infos.get(key)?.title || key;
  }

  apply(event: Event, now: number): void {
    (this.#on[event.type] as (event: Event, now: number) => void)(event, now);
  }

  readonly #on: {readonly [T in Event['type']]: (event: Event & {type: T}, now: number) => void} = {
    'run-started': ({run, steps}, now) => this.#begin(run, steps, now),
    'undo-started': (event, now) => this.#beginUndo(event, now),
    looking: ({run, steps}, now) => {
      this.run = run;
      this.looking = {steps, since: now};
    },
    'step-looked-at': (event) => {
      this.looks.push(event);
      this.#looked.add(event.step);
    },
    'resume-planned': () => {
      this.looking = undefined;
    },
    'step-started': ({step, attempt, command}, now) =>
      this.#start(step, attempt === 0 ? 'looking' : 'running', command, now),
    'step-undoing': ({step, command}, now) => this.#start(step, 'undoing', command, now),
    'step-output': ({step, text}) => this.#print(step, text),
    'step-waiting': (event, now) => this.#wait(event, now),
    'step-overdue': (event, now) => this.#overdue(event, now),
    'step-retrying': (event, now) => this.#retry(event, now),
    'step-finished': ({step}) => this.#end(step, true),
    'step-skipped': ({step}) => this.#end(step, true),
    'step-undone': ({step}) => this.#end(step, true),
    'step-failed': ({step}) => this.#end(step, false),
    'step-interrupted': ({step}) => void this.running.delete(step),
    'step-undo-failed': ({step}) => this.#end(step, false),
    interrupted: ({reason}) => {
      this.interrupted = reason;
    },
    notice: () => {},
    'run-finished': () => {},
  };

  #begin(run: string, steps: readonly StepInfo[], now: number): void {
    this.run = run;
    this.startedAt = now;
    for (const step of steps) {
      this.infos.set(step.key, step);
      this.pending.add(step.key);
    }
    for (const look of this.looks) this.#settle(look);
  }

  #beginUndo({run, steps}: Event & {type: 'undo-started'}, now: number): void {
    const undone = steps.filter((step) => step.action === 'undo');
    this.#begin(
      run,
      undone.map(({step, title}) => ({key: step, title, uses: '', effect: 'repeatable', needs: []})),
      now,
    );
  }

  /** A step that holds is finished by the look at it. */
  #settle({step, standing}: Look): void {
    const settled = ['holds', 'no-check', 'accepted', 'superseded', 'skipped'];
    if (settled.includes(standing) && this.pending.delete(step)) this.finished += 1;
  }

  #start(key: string, doing: Doing, command: string, now: number): void {
    const row = this.running.get(key);
    if (row === undefined) {
      this.pending.delete(key);
      const output = new OutputLines(MOST_PRINTED);
      const fresh = {waiting: undefined, overdue: undefined, retry: undefined};
      this.running.set(key, {key, since: now, output, doing, command, ...fresh});
    } else Object.assign(row, {doing, command, waiting: undefined, overdue: undefined, retry: undefined});
  }

  #print(step: string, text: string): void {
    const row = this.running.get(step);
    row?.output.note(text);
    if (row?.overdue?.why === 'silent') row.overdue = undefined;
  }

  #overdue({step, why, usuallyMs, silentMs, endsBy, endsInMs}: Event & {type: 'step-overdue'}, now: number): void {
    const row = this.running.get(step);
    if (row !== undefined) row.overdue = {why, usuallyMs, heardAt: now - silentMs, endsBy, endsAt: now + endsInMs};
  }

  #wait(event: Event & {type: 'step-waiting'}, now: number): void {
    const row = this.running.get(event.step);
    if (row === undefined) return;
    const {expected, found, elapsedMs, withinMs} = event;
    row.doing = 'waiting';
    // Ticks smoothly between two looks, so the start is kept instead of what has elapsed.
    const since = row.waiting === undefined ? now - elapsedMs : Math.min(row.waiting.since, now - elapsedMs);
    row.waiting = {expected, found, since, withinMs};
    const {overdue} = row;
    row.overdue = overdue?.why === 'slow' ? {...overdue, endsBy: 'within', endsAt: since + withinMs} : undefined;
  }

  #retry({step, attempt, attempts, delayMs, message}: Event & {type: 'step-retrying'}, now: number): void {
    const row = this.running.get(step);
    if (row === undefined) return;
    row.doing = 'retrying';
    row.waiting = undefined;
    row.overdue = undefined;
    row.retry = {attempt, attempts, at: now + delayMs, message};
  }

  #end(key: string, well: boolean): void {
    const open = this.running.delete(key);
    // A step that is kept was finished by the look at it.
    if (!this.pending.delete(key) && !open && this.#looked.has(key)) return;
    if (well) this.finished += 1;
    else this.failed += 1;
  }
}
