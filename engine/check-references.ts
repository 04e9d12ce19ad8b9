import type {Draft, StepDraft} from './draft.ts';
import type {Expression, Reference} from './expression.ts';
import type {Mistakes} from './mistakes.ts';
import {suggest} from './nearest.ts';
import {outputNames, type Wrong, wrong, wrongOutput} from './step-outputs.ts';
import type {StepType} from './step-type.ts';
import {expressionsOf} from './template.ts';

/** Where an expression stands, which decides what it may read. */
interface Slot {
  readonly expressions: readonly Expression[];
  /** The step type whose outputs `result` holds here; undefined where there is no result. */
  readonly result?: StepType;
  /** Must be known before the run: reads inputs and env only. */
  readonly isStatic?: boolean;
  /** Must be true or false. */
  readonly isCondition?: boolean;
}

export interface Known {
  readonly draft: Draft;
  /** Names of the env files; undefined when one could not be read. */
  readonly env: ReadonlySet<string> | undefined;
  readonly mistakes: Mistakes;
}

/** Notes what a step's expressions read but can't: unknown names, later steps, results where there are none. */
export const checkReferences = (draft: StepDraft, known: Known): void => {
  for (const slot of slotsOf(draft)) {
    for (const expression of slot.expressions) {
      if (slot.isCondition) noteCondition(expression, draft, known);
      for (const reference of expression.references)
        note(new Check(draft, slot, known).check(reference), reference, draft, known);
    }
  }
};

const slotsOf = ({step}: StepDraft): readonly Slot[] => {
  const {type} = step;
  const one = (expression: Expression | undefined): readonly Expression[] =>
    expression === undefined ? [] : [expression];
  const on = step.on === undefined ? [] : expressionsOf(step.on);
  return [
    {expressions: one(step.when), isCondition: true},
    {expressions: step.foreach === undefined ? [] : expressionsOf(step.foreach), isStatic: true},
    {expressions: [...on, ...expressionsOf(step.options)]},
    {expressions: one(step.expect), result: type, isCondition: true},
    {expressions: [...step.outputs.values()].map(({value}) => value), result: type},
    ...[...step.verify, ...(step.undo === undefined ? [] : [step.undo])].flatMap((action): Slot[] => [
      // what a further check or an undo is given may come from what the step itself found
      {
        expressions: [...(action.on === undefined ? [] : expressionsOf(action.on)), ...expressionsOf(action.options)],
        result: type,
      },
      {expressions: one(action.expect), result: action.type, isCondition: true},
    ]),
  ];
};

const noteCondition = (expression: Expression, {step}: StepDraft, {mistakes}: Known): void => {
  if (expression.type === 'bool' || expression.type === 'dyn') return;
  const message = `step "${step.id}": "${expression.source}" is never true or false`;
  mistakes.add('bad-expression', message, expression.place, {expected: 'true or false', found: expression.type});
};

const note = (found: Wrong | undefined, reference: Reference, {step}: StepDraft, {mistakes}: Known): void => {
  if (found !== undefined)
    mistakes.add(found.code, `step "${step.id}": ${found.message}`, reference.place, found.details);
};

/** What is wrong with one reference, by its root. */
class Check {
  readonly #draft: StepDraft;
  readonly #slot: Slot;
  readonly #known: Known;

  constructor(draft: StepDraft, slot: Slot, known: Known) {
    this.#draft = draft;
    this.#slot = slot;
    this.#known = known;
  }

  check(reference: Reference): Wrong | undefined {
    if (this.#slot.isStatic && reference.root !== 'inputs' && reference.root !== 'env')
      return wrong(
        'bad-combination',
        `"foreach" can't read "${reference.root}": its list must be known before the run`,
        {
          expected: 'inputs and env only',
        },
      );
    return this[reference.root](reference);
  }

  inputs(reference: Reference): Wrong | undefined {
    const {inputs, brokenInputs} = this.#known.draft;
    const [name] = reference.path;
    if (name === undefined) return wrong('bad-expression', 'say which input, as in inputs.name');
    const known = [...inputs.keys(), ...brokenInputs];
    if (known.includes(name)) return undefined;
    return wrong('unknown-input', `there is no input "${name}"`, suggest(name, known));
  }

  env(reference: Reference): Wrong | undefined {
    const {env, draft} = this.#known;
    const [name] = reference.path;
    if (name === undefined) return wrong('bad-expression', 'say which variable, as in env.NAME');
    if (env === undefined || env.has(name)) return undefined;
    const files = draft.env.map((file) => file.name).join(', ');
    const message = `no env file of this runbook defines "${name}"`;
    return wrong('unknown-variable', message, {
      ...suggest(name, env),
      ...(files === '' ? {next: ['name its file: env: [FILE]']} : {}),
    });
  }

  item(reference: Reference): Wrong | undefined {
    if (this.#draft.step.foreach === undefined)
      return wrong('unknown-variable', '"item" can only be read in a step with "foreach"');
    return this.#among(reference, ['key', 'value'], 'item');
  }

  run(reference: Reference): Wrong | undefined {
    return this.#among(reference, ['id'], 'run');
  }

  result(reference: Reference): Wrong | undefined {
    const {result} = this.#slot;
    if (result === undefined) {
      const next = ['"expect", "outputs", "undo" and the checks under "verify" may read it'];
      return wrong('unknown-variable', '"result" can\'t be read before the step has run', {next});
    }
    const names = outputNames(result);
    return names === undefined ? undefined : this.#among(reference, names, `the result of ${result.name}`);
  }

  #among(reference: Reference, names: readonly string[], holder: string): Wrong | undefined {
    const [name] = reference.path;
    if (name === undefined || names.includes(name)) return undefined;
    return wrong('unknown-output', `${holder} has no "${name}"`, suggest(name, names));
  }

  steps(reference: Reference): Wrong | undefined {
    const [id, outputs] = reference.path;
    if (id === undefined) return wrong('bad-expression', 'say which step, as in steps.ID.outputs.NAME');
    const position = this.#known.draft.positions.get(id);
    if (position === undefined)
      return wrong('unknown-step', `there is no step "${id}"`, suggest(id, this.#known.draft.positions.keys()));
    if (id === this.#draft.step.id)
      return wrong('not-before', "a step can't read its own outputs", {
        next: ['read "result" instead'],
      });
    if (position > this.#draft.index)
      return wrong('not-before', `step "${id}" comes later in the file`, {
        next: [`put step "${id}" before this one`],
      });
    if (outputs !== undefined && outputs !== 'outputs')
      return wrong('unknown-output', `a step has only "outputs", no "${outputs}"`, {
        next: [`did you mean steps.${id}.outputs.${outputs}?`],
      });
    const target = this.#known.draft.byId.get(id);
    return target === undefined ? undefined : wrongOutput(target, reference.path.slice(2));
  }
}
