import * as v from 'valibot';
import type {StepRecord} from './entries.ts';
import type {Expression, Reference, Values} from './expression.ts';
import type {Node} from './graph.ts';
import {checkOptions} from './options.ts';
import type {Action, Step} from './runbook.ts';
import type {Mode, Scopes} from './scopes.ts';
import {variableName} from './scopes.ts';
import {hasVariable, variable} from './sh.ts';
import {displayOptions, renderOptions} from './shell-template.ts';
import type {Json, Site, StepType} from './step-type.ts';
import {type Evaluate, expressionsOf, renderTemplate, type Template, textOf} from './template.ts';

/** A step type with its options, ready to be called. */
export interface Call {
  readonly type: StepType;
  /** As the type's schema gives them. */
  readonly options: unknown;
  readonly site: Site;
  /** The line a person would type; secrets and unknown values stand as variables. */
  readonly command: string;
}

/** A step with every value filled in. */
export interface Rendered extends Call {
  readonly record: StepRecord;
}

type Directed = Pick<Step | Action, 'type' | 'options' | 'on' | 'place'>;

const evaluateIn =
  (values: Values): Evaluate =>
  (expression) =>
    expression.evaluate(values);

/** For showing: what can't be evaluated yet stands as a variable named after what it reads. */
const showIn =
  (values: Values): Evaluate =>
  (expression) => {
    try {
      return expression.evaluate(values);
    } catch {
      const {path = [], root = 'run'} = expression.references[0] ?? {};
      return variable(variableName(...(path.length === 0 ? [root] : path.filter((part) => part !== 'outputs'))));
    }
  };

/**
 * For what is stored and told: what is made of a secret stands as a variable, also where the expression can't be asked
 * what it makes of a variable, as in `inputs.login.password` or `inputs.pin + 1`.
 */
const hiding = (node: Node, scopes: Scopes, real: Values, shown: Values): Evaluate => {
  if (!scopes.hasSecrets) return evaluateIn(shown);
  return (expression) => {
    const value = expression.evaluate(real) as Json;
    const stand = tryEvaluate(expression, shown);
    const isFull =
      stand !== undefined &&
      same(
        fillSecrets(stand, (name) => scopes.secret(name)),
        value,
      );
    if (isFull) return stand;
    return scopes.tells(value) ? scopes.derive(derivedName(node, expression), value) : value;
  };
};

const tryEvaluate = (expression: Expression, values: Values): Json | undefined => {
  try {
    return expression.evaluate(values) as Json;
  } catch {
    return undefined;
  }
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The same expression of the same step has the same name in every process. */
const derivedName = ({scope, item}: Node, {source, references}: Expression): string => {
  const [first] = references;
  const isPath = first !== undefined && source === [first.root, ...first.path].join('.');
  const words = isPath ? first.path.filter((word) => word !== 'outputs') : [source];
  return variableName(scope.prefix, ...(item === undefined ? [] : [item.key]), ...words);
};

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
export const commandOf = (type: StepType, rendered: Json, site: Site): string => {
  try {
    return type.command(shownOptions(type, rendered), site);
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

/** As if these steps had not been done yet. */
const without = (values: Values, {scope}: Node, open: ReadonlySet<string>): Values => {
  if (open.size === 0) return values;
  const steps = Object.entries(values.steps ?? {}).filter(([id, {outputs}]) => {
    const key = scope.prefix + id;
    return !open.has(key) && !Object.keys(outputs).some((item) => open.has(`${key}[${item}]`));
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
  const show = showIn(without(scopes.valuesOf(node, 'shown'), node, open));
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
): Call & {readonly stored: Json; readonly on: string | undefined} => {
  const {type} = directed;
  const values = (mode: Mode) => scopes.valuesOf(node, mode, result);
  const real = evaluateIn(values('real'));
  const shown = hiding(node, scopes, values('real'), values('shown'));
  const on = onOf(directed.on, real);
  const site = siteOf(node, on, cwd);
  return {
    type,
    site,
    on: site.on,
    options: checkOptions(type, renderOptions(type, directed.options, real), directed.place),
    stored: renderOptions(type, directed.options, shown),
    command: commandOf(type, displayOptions(type, directed.options, shown), site),
  };
};

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
      options: call.stored,
      ...(call.on === undefined ? {} : {on: call.on}),
      definition: step.definition,
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
    return {uses: undo.type.name, options: call.stored, ...(call.on === undefined ? {} : {on: call.on})};
  } catch {
    return undefined;
  }
};

const LONGEST_VALUE = 80;

const valueAt = (values: Values, {root, path}: Reference): unknown =>
  path.reduce<unknown>(
    (value, name) =>
      value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined,
    values[root],
  );

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

/** The variables that stand in a value. */
export const variablesIn = (stored: Json): readonly string[] => [
  ...new Set(
    [...JSON.stringify(stored).matchAll(/\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001/gu)].map(([, name = '']) => name),
  ),
];

/**
 * Puts the secrets back into journaled options.
 * @param secret gives the value of a variable; undefined leaves its marker
 */
export const fillSecrets = (stored: Json, secret: (name: string) => Json | undefined): Json => {
  if (typeof stored === 'string') return hasVariable(stored) ? fillText(stored, secret) : stored;
  if (Array.isArray(stored)) return stored.map((item) => fillSecrets(item, secret));
  if (stored === null || typeof stored !== 'object') return stored;
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, fillSecrets(value, secret)]));
};

/** A text that is one variable keeps the type of its value. */
const fillText = (stored: string, secret: (name: string) => Json | undefined): Json => {
  const [, only] = /^\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001$/u.exec(stored) ?? [];
  if (only !== undefined) return secret(only) ?? stored;
  return stored.replace(/\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001/gu, (marker, name: string) => {
    const value = secret(name);
    return value === undefined ? marker : textOf(value);
  });
};
