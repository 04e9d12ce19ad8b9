import * as v from 'valibot';
import {quote} from '../engine/sh.ts';
import {defineStepType} from '../engine/step-type.ts';

/** Nothing but its `expect`. */
export default defineStepType({
  name: 'assert',
  about: 'Proves its `expect:`, an expression over inputs and the outputs of earlier steps; does nothing else.',
  options: v.strictObject({
    message: v.optional(v.pipe(v.string(), v.description('What is proved, in words'))),
  }),
  outputs: v.object({}),
  effect: 'reads',
  needsExpect: true,
  // `:` does nothing, in every shell, and takes the words along
  command: ({message}) => (message === undefined ? ':' : `: ${quote(message)}`),
  run: async () => ({}),
});
