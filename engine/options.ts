import * as v from 'valibot';
import {type Place, RunbookError} from './errors.ts';
import type {Json, StepType} from './step-type.ts';

/**
 * A step's options with all values known, checked against the type's schema and completed with its defaults.
 * @throws RunbookError `unknown-option`, `missing-key`, `wrong-type` or `bad-value`, at the given place
 */
export const checkOptions = (type: StepType, rendered: Json, place: Place): unknown => {
  const result = v.safeParse(type.options, rendered);
  if (result.success) return result.output;
  throw new RunbookError({code: 'wrong-type', message: v.summarize(result.issues), place});
};
