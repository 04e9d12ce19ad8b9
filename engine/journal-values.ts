import {parse} from 'yaml';
import {type Expression, parseExpression, type Values} from './expression.ts';
import type {RunState, StepState} from './state.ts';
import type {Json} from './step-type.ts';

/** Where a step's names have their meaning, and which one it is there: `parent[x].server[a]` is `server` of item `a`. */
interface Place {
  readonly prefix: string;
  readonly id: string;
  readonly item: string | undefined;
}

export const placeOf = (key: string): Place => {
  let depth = 0;
  let start = 0;
  for (const [at, char] of [...key].entries()) {
    if (char === '[') depth++;
    else if (char === ']') depth--;
    else if (char === '.' && depth === 0) start = at + 1;
  }
  const own = [...key].slice(start).join('');
  const bracket = own.indexOf('[');
  return {
    prefix: key.slice(0, key.length - own.length),
    id: bracket < 0 ? own : own.slice(0, bracket),
    item: bracket < 0 ? undefined : own.slice(bracket + 1, -1),
  };
};

/**
 * What a step's expressions could read, as the journal alone knows it: all but secrets, the inputs of child runbooks, and
 * the values of items.
 */
export const valuesByJournal = (state: RunState, key: string, result?: unknown): Values => {
  const {prefix, item} = placeOf(key);
  return {
    ...(prefix === '' ? {inputs: state.inputs} : {}),
    env: state.env,
    steps: stepsIn(state.steps.values(), prefix),
    run: {id: state.run},
    ...(item === undefined ? {} : {item: {key: item, value: undefined}}),
    ...(result === undefined ? {} : {result}),
  };
};

const stepsIn = (states: Iterable<StepState>, prefix: string): NonNullable<Values['steps']> => {
  const steps: Record<string, {outputs: Record<string, unknown>}> = {};
  for (const {key, outputs, status} of states) {
    const place = placeOf(key);
    if (place.prefix !== prefix || status !== 'checkpointed') continue;
    if (place.item === undefined) steps[place.id] = {outputs: {...outputs}};
    else (steps[place.id] ??= {outputs: {}}).outputs[place.item] = outputs;
  }
  return steps;
};

/** An expression that the journal has kept; its place in the file is not known any more. */
export const journaledExpression = (source: string, file: string): Expression =>
  parseExpression(source, () => ({file, line: 1, column: 1}));

/** What the text of a step says beside its options, as far as it matters without the file. */
export interface Written {
  readonly until: string | undefined;
  /** It has further checks, which only the file can call. */
  readonly hasChecks: boolean;
  /** Where its outputs hold secrets. */
  readonly secrets: readonly string[];
}

/** Reads the text of a step that the journal has kept. */
export const writtenIn = (definition: string): Written => {
  const {until, verify, outputs} = (parse(definition) ?? {}) as Readonly<Record<string, Json | undefined>>;
  const declared = Object.values(outputs ?? {}) as readonly {readonly secret?: Json; readonly value?: Json}[];
  return {
    until: typeof until === 'string' ? until : undefined,
    hasChecks: verify !== undefined,
    secrets: declared.flatMap((one) => (one.secret === true && typeof one.value === 'string' ? [one.value] : [])),
  };
};

/** The keys of a step and its items, beside another one: what `until: ID` of it means. */
export const neighbours = (state: RunState, key: string, id: string): readonly StepState[] => {
  const {prefix} = placeOf(key);
  return [...state.steps.values()].filter((other) => {
    const place = placeOf(other.key);
    return place.prefix === prefix && place.id === id;
  });
};
