import * as v from 'valibot';
import {definitionFor} from './definition.ts';
import type {StepRecord} from './entries.ts';
import type {Values} from './expression.ts';
import {type Node, readsFrom} from './graph.ts';
import {checkOptions} from './options.ts';
import type {Action, Step} from './runbook.ts';
import type {Scopes} from './scopes.ts';
import {displayOptions, renderOptions} from './shell-template.ts';
import {StandIns, showIn, valueAt, variablesIn} from './stand-ins.ts';
import type {Json, Site, StepType} from './step-type.ts';
import {type Evaluate, expressionsOf, referencesOf, renderTemplate, type Template, textOf} from './template.ts';

/** A step type with its options, ready to be called. */
export interface Call {
  readonly type: StepType;
  /** As the type's schema gives them. */
  readonly options: unknown;
  readonly site: Site;
  /** The line a person would type; secrets and unknown values stand as variables. Made when it is asked for: few looks need it. */
  readonly command: () => string;
}

/** A step with every value filled in. */
export interface Rendered extends Call {
  readonly record: StepRecord;
}

type Directed = Pick<Step | Action, 'type' | 'options' | 'on' | 'place'>;

const siteOf = (node: Node, on: Json | undefined, cwd: string): Site => ({
  on: typeof on === 'string' ? on : undefined,
  dir: node.scope.runbook.dir,
  cwd,
});

