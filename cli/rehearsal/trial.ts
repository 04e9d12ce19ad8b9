import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Aftermath, Event, ResumePlan, Stamped, StatusReport} from '../../engine/index.ts';
import type {Call} from '../command.ts';
import type {Workshop} from '../workshop.ts';
import {type Ended, runSelf} from './child.ts';
import {ORDERS, type Orders, type Point, type Reached} from './orders.ts';
import {filesIn, makeSandbox, type Original, removeSandbox, type Sandbox} from './sandbox.ts';

/** What is run, and how. */
export interface Rehearsed {
  readonly original: Original;
  /** As given on the command line. */
  readonly set: Readonly<Record<string, string>>;
  readonly envFiles: readonly string[];
  /** The folder of all sandboxes. */
  readonly dir: string;
  /** What it makes is not taken back. */
  readonly keep: boolean;
}

/** What undo has left. */
export interface Remains {
  /** Steps that could not be taken back, and why. */
  readonly failed: readonly string[];
  /** Left on purpose, or because nothing can take it back. */
  readonly stays: readonly string[];
  /** Files that were not there before. */
  readonly files: readonly string[];
  /** Steps that have left processes running. */
  readonly running: readonly string[];
}

/** A run without a kill: what the others are measured by. */
export interface Reference {
  readonly durationMs: number;
  readonly points: readonly Point[];
  readonly remains: Remains | undefined;
  /** Why nothing can be measured by it, and where that can be looked at. */
  readonly problem?: {readonly message: string; readonly sandbox: string};
}

/** What a resume was told of a step that must not be repeated unasked. */
export interface Answer {
  readonly step: string;
  readonly answer: 'redo' | 'accept';
}

/** What became of a run that was killed at one point. */
export interface Trial extends Point {
  /** The process died there. */
  readonly killed: boolean;
  readonly resumed: boolean;
  /** Steps at which the resume stopped and asked, and what it was answered. */
  readonly asked: readonly Answer[];
  readonly how: Aftermath['how'];
  /** The step acted after the kill. */
  readonly acted: boolean;
  readonly twice: Aftermath['twice'];
  /** Everything held afterwards. */
  readonly holds: boolean;
  readonly remains: Remains | undefined;
  /** What went wrong, in words; empty when nothing did. */
  readonly problems: readonly string[];
  /** Where it can be looked at; removed where nothing went wrong. */
  readonly sandbox?: string;
}

type Cli = (...args: string[]) => Promise<Ended>;

/** Runs a runbook again and again, each time in a sandbox of its own, as a user would call it. */
export class Rehearsal {
  readonly #call: Call;
  readonly #engine: Workshop['engine'];
  readonly #what: Rehearsed;
  readonly #actedMs = new Map<string, number>();
  #count = 0;

  constructor(call: Call, {engine}: Workshop, what: Rehearsed) {
    this.#call = call;
    this.#engine = engine;
    this.#what = what;
  }

  /** Runs it once to its end and takes it back. */
  async reference(): Promise<Reference> {
    const sandbox = await this.#sandbox();
    const before = await filesIn(sandbox);
    const started = performance.now();
    const ran = await this.#cli(sandbox)('run', sandbox.file, '--yes', '--json', ...this.#envFiles());
    const durationMs = performance.now() - started;
    const reached = this.#read(sandbox);
    const run = await this.#runIn(sandbox);
    const remains = run === undefined ? undefined : await this.#undo(sandbox, run, before);
    const message = ran.code === 0 ? remains?.failed[0] : lastWords(ran);
    if (message === undefined) await removeSandbox(sandbox.dir);
    const points = reached.map(({step, moment}) => ({step, moment}));
    return {durationMs, points, remains, ...(message !== undefined && {problem: {message, sandbox: sandbox.dir}})};
  }

  /** Kills a run at a point, resumes it, looks at it, and takes it back. */
  async trial(point: Point, tell: (doing: string) => void): Promise<Trial> {
    const sandbox = await this.#sandbox();
    const before = await filesIn(sandbox);
    const afterMs = (this.#actedMs.get(point.step) ?? 0) / 2;
    tell('running');
    const ran = await this.#cli(sandbox, {...point, afterMs})(
      'run',
      sandbox.file,
      '--yes',
      '--json',
      ...this.#envFiles(),
    );
    const problems = ran.isKilled ? [] : [`it was not killed there: ${lastWords(ran) || 'the run came to its end'}`];
    const run = await this.#runIn(sandbox);
    if (run === undefined) return this.#ended({...point, killed: ran.isKilled, ...NOTHING, problems}, sandbox);
    if (this.#call.around.signal.aborted) {
      const remains = await this.#undo(sandbox, run, before);
      return this.#ended({...point, killed: ran.isKilled, ...NOTHING, remains, problems: ['interrupted']}, sandbox);
    }
    tell('resuming');
    const {ended, asked} = await this.#resume(sandbox, run);
    this.#read(sandbox);
    if (ended.code !== 0) problems.push(`it could not be resumed: ${lastWords(ended)}`);
    tell('looking');
    const status = await this.#cli(sandbox)('status', run, '--json');
    if (ended.code === 0 && status.code !== 0) problems.push(`it does not hold afterwards: ${driftedIn(status)}`);
    const {how, acted, twice} = this.#engine.aftermathOf(await this.#entries(sandbox, run), point.step);
    problems.push(
      ...twice.map(({step, why}) => `"${step}" was finished, and acted again${why === '' ? '' : `: ${why}`}`),
    );
    tell('undoing');
    const remains = this.#what.keep ? undefined : await this.#undo(sandbox, run, before);
    problems.push(...(remains?.failed ?? []).map((left) => `undo has left something: ${left}`));
    const facts = {killed: ran.isKilled, resumed: ended.code === 0, holds: status.code === 0, how, acted, twice};
    return this.#ended({...point, ...facts, asked, remains, problems}, sandbox);
  }

