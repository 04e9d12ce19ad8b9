import {expressionsOfStep, type Node, readsFrom} from './graph.ts';
import type {Session} from './session.ts';
import type {Json} from './step-type.ts';

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

/** Whether a look gives later steps what they read of this one; otherwise only running it can. */
export const tellsOutputs = ({step, scope}: Node): boolean =>
  step.effect === 'reads' ||
  step.type.verify !== undefined ||
  (step.outputs.size === 0 &&
    !scope.runbook.steps.some((other) =>
      readsFrom(expressionsOfStep(other).flatMap(({references}) => references)).includes(step.id),
    ));
