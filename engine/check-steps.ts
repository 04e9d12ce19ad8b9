import type {Draft, StepDraft} from './draft.ts';
import type {Mistakes} from './mistakes.ts';
import {suggest} from './nearest.ts';
import type {Step} from './runbook.ts';
import {literalKeys} from './step-outputs.ts';
import {referencesOf} from './template.ts';

/** Notes steps that stand in an order that can't be. */
export const checkOrder = (one: StepDraft, draft: Draft, mistakes: Mistakes): void => {
  const {index} = one;
  const {id} = one.step;
  for (const {name, place} of one.needs) {
    if (mistakes.isFull) return;
    const position = draft.positions.get(name);
    if (position === undefined)
      mistakes.add(
        'unknown-step',
        `step "${id}": there is no step "${name}"`,
        place,
        suggest(name, draft.positions.keys()),
      );
    else if (name === id) mistakes.add('cycle', `step "${id}" needs itself`, place);
    else if (position > index && reaches(name, id, draft))
      mistakes.add('cycle', `step "${id}" needs "${name}", which needs "${id}"`, place);
    else if (position > index)
      mistakes.add('not-before', `step "${id}" needs "${name}", which comes later in the file`, place, {
        next: [`put step "${name}" before this one`],
      });
  }
  if (one.until === undefined) return;
  const position = draft.positions.get(one.until.name);
  if (position === undefined)
    mistakes.add(
      'unknown-step',
      `step "${id}": there is no step "${one.until.name}"`,
      one.until.place,
      suggest(one.until.name, draft.positions.keys()),
    );
  else if (position <= index)
    mistakes.add('bad-combination', `step "${id}": "until" must name a later step`, one.until.place);
};

/** Whether a step needs another one, by what `needs:` says along the way. */
const reaches = (from: string, to: string, draft: Draft): boolean => {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(draft.byId.get(id)?.needs.map(({name}) => name) ?? []));
  }
  return false;
};

interface Rule {
  readonly holds: (step: Step, one: StepDraft) => boolean;
  readonly message: string | ((step: Step) => string);
  readonly next?: string;
}

const isChecked = ({effect, type, expect, verify}: Step): boolean =>
  (effect !== 'reads' && type.verify !== undefined) || expect !== undefined || verify.length > 0;

/** Keys that make sense only together, or not together. */
const RULES: Readonly<Record<string, Rule>> = {
  expect: {
    holds: ({type, expect}) => type.needsExpect !== true || expect !== undefined,
    message: ({uses}) => `${uses} means nothing without "expect"`,
    next: 'add "expect", an expression that must be true',
  },
  verify: {
    holds: ({type, verify, expect}) => type.needsVerify !== true || verify.length > 0 || expect !== undefined,
    message: ({uses}) => `${uses} means nothing without "verify": nothing would prove that it was done`,
    next: 'add "verify", a list of steps that look',
  },
  effect: {
    holds: ({type, effect}) => effect === type.effect || type.effectIsSettable === true,
    message: ({uses, type}) => `the effect of ${uses} is always "${type.effect}"`,
  },
  converging: {
    holds: ({type, effect}) => effect !== 'converges' || type.effect === 'converges' || type.verify !== undefined,
    message: ({uses}) => `${uses} can't tell whether its effect holds already, so it can't converge`,
    next: 'give it checks under "verify" and say check_first: true',
  },
  check_first: {
    holds: ({checkFirst, verify}) => !checkFirst || verify.length > 0,
    message: '"check_first" needs checks under "verify"; "expect" speaks of what the step has found',
  },
  check_first_result: {
    holds: ({checkFirst, verify}) =>
      !checkFirst || verify.every(({options}) => referencesOf(options).every(({root}) => root !== 'result')),
    message: 'with "check_first", the checks are made before the step has run; they can\'t be given its "result"',
  },
  within: {
    holds: (step, {places}) => !places.has('within') || isChecked(step),
    message: '"within" is how long a check may take to come true; this step has no check',
    next: 'add "expect", or repeat the step with "retry"',
  },
  undo: {
    holds: ({effect, undo}) => effect !== 'reads' || undo === undefined,
    message: 'a step that only reads has nothing to undo',
  },
  outputs: {
    holds: ({effect, outputs}) => effect === 'reads' || [...outputs.values()].every(({secret}) => !secret),
    message: 'a secret output is not stored, so it must be readable again: only a step that reads may have one',
    next: 'read the secret in a step of its own, with effect: reads',
  },
  child: {
    holds: ({expect, outputs, verify, undo}, {child}) =>
      child === undefined || (expect === undefined && outputs.size === 0 && verify.length === 0 && undo === undefined),
    message: 'a runbook has its checks, outputs and undo in its own steps',
  },
};

const KEY: Readonly<Record<string, string>> = {converging: 'effect', check_first_result: 'check_first', child: 'uses'};

/** Notes keys of a step that can't stand together. */
export const checkCombinations = (one: StepDraft, mistakes: Mistakes): void => {
  const {step} = one;
  for (const [name, {holds, message, next}] of Object.entries(RULES)) {
    if (holds(step, one)) continue;
    const text = typeof message === 'string' ? message : message(step);
    const place = one.places.get(KEY[name] ?? name) ?? step.place;
    mistakes.add('bad-combination', `step "${step.id}": ${text}`, place, next === undefined ? {} : {next: [next]});
  }
};

/** Notes a `foreach` that is written out but gives no list of distinct values. */
export const checkForeach = (one: StepDraft, mistakes: Mistakes): void => {
  const {step, foreachPlace} = one;
  if (step.foreach === undefined || foreachPlace === undefined) return;
  const keys = literalKeys(one);
  const isOpen = step.foreach.kind !== 'literal';
  const values = step.foreach.kind === 'literal' && Array.isArray(step.foreach.value) ? step.foreach.value : [];
  const areScalars = values.every((value) => ['string', 'number', 'boolean'].includes(typeof value));
  const seen = new Set<string>();
  const double = keys?.find((key) => seen.size === seen.add(key).size);
  if ((keys !== undefined && areScalars && double === undefined) || (isOpen && step.foreach.kind !== 'text')) return;
  const found = double === undefined ? {} : {found: `"${double}" twice`};
  mistakes.add(
    'bad-value',
    `step "${step.id}": "foreach" needs a list of distinct scalars, or a map`,
    foreachPlace,
    found,
  );
};
