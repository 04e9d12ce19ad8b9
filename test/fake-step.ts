import * as v from 'valibot';
import {
  defineStepType,
  type Effect,
  type Json,
  type Site,
  type StepContext,
  StepError,
  type StepType,
} from '../engine/step-type.ts';

const options = v.strictObject({
  /** What the step makes true; a step of the same key with another value has another effect. */
  value: v.optional(v.any(), true),
  /** Where: the step's own key when left out. */
  name: v.optional(v.string()),
  secret: v.optional(v.string()),
  env: v.optional(v.record(v.string(), v.string())),
});
type Options = v.InferOutput<typeof options>;

/** A step type whose every call the test decides. Its effect is an entry of `rig.world`. */
export interface FakeStep {
  readonly name: string;
  readonly type: StepType;
  /** Calls of `run`, `verify` and `undo` so far. */
  runs: number;
  looks: number;
  undos: number;
  /** What the next runs, looks and undos fail with. */
  failure: string | Error | undefined;
  lookFailure: string | Error | undefined;
  undoFailure: string | Error | undefined;
  /** Replaces what a run or a look returns. */
  outputs: Json | undefined;
  /** What a run prints. */
  prints: readonly string[];
  /** Runs that the test lets go by itself; see `hold`. */
  during: ((options: Options, context: StepContext) => unknown) | undefined;
  /** A run that makes no effect, so that its check fails. */
  idle: boolean;
  /** What a look that fails says of the part that is there. */
  partial: 'underway' | 'incomplete' | undefined;
  /** Called before each look. */
  onLook: (() => unknown) | undefined;
  /** From now on a run waits, also for an abort. Resolves `started` when one does. */
  hold(): {readonly started: Promise<void>; release(): void};
}

export interface FakeOptions {
  readonly effect?: Effect;
  /** It has a `verify`; true for converging steps. */
  readonly check?: boolean;
  /** It can be undone; false for steps that only look. */
  readonly undo?: boolean;
  readonly asks?: boolean;
  /** The option that names a Docker context which it makes. */
  readonly provides?: string;
  /** There is a place inside, which a line leads to. */
  readonly enter?: {readonly what: string; line(options: Options, site: Site): string};
  /** It starts a process here, with these variables. */
  readonly process?: (options: Options, site: Site) => {cwd: string; env: Record<string, string>};
  /** Yields when the world may have changed. */
  changes?(options: Options, context: StepContext): AsyncIterable<unknown>;
}

interface Pace {
  readonly started: () => void;
  readonly released: Promise<void>;
}

/** What a fake step has done to the world. */
export type Act = {readonly did: 'run' | 'undo'; readonly step: string; readonly name: string; readonly value: Json};

/** A step's key without the run. */
const stepOf = (context: StepContext): string => context.key.slice(context.key.indexOf('/') + 1);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const thrown = (failure: string | Error | undefined): void => {
  if (failure === undefined) return;
  throw typeof failure === 'string' ? new StepError(failure) : failure;
};

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });

/** A step type of that name, whose effects are entries of `world`; told to `acted`. */
export const fakeStep = (
  world: ReadonlyMap<string, Json>,
  name: string,
  given: FakeOptions,
  acted: (act: Act) => void,
): FakeStep => {
  const effect = given.effect ?? 'converges';
  let pace: Pace | undefined;
  const nameOf = (options: Options, context: StepContext): string => options.name ?? stepOf(context);
  const holds = (options: Options, context: StepContext): boolean =>
    same(world.get(nameOf(options, context)), options.value);
  const found = (options: Options) => (fake.outputs ?? {value: options.value}) as {value: unknown};
  const fake: FakeStep = {
    name,
    runs: 0,
    looks: 0,
    undos: 0,
    failure: undefined,
    lookFailure: undefined,
    undoFailure: undefined,
    outputs: undefined,
    prints: [],
    during: undefined,
    idle: false,
    partial: undefined,
    onLook: undefined,
    hold() {
      let started = (): void => {};
      let release = (): void => {};
      const hasStarted = new Promise<void>((resolve) => (started = resolve));
      const released = new Promise<void>((resolve) => (release = resolve));
      pace = {started, released};
      return {
        started: hasStarted,
        release: () => {
          pace = undefined;
          release();
        },
      };
    },
    type: defineStepType({
      name,
      about: 'A fake',
      options,
      outputs: v.object({value: v.optional(v.any()), ip: v.optional(v.string()), token: v.optional(v.string())}),
      effect,
      effectIsSettable: true,
      secretOptions: ['secret', 'value', 'env'],
      ...(given.asks === undefined ? {} : {asks: given.asks}),
      ...(given.provides === undefined ? {} : {provides: given.provides}),
      command: ({value}) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      async run(options, context) {
        fake.runs++;
        for (const text of fake.prints) context.output(text);
        await fake.during?.(options, context);
        const now = pace;
        if (now !== undefined) {
          now.started();
          await Promise.race([now.released, aborted(context.signal)]);
        }
        thrown(fake.failure);
        if (effect === 'reads') return found(options);
        if (!fake.idle)
          acted({did: 'run', step: stepOf(context), name: nameOf(options, context), value: options.value});
        return found(options);
      },
      ...(effect !== 'reads' && (given.check ?? effect === 'converges')
        ? {
            async verify(options: Options, context: StepContext) {
              fake.looks++;
              await fake.onLook?.();
              thrown(fake.lookFailure);
              const name = nameOf(options, context);
              if (holds(options, context)) return {ok: true as const, outputs: found(options)};
              const there = world.has(name) ? JSON.stringify(world.get(name)) : 'nothing';
              const expected = `${name} = ${JSON.stringify(options.value)}`;
              return {ok: false as const, expected, found: there, ...(fake.partial && {partial: fake.partial})};
            },
          }
        : {}),
      ...(effect !== 'reads' && (given.undo ?? true)
        ? {
            async undo(options: Options, context: StepContext) {
              fake.undos++;
              thrown(fake.undoFailure);
              acted({did: 'undo', step: stepOf(context), name: nameOf(options, context), value: null});
            },
          }
        : {}),
      ...(given.enter === undefined ? {} : {enter: given.enter}),
      ...(given.process === undefined ? {} : {process: given.process}),
      ...(given.changes === undefined ? {} : {changes: given.changes}),
    }) as unknown as StepType,
  };
  return fake;
};
