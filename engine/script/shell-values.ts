import type * as v from 'valibot';
import {quote} from '../sh.ts';
import type {StepType} from '../step-type.ts';
import {literalOf, type Translated} from './jq.ts';
import {needsHelpers} from './jq-forms.ts';

/** How a value is written in the shell: a text as it is, anything else as JSON. */
export type Form = 'text' | 'json';

/** How a value is read: by a command; where a step acts, from what it printed. */
export interface Reading {
  readonly command: string | undefined;
  readonly form: Form;
  /** What it prints is the value to the last byte: a newline at its end is a part of it. */
  readonly isExact: boolean;
}
export type Readings = ReadonlyMap<string, Reading>;

/** The form of an output, by its schema. */
export const formOf = (type: StepType, name: string): Form => {
  const entries = (type.outputs as {entries?: Record<string, v.GenericSchema>}).entries ?? {};
  let schema = entries[name] as {type: string; wrapped?: {type: string}} | undefined;
  while (schema?.wrapped !== undefined) schema = schema.wrapped as typeof schema;
  return schema?.type === 'string' || schema?.type === 'picklist' ? 'text' : 'json';
};

/** Prints again what the step has printed. */
export const PRINT = `printf '%s' "$printed"`;

/** Lines that give a variable what a command prints. `$(...)` takes newlines away from the end; a dot behind them keeps them. */
export const assignments = (name: string, command: string, isExact: boolean): readonly string[] => {
  if (command === PRINT) return [`${name}=$printed`];
  if (isExact) return [`${name}=$( {\n${command}\n} && printf .)`, `${name}=\${${name}%.}`];
  // `X=$(echo y)` is `X=y`; and a bracket right behind `$(` would be arithmetic
  const plain = /^echo (\S+|'[^']*')$/.exec(command)?.[1];
  return [plain === undefined ? `${name}=$(${command.startsWith('(') ? ' ' : ''}${command})` : `${name}=${plain}`];
};

/** The variable that a value is, and nothing else. */
export const soleMarker = (found: Translated): string | undefined =>
  found.kind === 'value' && typeof found.value === 'string'
    ? /^\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001$/u.exec(found.value)?.[1]
    : undefined;

export const readingOf = (name: string, results: Readings | undefined): Reading | undefined =>
  name.startsWith('result_') ? results?.get(name.slice('result_'.length)) : undefined;

/** The variables of the shell that hold values, and what is computed of them. */
export class ShellValues {
  /** Those that hold JSON. */
  readonly #json = new Set<string>();
  /** Those whose value has a form that only a run can tell: the same as JSON stands in a second variable. */
  readonly #open = new Set<string>();

  give(name: string, form: Form): void {
    if (form === 'json') this.#json.add(name);
  }

  giveOpen(name: string): void {
    this.#open.add(name);
  }

  /** A call of jq that computes a filter from variables of the shell; before it what a look finds is read into variables. */
  jq(found: Translated, flags: string, results: Readings | undefined): string {
    const variables = new Set(found.kind === 'jq' ? found.variables : []);
    const filter = found.kind === 'jq' ? found.filter : literalOf(found.value, variables);
    const names = [...variables];
    const reads = names.flatMap((name) => {
      const command = readingOf(name, results)?.command;
      const isExact = readingOf(name, results)?.isExact === true;
      return command === undefined ? [] : assignments(name, command, isExact).map((line) => `${line} &&\n`);
    });
    const args = names.map((name) => this.#argument(name, results));
    return `${reads.join('')}${['jq', flags, ...args].join(' ')} ${needsHelpers(filter) ? '"$cel"' : ''}${quote(filter)}`;
  }

  #argument(name: string, results: Readings | undefined): string {
    const reading = readingOf(name, results);
    if (reading !== undefined)
      return `--arg${reading.form === 'json' ? 'json' : ''} ${name} "$${reading.command === undefined ? 'printed' : name}"`;
    if (this.#open.has(name)) return `--argjson ${name} "$${name}_JSON"`;
    return `--arg${this.#json.has(name) ? 'json' : ''} ${name} "$${name}"`;
  }
}
