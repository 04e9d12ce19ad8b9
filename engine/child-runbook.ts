import * as v from 'valibot';
import {defineStepType} from './step-type.ts';

/** Another runbook as a step. The engine puts that one's steps in its place, so this type is never run itself. */
export const childRunbook = defineStepType({
  name: 'runbook',
  about: 'Runs the steps of another runbook, as `id.step` in the same run.',
  options: v.strictObject({
    runbook: v.pipe(v.string(), v.minLength(1), v.description('Its name, or a path from this file')),
    inputs: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('Values for its inputs')), {}),
  }),
  outputs: v.object({}),
  effect: 'repeatable',
  // whether the input is a secret there is checked when that runbook is known
  secretOptions: ['inputs'],
  command: ({runbook}) => `runbook run ${runbook}`,
  run: async () => {
    throw new Error('internal error: a child runbook was run as a step');
  },
});