/** Options for `command`: where a variable stands for a number or a list, the schema can't be asked, but defaults hold. */
export const shownOptions = (type: StepType, rendered: Json): unknown => {
  const parsed = v.safeParse(type.options, rendered);
  if (parsed.success) return parsed.output;
  const entries = (type.options as {entries?: Record<string, v.GenericSchema>}).entries ?? {};
  const defaults = Object.entries(entries).flatMap(([name, schema]) => {
    const value = v.getDefault(schema as Parameters<typeof v.getDefault>[0]);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {...Object.fromEntries(defaults), ...(rendered as Record<string, Json>)};
};

/** The command line of a call; a type that can't render what is not known yet falls back to its name. */
export const commandOf = (type: StepType, rendered: Json, site: Site): string =>
  lineOf(type, () => shownOptions(type, rendered), site);

const once = (make: () => string): (() => string) => {
  let made: string | undefined;
  return () => (made ??= make());
};

const lineOf = (type: StepType, options: () => unknown, site: Site): string => {
  try {
    return type.command(options(), site);
  } catch {
    return type.name;
  }
};

/** The line that takes a call back; undefined where its type has none. */
export const undoCommandOf = (type: StepType, rendered: Json, site: Site): string | undefined => {
  try {
    return type.undoCommand?.(shownOptions(type, rendered), site);
  } catch {
    return undefined;
  }
};

/** The line that opens a shell where a call acts; undefined where its type has none. */
export const enterLineOf = (type: StepType, rendered: Json, site: Site): string | undefined => {
  try {
    return type.enter?.line(shownOptions(type, rendered), site);
  } catch {
    return undefined;
  }
};

const onOf = (on: Template | undefined, evaluate: Evaluate): Json | undefined =>
  on === undefined ? undefined : renderTemplate(on, evaluate);

/** As if these steps had not been done yet: of all others, those that are read. */
const without = (values: Values, {scope}: Node, {options, on}: Directed, open: ReadonlySet<string>): Values => {
  if (open.size === 0) return values;
  const read = readsFrom([options, ...(on === undefined ? [] : [on])].flatMap(referencesOf));
  const steps = read.flatMap((id) => {
    const key = scope.prefix + id;
    const known = values.steps?.[id];
    if (known === undefined || open.has(key)) return [];
    return Object.keys(known.outputs).some((item) => open.has(`${key}[${item}]`)) ? [] : [[id, known] as const];
  });
  return {...values, steps: Object.fromEntries(steps)};
};

/**
 * The line a person would type for a step, as far as its values are known. Never throws.
 * @param open steps whose outputs may be others when it is typed: they stand as variables
 */
export const showCommand = (
  node: Node,
  directed: Directed,
  scopes: Scopes,
  cwd: string,
  open: ReadonlySet<string> = new Set(),
): string => {
  const show = showIn(node, without(scopes.valuesOf(node, 'shown'), node, directed, open));
  const on = onOf(directed.on, show);
  return commandOf(directed.type, displayOptions(directed.type, directed.options, show), siteOf(node, on, cwd));
};

/**
 * Fills in one call.
 * @throws RunbookError `expression-failed`, or what is wrong with the options
 */
export const renderCall = (
  node: Node,
  directed: Directed,
  scopes: Scopes,
  cwd: string,
  result?: unknown,
): Call & {readonly stored: Json; readonly on: string | undefined} & Derived => {
  const {type} = directed;
  const values = scopes.valuesOf(node, 'real', result);
  const real: Evaluate = (expression) => expression.evaluate(values);
  const standIns = new StandIns(node, scopes, values, scopes.valuesOf(node, 'shown', result));
  const on = onOf(directed.on, real);
  const site = siteOf(node, on, cwd);
  const stored = renderOptions(type, directed.options, real);
  const options = checkOptions(type, stored, directed.place);
  const call = {type, site, on: site.on, options};
  // what is written out is run, stored and shown as it stands
  if (expressionsOf(directed.options).length === 0)
    return {...call, stored, command: once(() => lineOf(type, () => options, site))};
  const line = commandOf(type, displayOptions(type, directed.options, standIns.evaluate), site);
  return {
    ...call,
    stored: renderOptions(type, directed.options, standIns.evaluate),
    command: () => line,
    ...derivedIn(standIns),
  };
};

type Derived = Pick<StepRecord, 'derived' | 'withheld'>;

const derivedIn = ({derived, withheld}: StandIns): Derived => ({
  ...(Object.keys(derived).length === 0 ? {} : {derived}),
  ...(withheld.length === 0 ? {} : {withheld: [...new Set(withheld)]}),
});

/** What of a call is stored; where an option has a secret in its own text, that would be masked. */
const storedOf = (
  {stored, derived, withheld}: {readonly stored: Json} & Derived,
  scopes: Scopes,
): Derived & Pick<StepRecord, 'options' | 'isMasked'> => ({
  options: stored,
  ...(derived && {derived}),
  ...(withheld && {withheld}),
  ...(scopes.isMasked(stored) ? {isMasked: true as const} : {}),
});

/** Fills in a step. */
export const renderStep = (
  node: Node,
  scopes: Scopes,
  cwd: string,
  fingerprint: (secret: string) => string,
): Rendered => {
  const {step} = node;
  const call = renderCall(node, step, scopes, cwd);
  const undo = tryUndo(node, scopes, cwd);
  const reads = readsOf(node, scopes);
  return {
    ...call,
    record: {
      title: titleOf(node),
      uses: step.uses,
      effect: step.effect,
      ...storedOf(call, scopes),
      ...(call.on === undefined ? {} : {on: call.on}),
      ...dirOf(node),
      definition: definitionFor(node),
      ...(step.expect === undefined ? {} : {expect: step.expect.source}),
      reads,
      // what an expression has made of a secret does not show it any more
      secrets: Object.fromEntries(
        variablesIn([call.stored, reads]).map((name) => [name, fingerprint(textOf(scopes.secret(name) ?? ''))]),
      ),
      ...(undo === undefined ? {} : {undo}),
    },
  };
};

/** Where relative paths of a child runbook begin, if not where those of the runbook itself do. */
const dirOf = ({scope}: Node): {dir?: string} => {
  let root = scope;
  while (root.parent !== undefined) root = root.parent.scope;
  const {dir} = scope.runbook;
  return dir === root.runbook.dir ? {} : {dir};
};

/** The title of a step, with the item where there is one. */
export const titleOf = ({step, item}: Node): string => {
  const title = step.title ?? step.id.replaceAll('_', ' ');
  return item === undefined ? title : `${title} (${item.key})`;
};

/** The author's `undo:`, filled in; it may read the step's own outputs, which are not there before it ran. */
export const tryUndo = (node: Node, scopes: Scopes, cwd: string, result?: unknown): StepRecord['undo'] => {
  const {undo} = node.step;
  if (undo === undefined) return undefined;
  try {
    const call = renderCall(node, undo, scopes, cwd, result);
    const {on} = call;
    return {uses: undo.type.name, ...storedOf(call, scopes), ...(on === undefined ? {} : {on})};
  } catch {
    return undefined;
  }
};

const LONGEST_VALUE = 80;

const brief = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}... (${text.length} characters)`;
};

/** What a step's options were made from, by name: to say which of them changed. */
export const readsOf = (node: Node, scopes: Scopes): Record<string, string> => {
  const {step} = node;
  const values = scopes.valuesOf(node, 'shown');
  const references = [...expressionsOf(step.options), ...(step.on === undefined ? [] : expressionsOf(step.on))].flatMap(
    (expression) => expression.references,
  );
  return Object.fromEntries(
    references.map((reference) => [[reference.root, ...reference.path].join('.'), brief(valueAt(values, reference))]),
  );
};
