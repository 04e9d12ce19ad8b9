import type {StepDraft} from './draft.ts';
import type {Code, Problem} from './errors.ts';
import {suggest} from './nearest.ts';
import type {StepType} from './step-type.ts';

/** Why something can't be read. */
export interface Wrong {
  readonly code: Code;
  readonly message: string;
  readonly details: Pick<Problem, 'expected' | 'next'>;
}

export const wrong = (code: Code, message: string, details: Wrong['details'] = {}): Wrong => ({code, message, details});

/** The names that a step type hands on; undefined when they are not fixed. */
export const outputNames = ({outputs}: StepType): readonly string[] | undefined => {
  const {entries, type} = outputs as {entries?: Readonly<Record<string, unknown>>; type: string};
  const isOpen = entries === undefined || type === 'loose_object' || type === 'object_with_rest';
  return isOpen ? undefined : Object.keys(entries);
};

/** The keys of a `foreach` that is written out in the file. */
export const literalKeys = ({step}: StepDraft): readonly string[] | undefined => {
  if (step.foreach?.kind !== 'literal') return undefined;
  const {value} = step.foreach;
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'object' && value !== null ? Object.keys(value) : undefined;
};

/**
 * What is wrong with reading from a step's outputs.
 * @param path what stands behind `steps.ID.outputs`
 */
export const wrongOutput = (target: StepDraft, path: readonly string[]): Wrong | undefined => {
  const {step} = target;
  if (step.type.name === 'runbook') {
    const message = `step "${step.id}" is a runbook of its own; what its steps hand on stays inside`;
    return wrong('unknown-output', message, {next: ['read what is needed again, with a step that looks at it']});
  }
  const [name, inner] = path;
  if (target.foreachPlace === undefined) return wrongName(target, name);
  const keys = literalKeys(target);
  if (name === undefined || keys === undefined || keys.includes(name))
    return name === undefined ? undefined : wrongName(target, inner);
  const message = `step "${step.id}" is done for each item; it has no item "${name}"`;
  return wrong('unknown-output', message, suggest(name, keys));
};

const wrongName = ({step, outputNames: declared}: StepDraft, name: string | undefined): Wrong | undefined => {
  const own = outputNames(step.type);
  if (name === undefined || own === undefined) return undefined;
  const names = [...own, ...declared];
  if (names.includes(name)) return undefined;
  return wrong('unknown-output', `step "${step.id}" (${step.uses}) has no output "${name}"`, suggest(name, names));
};
