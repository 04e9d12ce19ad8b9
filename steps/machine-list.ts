import * as v from 'valibot';
import {defineStepType} from '../engine/step-type.ts';
import {describeMachine, machineDescription, machineTable} from './clients/machines/describe.ts';
import {namesLine} from './clients/machines/describe-lines.ts';
import {driverNamed} from './clients/machines/machines.ts';
import {driverName} from './clients/machines/options.ts';

const options = v.strictObject({
  driver: v.optional(v.pipe(driverName, v.description('Whose machines')), 'docker'),
});

const outputs = v.object({
  machines: v.array(v.object(machineDescription)),
  names: v.pipe(v.array(v.string()), v.description('Their names, sorted')),
});

/** Which machines there are. */
export default defineStepType({
  name: 'machine.list',
  about: 'Lists the machines of a driver, whether they run, and which engine answers.',
  options,
  outputs,
  effect: 'reads',

  command: ({driver}, site) => driverNamed(driver).lines.list(site),

  async run({driver: name}, context) {
    const driver = driverNamed(name);
    const known = await driver.list(context);
    const machines = await Promise.all(known.map((each) => describeMachine({...each, driver: name}, driver, context)));
    context.output(machineTable(machines));
    return {machines, names: machines.map((each) => each.name)};
  },

  shell: {outputs: {names: ({driver}, site) => namesLine(driver, site)}},
});
