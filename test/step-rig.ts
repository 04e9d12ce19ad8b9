import {execFile} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import * as assert from 'uvu/assert';
import type * as v from 'valibot';
import {type Json, type StepContext, StepError, type StepType} from '../engine/step-type.ts';

/** How a test of one step type touches the world: a folder and names of its own, real clients, nothing mocked. */
export interface StepRig {
  readonly dir: string;
  /** Unique in names of containers, networks and keys, so that test runs never meet. */
  readonly unique: string;
  readonly printed: () => string;
  context(overrides?: Partial<StepContext>): StepContext;
  /** Runs a command line in a real `sh`, as a person would paste it. */
  sh(line: string, env?: NodeJS.ProcessEnv): Promise<{stdout: string; stderr: string; code: number}>;
  /** The contract of every step type: its `command` in a real shell has the effect that `verify` asks about. */
  proveCommand<O extends v.GenericSchema, R extends v.GenericSchema>(
    type: StepType<O, R>,
    options: v.InferOutput<O>,
  ): Promise<void>;
  /** What a script reads of a step, by the lines that its type renders, is what the step hands on: texts as they are, all else as JSON. */
  proveOutputs<O extends v.GenericSchema, R extends v.GenericSchema>(
    type: StepType<O, R>,
    options: v.InferOutput<O>,
    outputs: v.InferOutput<R>,
  ): Promise<void>;
  /** Runs when the test ends, last first, also when it failed. */
  cleanup(act: () => unknown): void;
}

const LIMIT_MS = 120_000;

// uvu takes `details` of an error for text, and breaks off silently where it is not
const reportable = (error: unknown): unknown =>
  error instanceof StepError ? new Error(`${error.name}: ${error.message}`, {cause: error}) : error;

/** Wraps a test body: owns its folder, bounds its time, cleans up. */
export const stepTest =
  (body: (rig: StepRig) => Promise<void>, env: () => Promise<NodeJS.ProcessEnv> = async () => ({...process.env})) =>
  async (): Promise<void> => {
    const dir = await mkdtemp(join(tmpdir(), 'runbook-step-'));
    const acts: (() => unknown)[] = [];
    const remembered = new Map<string, Json>();
    const printed: string[] = [];
    const environment = await env();
    const unique = `rbt-${randomBytes(4).toString('hex')}`;
    const rig: StepRig = {
      dir,
      unique,
      printed: () => printed.join(''),
      context: (overrides) => ({
        key: `${unique}/step`,
        attempt: 1,
        labels: {'io.runbook.run': unique, 'io.runbook.step': 'step', 'io.runbook.runbook': 'test'},
        env: environment,
        on: undefined,
        dir,
        cwd: dir,
        signal: AbortSignal.timeout(LIMIT_MS),
        isSecret: () => false,
        hide: () => {},
        remember: async (name, make) => {
          if (!remembered.has(name)) remembered.set(name, await make());
          return remembered.get(name) as Awaited<ReturnType<typeof make>>;
        },
        recall: (name) => (remembered.has(name) ? [remembered.get(name) as Json] : []),
        output: (text) => void printed.push(text),
        ask: async () => true,
        ...overrides,
      }),
      sh: (line, extra) =>
        promisify(execFile)('sh', ['-eu', '-c', line], {
          cwd: dir,
          env: {...environment, ...extra},
          timeout: LIMIT_MS,
        }).then(
          ({stdout, stderr}) => ({stdout, stderr, code: 0}),
          (error) => ({stdout: error.stdout ?? '', stderr: error.stderr ?? String(error), code: error.code ?? 1}),
        ),
      async proveCommand(type, options) {
        const context = rig.context();
        const line = type.command(options, context);
        const ran = await rig.sh(line);
        assert.is(ran.code, 0, `${line}\n${ran.stderr}`);
        const verdict = await type.verify?.(options, context);
        assert.ok(verdict?.ok, `after: ${line}\n${JSON.stringify(verdict)}`);
      },
      async proveOutputs(type, options, outputs) {
        const known = outputs as Readonly<Record<string, unknown>>;
        for (const [name, render] of Object.entries(type.shell?.outputs ?? {})) {
          const line = (render as (options: unknown, site: unknown) => string)(options, rig.context());
          const read = await rig.sh(line);
          assert.is(read.code, 0, `${line}\n${read.stderr}`);
          const value = known[name];
          if (typeof value === 'string') assert.is(read.stdout.replace(/\n$/, ''), value.replace(/\n$/, ''), name);
          else assert.equal(JSON.parse(read.stdout), value, name);
        }
      },
      cleanup: (act) => void acts.unshift(act),
    };
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the test took longer than ${LIMIT_MS} ms`)), LIMIT_MS);
    });
    try {
      await Promise.race([body(rig), limit]);
    } catch (error) {
      throw reportable(error);
    } finally {
      clearTimeout(timer);
      for (const act of acts) await act();
      await rm(dir, {recursive: true, force: true, maxRetries: 10, retryDelay: 100});
    }
  };
