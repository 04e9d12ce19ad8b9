import * as v from 'valibot';
import {quote} from '../engine/sh.ts';
import {defineStepType, PermanentError} from '../engine/step-type.ts';

/** A question to the operator, who may say no. */
export default defineStepType({
  name: 'confirm',
  about: 'Asks the operator a question and fails on a "no"; `--yes` answers it.',
  options: v.strictObject({
    message: v.pipe(v.string(), v.minLength(1), v.description('The question')),
  }),
  outputs: v.object({}),
  effect: 'repeatable',
  asks: true,
  command: ({message}) => `printf '%s [y/N] ' ${quote(message)}; read -r answer; [ "$answer" = y ]`,
  async run({message}, context) {
    if (await context.ask({kind: 'confirm', message})) return {};
    throw new PermanentError('answered with no', {code: 'needs-answer'});
  },
});
