import * as v from 'valibot';
import {defineStepType} from '../engine/step-type.ts';
import {describeMachine, machineDescription, machineTable} from './clients/machines/describe.ts';
import {describedLines} from './clients/machines/describe-lines.ts';
import {driverNamed, driverOf} from './clients/machines/machines.ts';
import {machineOptions} from './clients/machines/options.ts';

/** What there is to know of one machine. */
export default defineStepType({
  name: 'machine.inspect',
  about: 'Looks at a machine: whether it runs, where its engine answers, and which version that is.',
  options: machineOptions({}),
  outputs: v.object(machineDescription),
  effect: 'reads',

  command: (given, site) => driverNamed(given.driver).lines.inspect(given, site),

  async run(given, context) {
    const described = await describeMachine(given, await driverOf(given, context), context);
    context.output(machineTable([described]));
    return described;
  },

  shell: {outputs: describedLines},
});
