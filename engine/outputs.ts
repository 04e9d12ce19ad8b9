import type {KeptOutputs} from './entries.ts';
import {expressionsOfStep, type Node, readsFrom} from './graph.ts';
import type {Runbook} from './runbook.ts';
import type {Session} from './session.ts';
import type {Json} from './step-type.ts';
import {textOf} from './template.ts';

type Outputs = Readonly<Record<string, Json>>;

/** What later steps read: the type's outputs, and on top those that the step declares. */
export const declaredOutputs = (
  session: Session,
  node: Node,
  found: Outputs,
): {readonly outputs: Outputs; readonly secrets: ReadonlySet<string>} => {
  const values = session.scopes.valuesOf(node, 'real', found);
  const declared = [...node.step.outputs].map(([name, {value}]) => [name, value.evaluate(values) as Json] as const);
  const secrets = [...node.step.outputs].filter(([, {secret}]) => secret).map(([name]) => name);
  return {outputs: {...found, ...Object.fromEntries(declared)}, secrets: new Set(secrets)};
};

/**
 * What a step hands on, as the journal keeps it. What holds a secret is not stored: there only its masked text stands.
 * @param before names that were withheld earlier; what is still not known of them stays so
 */
export const keptOutputs = (
  {scopes, store}: Session,
  {outputs, secrets}: {readonly outputs: Outputs; readonly secrets: ReadonlySet<string>},
  before: readonly string[] = [],
): KeptOutputs => {
  const open = Object.entries(outputs).filter(([name]) => !secrets.has(name));
  const masked = open.filter(([, value]) => scopes.isMasked(value)).map(([name]) => name);
  const withheld = [...masked, ...before.filter((name) => !Object.hasOwn(outputs, name))];
  const known = Object.entries(outputs).filter(([name]) => secrets.has(name));
  return {
    outputs: Object.fromEntries(open),
    ...(withheld.length === 0 ? {} : {withheld}),
    ...(known.length === 0
      ? {}
      : {secrets: Object.fromEntries(known.map(([name, value]) => [name, store.fingerprint(textOf(value))]))}),
  };
};

/** Whether a look gives later steps what they read of this one; otherwise only running it can. */
export const tellsOutputs = ({step, scope}: Node): boolean =>
  step.effect === 'reads' ||
  step.type.verify !== undefined ||
  (step.outputs.size === 0 && !readIn(scope.runbook).has(step.id));

const known = new WeakMap<Runbook, ReadonlySet<string>>();

/** The ids of the steps whose outputs others read. Asked for each step of a runbook, so it is found once. */
const readIn = (runbook: Runbook): ReadonlySet<string> => {
  const found =
    known.get(runbook) ??
    new Set(runbook.steps.flatMap((step) => readsFrom(expressionsOfStep(step).flatMap(({references}) => references))));
  known.set(runbook, found);
  return found;
};
