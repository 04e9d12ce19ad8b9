import * as v from 'valibot';
import type {StepContext} from '../../engine/step-type.ts';
import shell from '../../steps/shell.ts';

/** Options as a runbook gives them: defaults filled in. */
export const given = (options: v.InferInput<typeof shell.options>) => v.parse(shell.options, options);

/** Runs a script. */
export const run = (options: v.InferInput<typeof shell.options>, context: StepContext) =>
  shell.run(given(options), context);
