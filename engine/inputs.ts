import type {Input, Runbook} from './runbook.ts';
import type {Json} from './step-type.ts';

/**
 * The values of a runbook's inputs from what was given. Texts (from `--set`) are read by the input's type; defaults fill
 * the rest.
 * @throws RunbookError with all of `unknown-input`, `input-missing` and `input-invalid`
 */
export const resolveInputs = (
  runbook: Pick<Runbook, 'inputs' | 'name'>,
  given: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> => {
  throw new Error(`not written yet: ${runbook.name} ${Object.keys(given)}`);
};

/** One value by its input's type, or what is wrong with it. */
export const readInput = (input: Input, given: Json): {value: Json} | {expected: string; found: string} => {
  throw new Error(`not written yet: ${input.name} ${given}`);
};
