import * as v from 'valibot';
import type {Entry, StepRecord} from './entries.ts';
import type {How, Outcome, SkipReason} from './events.ts';
import type {Effect, Json} from './step-type.ts';

/*
 * What an entry must have to be understood. A newer program may add members, which are passed over; what is missing or of
 * another type was not written by any version that has this format.
 */

const json = v.custom<Json>((value) => value !== undefined);
const values = v.record(v.string(), json);
const texts = v.record(v.string(), v.string());
const list = v.array(v.string());

/** Takes a record, so that none is forgotten. */
const oneOf = <T extends string>(all: Readonly<Record<T, true>>) => v.picklist(Object.keys(all) as [T, ...T[]]);

const how = oneOf<How>({ran: true, 'already-true': true, adopted: true, accepted: true, verified: true});
const outcome = oneOf<Outcome>({done: true, failed: true, interrupted: true, partial: true});
const effect = oneOf<Effect>({reads: true, converges: true, repeatable: true, once: true});
const reason = v.custom<SkipReason>((value) => typeof value === 'string');

const undo = v.looseObject({uses: v.string(), options: json, on: v.exactOptional(v.string())});

const record: v.GenericSchema<unknown, StepRecord> = v.looseObject({
  title: v.string(),
  uses: v.string(),
  effect,
  options: json,
  on: v.exactOptional(v.string()),
  definition: v.string(),
  expect: v.exactOptional(v.string()),
  reads: texts,
  withheld: v.exactOptional(list),
  isMasked: v.exactOptional(v.literal(true)),
  secrets: texts,
  undo: v.exactOptional(undo),
});

const selection = v.looseObject({
  from: v.exactOptional(v.string()),
  until: v.exactOptional(v.string()),
  only: v.exactOptional(v.string()),
});

const given = {
  program: v.string(),
  inputs: values,
  secrets: texts,
  env: texts,
  envFiles: list,
  steps: v.exactOptional(v.number()),
};
const kept = {outputs: values, withheld: v.exactOptional(list), secrets: v.exactOptional(texts)};
const step = v.string();
const attempt = v.number();

type Members<T extends Entry['type']> = Omit<Extract<Entry, {type: T}>, 'type' | 'journal' | 'problem'>;

const SHAPES: {readonly [T in Entry['type']]: v.GenericSchema<unknown, Members<T>>} = {
  'run-started': v.looseObject({
    run: v.string(),
    runbook: v.string(),
    file: v.string(),
    cwd: v.string(),
    ...given,
    selection,
  }),
  'run-resumed': v.looseObject(given),
  'step-started': v.looseObject({step, attempt, record}),
  remembered: v.looseObject({
    step,
    name: v.string(),
    value: json,
    isMasked: v.exactOptional(v.literal(true)),
    sealed: v.exactOptional(v.string()),
  }),
  'step-checkpointed': v.looseObject({
    step,
    how,
    ...kept,
    durationMs: v.number(),
    evidence: list,
    record: v.exactOptional(record),
    undo: v.exactOptional(undo),
    reason: v.exactOptional(v.string()),
  }),
  'step-verified': v.looseObject({step, ...kept}),
  'step-failed': v.looseObject({step, attempt, problem: v.looseObject({code: v.string(), message: v.string()})}),
  'step-interrupted': v.looseObject({step, attempt}),
  'step-skipped': v.looseObject({step, reason}),
  'step-reopened': v.looseObject({step, why: v.string(), detail: v.string()}),
  'undo-started': v.looseObject({to: v.exactOptional(v.string())}),
  'step-undoing': v.looseObject({step}),
  'step-undone': v.looseObject({step}),
  'undo-finished': v.looseObject({failed: list}),
  'run-superseded': v.looseObject({by: v.string()}),
  'run-finished': v.looseObject({outcome, durationMs: v.number()}),
};

const stamp = v.looseObject({
  type: v.string(),
  at: v.pipe(
    v.string(),
    v.check((text) => !Number.isNaN(Date.parse(text))),
  ),
  group: v.exactOptional(v.tuple([v.number(), v.number()])),
});

const isKnown = (type: string): type is Entry['type'] => Object.hasOwn(SHAPES, type);

/** What keeps an entry with a right checksum from being understood. */
export type EntryMistake = {readonly kind: 'unknown'} | {readonly kind: 'shape'; readonly text: string};

/** Undefined: it can be understood. `unknown`: a newer program has written it. */
export const mistakeIn = (value: Readonly<Record<string, unknown>>): EntryMistake | undefined => {
  if (!v.is(stamp, value)) return {kind: 'shape', text: 'has no type, time or group as an entry has it'};
  const {type} = value;
  if (!isKnown(type)) return {kind: 'unknown'};
  const {issues} = v.safeParse(SHAPES[type], value, {abortEarly: true});
  if (issues === undefined) return undefined;
  return {kind: 'shape', text: `(${type}) has no "${v.getDotPath(issues[0]) ?? ''}" as such an entry has it`};
};