  async #ended(trial: Trial, {dir}: Sandbox): Promise<Trial> {
    if (trial.problems.length > 0 || this.#what.keep) return {...trial, sandbox: dir};
    await removeSandbox(dir);
    return trial;
  }

  #sandbox(): Promise<Sandbox> {
    this.#count += 1;
    return makeSandbox(join(this.#what.dir, String(this.#count)), this.#what.original);
  }

  #envFiles(): string[] {
    return this.#what.envFiles.flatMap((file) => ['--env-file', file]);
  }

  /** The program in a sandbox; inputs go by the environment, where a secret may. */
  #cli({cwd, stateDir, trace}: Sandbox, kill?: Orders['kill']): Cli {
    const {around} = this.#call;
    const inputs = Object.entries(this.#what.set).map(([name, value]) => [this.#engine.inputVariable(name), value]);
    const orders: Orders = {trace, ...(kill && {kill})};
    const env = {...around.env, ...Object.fromEntries(inputs), [ORDERS]: JSON.stringify(orders)};
    return (...args) => runSelf(around, ['--state-dir', stateDir, '--no-color', ...args], {cwd, env});
  }

  /** Gives the answers of a person who knows how far each step had come. */
  async #resume(sandbox: Sandbox, run: string): Promise<{ended: Ended; asked: readonly Answer[]}> {
    const cli = this.#cli(sandbox);
    const hasActed = new Set(this.#read(sandbox).flatMap(({step, moment}) => (moment === 'after' ? [step] : [])));
    const ended = await cli('resume', run, '--yes', '--json');
    if (ended.code === 0) return {ended, asked: []};
    const plan = parsed<ResumePlan>((await cli('resume', run, '--plan', '--json')).stdout);
    const steps = plan?.steps.filter(({course}) => course === 'ask').map(({step}) => step) ?? [];
    if (steps.length === 0) return {ended, asked: []};
    const asked = steps.map((step): Answer => ({step, answer: hasActed.has(step) ? 'accept' : 'redo'}));
    const reason = asked.some(({answer}) => answer === 'accept') ? ['--reason', 'runbook test saw it act'] : [];
    const answers = asked.flatMap(({step, answer}) => [`--${answer}`, step]);
    return {ended: await cli('resume', run, ...answers, ...reason, '--yes', '--json'), asked};
  }

  async #undo(sandbox: Sandbox, run: string, before: ReadonlySet<string>): Promise<Remains> {
    const ended = await this.#cli(sandbox)('undo', run, '--yes', '--json');
    const events = ended.stdout.split('\n').flatMap((line) => parsed<Event>(line) ?? []);
    const failed = events.flatMap((event) => (event.type === 'step-undo-failed' ? [event.problem.message] : []));
    const stays = events.flatMap((event) => (event.type === 'step-undone' && event.stays ? [event.stays] : []));
    const steps = events.find((event) => event.type === 'undo-started')?.steps ?? [];
    const after = [...(await filesIn(sandbox))];
    return {
      failed: ended.code !== 0 && failed.length === 0 ? [lastWords(ended)] : failed,
      stays: [...stays, ...steps.flatMap(({step, action}) => (action === 'irreversible' ? [`step "${step}"`] : []))],
      files: after.filter((file) => !before.has(file)),
      running: await this.#engine.stepsRunning(run),
    };
  }

  /** Undefined where the process died before it began one. */
  async #runIn({stateDir}: Sandbox): Promise<string | undefined> {
    const [newest] = await this.#engine.listRuns(stateDir);
    return newest?.run;
  }

  #entries({stateDir}: Sandbox, run: string): Promise<readonly Stamped[]> {
    return this.#engine.readEntries(stateDir, run);
  }

  /** What was reached so far; of each step that came to its end, how long that took. */
  #read({trace}: Sandbox): readonly Reached[] {
    const reached = linesOf(trace).flatMap((line) => parsed<Reached>(line) ?? []);
    for (const [index, {step, moment, ms}] of reached.entries()) {
      if (moment !== 'after') continue;
      const begun = reached.slice(0, index).findLast((one) => one.step === step && one.moment === 'during');
      if (begun !== undefined && begun.ms <= ms) this.#actedMs.set(step, ms - begun.ms);
    }
    return reached;
  }
}

const NOTHING = {
  resumed: false,
  asked: [],
  how: undefined,
  acted: false,
  twice: [],
  holds: false,
  remains: undefined,
} as const;

const linesOf = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
};

const parsed = <T>(text: string): T | undefined => {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
};

const driftedIn = (status: Ended): string => {
  const steps = parsed<StatusReport>(status.stdout)?.steps.filter(({standing}) => standing === 'drifted') ?? [];
  return steps.map(({step}) => `"${step}" drifted`).join(', ') || lastWords(status);
};

/** The first line of the error that a program has reported last. */
const lastWords = ({stderr}: Ended): string =>
  stderr
    .split('\n')
    .findLast((line) => line.startsWith('✖'))
    ?.slice(2) ?? '';
