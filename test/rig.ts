import {closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync} from 'node:fs';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import * as assert from 'uvu/assert';
import type {ResumePlan} from '../engine/approve.ts';
import type {Stamped} from '../engine/entries.ts';
import {type Code, RunbookError} from '../engine/errors.ts';
import type {Event, Standing} from '../engine/events.ts';
import type {Doubt, DoubtAnswer, Host} from '../engine/host.ts';
import {readJournal} from '../engine/journal.ts';
import {loadRunbook} from '../engine/load.ts';
import {lookAtStep, type StepLook, type StepRequest} from '../engine/one-step.ts';
import type {Patience} from '../engine/overdue.ts';
import {type Plan, planRun} from '../engine/plan.ts';
import {planResume} from '../engine/plan-resume.ts';
import {resumeRun} from '../engine/resume.ts';
import type {ResumeRequest} from '../engine/resume-request.ts';
import {type RunRequest, type RunResult, startRun} from '../engine/run.ts';
import {rawLog} from '../engine/run-log.ts';
import type {Runbook} from '../engine/runbook.ts';
import {type StatusReport, statusOf} from '../engine/status.ts';
import {placeOfStep, type StepPlace} from '../engine/step-place.ts';
import {type Json, type Question, StepError, type StepType} from '../engine/step-type.ts';
import {Store} from '../engine/store.ts';
import {planUndo, type UndoRequest, type UndoResult, undoRun} from '../engine/undo.ts';
import {type Act, type FakeOptions, type FakeStep, fakeStep} from './fake-step.ts';

export type {FakeOptions, FakeStep} from './fake-step.ts';

const LIMIT_MS = 30_000;

/** A result with what most tests ask about. */
export interface Ran extends RunResult {
  readonly ok: boolean;
  /** The first step that failed. */
  readonly failed: string | undefined;
  readonly events: readonly Event[];
}

export interface Rig {
  readonly dir: string;
  readonly stateDir: string;
  readonly store: Store;
  /** What is true: the effects of the fake steps, by name. */
  readonly world: Map<string, Json>;
  /** Everything that acted, in order, such as `run drain`. */
  acts(): readonly string[];
  readonly events: Event[];
  /** What an operator answers; where it is undefined, there is no terminal. */
  answer: boolean | undefined;
  readonly asked: Question[];
  /** What an operator says of steps in doubt, by step; where it says nothing, there is no terminal. */
  readonly answers: Map<string, DoubtAnswer>;
  readonly doubts: Doubt[];
  readonly secrets: Map<string, string>;
  /** When a step is called possibly hung, where a test does not want to wait for it. */
  patience: Patience | undefined;
  /** Told when a step comes to a moment of its life. */
  reached: Host['reached'];
  env: Record<string, string>;
  step(name: string, options?: FakeOptions): FakeStep;
  write(tree: Readonly<Record<string, string>>): Promise<void>;
  /** Writes `runbooks/test.yaml` with these steps, as YAML; `head` stands before `steps:`. */
  runbook(steps: string, head?: string): Promise<void>;
  load(file?: string): Promise<Runbook>;
  host(): Host;
  run(request?: Partial<RunRequest>): Promise<Ran>;
  resume(request?: Partial<ResumeRequest>): Promise<Ran>;
  planResume(request?: Partial<ResumeRequest>): Promise<ResumePlan>;
  undo(request?: Partial<UndoRequest>): Promise<UndoResult>;
  planUndo(request?: Partial<UndoRequest>): ReturnType<typeof planUndo>;
  plan(request?: Partial<RunRequest>): Promise<Plan>;
  status(run?: string): Promise<StatusReport>;
  /** One step of the newest run. */
  lookAt(step: string, request?: Partial<StepRequest>): Promise<StepLook>;
  placeOf(step: string, request?: Partial<StepRequest>): Promise<StepPlace>;
  standings(run?: string): Promise<Record<string, Standing>>;
  /** The first signal of the next or running call. */
  interrupt(reason?: string): void;
  /** Resolves at the next event of that type. */
  saw(type: Event['type']): Promise<void>;
  /** The newest run's journal. */
  journal(run?: string): readonly Stamped[];
  journalFile(run?: string): string;
  /**
   * As if the process had died after entry `n`: cuts the journal, and takes back what was done later. What a step did
   * between this entry and the next has happened (`acted`) or not.
   */
  crash(n: number, acted: boolean): void;
}

