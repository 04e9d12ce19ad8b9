import type {Draft, StepDraft} from './draft.ts';
import type {Place} from './errors.ts';
import type {Reference} from './expression.ts';
import type {Mistakes} from './mistakes.ts';
import {listed} from './nearest.ts';
import type {StepType} from './step-type.ts';
import {referencesOf, type Template} from './template.ts';

/** Notes secrets that would reach a command line, or be stored: they go by environment, standard input or a request. */
export const checkSecrets = (one: StepDraft, draft: Draft, mistakes: Mistakes): void => {
  const {step} = one;
  const prefix = `step "${step.id}": `;
  const note = (reference: Reference, message: string, next?: string): void =>
    mistakes.add('secret-in-argv', prefix + message, reference.place, next === undefined ? {} : {next: [next]});

  for (const {type, options} of [step, ...step.verify, ...(step.undo === undefined ? [] : [step.undo])])
    for (const [option, reference] of secretsIn(options, draft, step.type))
      if (!(type.secretOptions ?? []).includes(option))
        note(
          reference,
          `option "${option}" of ${type.name} can't carry a secret: it would show in a command line`,
          instead(type),
        );

  for (const [name, template] of [
    ['on', step.on],
    ['foreach', step.foreach],
  ] as const)
    for (const reference of template === undefined ? [] : referencesOf(template))
      if (isSecret(reference, draft)) note(reference, `"${name}" can't carry a secret: it would be shown`);

  for (const [name, {value, secret}] of step.outputs)
    for (const reference of value.references)
      if (!secret && isSecret(reference, draft, step.type))
        note(reference, `output "${name}" holds a secret`, 'say so: {value: ..., secret: true}');
};

const instead = ({secretOptions = []}: StepType): string | undefined =>
  secretOptions.length === 0 ? undefined : `these may: ${listed(secretOptions)}`;

const secretsIn = (options: Template, draft: Draft, result: StepType): readonly (readonly [string, Reference])[] =>
  [...(options.kind === 'map' ? options.entries : [])].flatMap(([option, template]) =>
    referencesOf(template).flatMap((reference) =>
      isSecret(reference, draft, result) ? [[option, reference] as const] : [],
    ),
  );

/**
 * Whether a reference reads an input or output that is secret.
 * @param type whose outputs `result` holds, where there is one
 */
export const isSecret = ({root, path}: Reference, draft: Draft, type?: StepType): boolean => {
  const [name = '', , output] = path;
  if (root === 'result') return (type?.secretOutputs ?? []).some((one) => path.length === 0 || one === name);
  if (root === 'inputs') return draft.inputs.get(name)?.secret === true;
  if (root === 'env') return draft.secretEnv.has(name);
  if (root !== 'steps') return false;
  const target = draft.byId.get(name);
  if (target === undefined) return false;
  const secrets = [...target.step.outputs].filter(([, {secret}]) => secret).map(([key]) => key);
  // all outputs at once carry the secret ones too
  const read = target.foreachPlace === undefined ? output : path[3];
  return secrets.length > 0 && (read === undefined || secrets.includes(read));
};

/** Notes secrets handed to an input of a child runbook that does not know them as such. */
export const checkChildSecrets = (
  template: Template,
  input: {readonly name: string; readonly secret: boolean},
  place: Place,
  draft: Draft,
  mistakes: Mistakes,
): void => {
  if (input.secret || !referencesOf(template).some((reference) => isSecret(reference, draft))) return;
  mistakes.add('secret-in-argv', `input "${input.name}" of that runbook is not secret, but is given a secret`, place, {
    next: ['say secret: true at that input'],
  });
};
