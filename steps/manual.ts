import * as v from 'valibot';
import {quote} from '../engine/sh.ts';
import {defineStepType, PermanentError} from '../engine/step-type.ts';

/** Work for a person; the step's `verify:` proves that it was done. */
export default defineStepType({
  name: 'manual',
  about: 'Shows instructions and waits until a person has followed them; its `verify:` proves it.',
  options: v.strictObject({
    instructions: v.pipe(v.string(), v.minLength(1), v.description('What is to be done, as Markdown')),
  }),
  outputs: v.object({}),
  effect: 'repeatable',
  asks: true,
  needsVerify: true,
  command: ({instructions}) => `printf '%s\\nThen press Enter: ' ${quote(instructions)}; read -r answer`,
  async run({instructions}, context) {
    if (await context.ask({kind: 'manual', message: instructions})) return {};
    throw new PermanentError('not done', {code: 'needs-answer', next: 'follow the instructions, then resume'});
  },
});