/** Wraps a test body: owns its folder, bounds its time, shows the journal when it fails. */
export const rigTest =
  (body: (rig: Rig) => Promise<void>, limitMs = LIMIT_MS) =>
  async (): Promise<void> => {
    const rig = makeRig(await mkdtemp(join(tmpdir(), 'runbook-rig-')));
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the test took longer than ${limitMs} ms`)), limitMs);
    });
    try {
      await Promise.race([body(rig), limit]);
    } catch (error) {
      console.error(journalsOf(rig));
      throw reportable(error);
    } finally {
      clearTimeout(timer);
      await rm(rig.dir, {recursive: true, force: true, maxRetries: 10, retryDelay: 100});
    }
  };

// uvu takes `details` of an error for text, and breaks off silently where it is not
const reportable = (error: unknown): unknown =>
  error instanceof StepError ? new Error(`${error.name}: ${error.message}`, {cause: error}) : error;

const LONGEST_SHOWN = 8000;

const journalsOf = (rig: Rig): string =>
  rig.store
    .runs()
    .reverse()
    .map((run) => {
      const file = rig.store.journalOf(run);
      return `-- journal of ${run}\n${existsSync(file) ? readFileSync(file, 'utf8').slice(-LONGEST_SHOWN) : 'none'}`;
    })
    .join('\n');

/** Waits for a call to fail with a code of ours. */
export const rejects = async (promise: Promise<unknown>, code: Code): Promise<RunbookError> => {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    assert.is(error.code, code, error.message);
    return error;
  }
  assert.unreachable(`nothing failed; ${code} was expected`);
  throw new Error('unreachable');
};

/** All that a step has printed, as it is kept; undefined when nothing. */
export const readStepLog = (folder: string, step: string): string | undefined => {
  const parts = [...rawLog(folder, step)].map((part) => Buffer.from(part));
  return parts.length === 0 ? undefined : Buffer.concat(parts).toString();
};

/** Like `rejects`, for what fails at once. */
export const throws = (act: () => unknown, code: Code): RunbookError => {
  try {
    act();
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    assert.is(error.code, code, error.message);
    return error;
  }
  assert.unreachable(`nothing failed; ${code} was expected`);
  throw new Error('unreachable');
};

/** Counts lines of a growing file, reading each once. */
const lineCounter = (): ((file: string) => number) => {
  const counted = new Map<string, {bytes: number; lines: number}>();
  return (file) => {
    if (!existsSync(file)) return 0;
    let {bytes, lines} = counted.get(file) ?? {bytes: 0, lines: 0};
    const {size} = statSync(file);
    if (size < bytes) bytes = lines = 0;
    const rest = Buffer.alloc(size - bytes);
    const fd = openSync(file, 'r');
    readSync(fd, rest, 0, rest.length, bytes);
    closeSync(fd);
    lines += rest.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
    counted.set(file, {bytes: size, lines});
    return lines;
  };
};

const makeRig = (dir: string): Rig => {
  const registry = new Map<string, StepType>();
  const stateDir = join(dir, '.runbook');
  const store = new Store(stateDir);
  const done: {readonly act: Act; readonly entry: number}[] = [];
  let abort = new AbortController();
  const watchers: ((event: Event) => void)[] = [];
  const main = join(dir, 'runbooks/test.yaml');

  const apply = ({did, name, value}: Act): void => {
    if (did === 'run') rig.world.set(name, value);
    else rig.world.delete(name);
  };
  const linesOf = (file: string): readonly string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  const countEntries = lineCounter();
  const newest = (): string => store.runs()[0] ?? 'none';
  const acted = (act: Act): void => {
    done.push({act, entry: countEntries(store.journalOf(newest()))});
    apply(act);
  };
  const seen = (result: RunResult, from: number): Ran => ({
    ...result,
    ok: result.outcome === 'done',
    failed: result.failures[0]?.step,
    events: rig.events.slice(from),
  });
  const load = (file: string): Promise<Runbook> =>
    loadRunbook(file, {
      registry,
      requirements: ['docker'],
      find: async (name, from) => {
        const path = join(dirname(from), `${name}.yaml`);
        return existsSync(path) ? path : undefined;
      },
    });
  const request = async (given: Partial<RunRequest> = {}): Promise<RunRequest> => ({
    runbook: given.runbook ?? (await rig.load()),
    registry,
    set: {},
    envFiles: [],
    ...given,
  });
  const again = (given: Partial<ResumeRequest> = {}): ResumeRequest => ({
    registry,
    load,
    set: {},
    envFiles: [],
    redo: [],
    accept: [],
    ...given,
  });

  const rig: Rig = {
    dir,
    stateDir,
    store,
    world: new Map(),
    acts: () => done.map(({act}) => `${act.did} ${act.step}`),
    events: [],
    answer: undefined,
    asked: [],
    answers: new Map(),
    doubts: [],
    secrets: new Map(),
    reached: undefined,
    patience: undefined,
    env: {PATH: process.env.PATH ?? ''},
    step(name, given = {}) {
      const fake = fakeStep(rig.world, name, given, acted);
      registry.set(name, fake.type);
      return fake;
    },
    async write(tree) {
      for (const [path, text] of Object.entries(tree)) {
        await mkdir(dirname(join(dir, path)), {recursive: true});
        await writeFile(join(dir, path), text);
      }
    },
    runbook: (steps, head = '') =>
      rig.write({'runbooks/test.yaml': `name: test\ntitle: A test\n${head}\nsteps:\n${steps}`}),
    load: (file = main) => load(file),
    host: () => ({
      env: rig.env,
      cwd: dir,
      stateDir,
      signal: abort.signal,
      killSignal: new AbortController().signal,
      version: '0.0.0-test',
      ...(rig.patience === undefined ? {} : {patience: rig.patience}),
      ...(rig.reached === undefined ? {} : {reached: rig.reached}),
      emit: (event) => {
        rig.events.push(event);
        for (const seen of watchers.splice(0)) seen(event);
      },
      ask: async (question) => {
        rig.asked.push(question);
        if (rig.answer !== undefined) return rig.answer;
        throw new RunbookError({code: 'no-terminal', message: 'nobody can answer'});
      },
      settle: async (doubt) => {
        rig.doubts.push(doubt);
        const answer = rig.answers.get(doubt.step);
        if (answer !== undefined) return answer;
        throw new RunbookError({code: 'no-terminal', message: 'nobody can answer'});
      },
      askSecret: async (name) => rig.secrets.get(name),
    }),
    async run(given) {
      const from = rig.events.length;
      return seen(await startRun(await request(given), rig.host()), from);
    },
    async resume(given) {
      const from = rig.events.length;
      return seen(await resumeRun(again(given), rig.host()), from);
    },
    planResume: (given) => planResume(again(given), rig.host()),
    undo: (given = {}) => undoRun({registry, load, ...given}, rig.host()),
    planUndo: (given = {}) => planUndo({registry, load, ...given}, rig.host()),
    plan: async (given) => planRun(await request(given), rig.host()),
    status: (run) => statusOf({registry, load, ...(run === undefined ? {} : {run})}, rig.host()),
    lookAt: (step, given) => lookAtStep({...again(), run: newest(), step, ...given}, rig.host()),
    placeOf: (step, given) => placeOfStep({...again(), run: newest(), step, ...given}, rig.host()),
    async standings(run) {
      const {steps} = await rig.status(run);
      return Object.fromEntries(steps.map(({step, standing}) => [step, standing]));
    },
    interrupt(reason = 'SIGINT') {
      const now = abort;
      abort = new AbortController();
      now.abort(reason);
    },
    saw: (type) =>
      new Promise((resolve) => {
        const look = (event: Event): void => {
          if (event.type === type) resolve();
          else watchers.push(look);
        };
        watchers.push(look);
      }),
    journal: (run = newest()) => readJournal(store.journalOf(run)).entries,
    journalFile: (run = newest()) => store.journalOf(run),
    crash(n, acted) {
      const file = rig.journalFile();
      writeFileSync(file, `${linesOf(file).slice(0, n).join('\n')}\n`);
      const happened = done.filter(({entry}) => entry < n || (acted && entry === n));
      done.splice(0, done.length, ...happened);
      rig.world.clear();
      for (const {act} of happened) apply(act);
    },
  };
  return rig;
};
