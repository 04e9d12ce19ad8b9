import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type StepContext} from '../engine/step-type.ts';
import {containerEvents} from './clients/docker-events.ts';
import {describedLines, isInState} from './clients/machines/describe-lines.ts';
import {driverNamed, driverOf} from './clients/machines/machines.ts';
import {machineOptions, type Selection} from './clients/machines/options.ts';

const outputs = v.object({
  name: v.string(),
  state: v.pipe(v.string(), v.description('stopped')),
});

const stateBefore = (given: Selection, context: StepContext): Promise<string> =>
  context.remember('before', async () => (await driverOf(given, context)).state(given, context));

/** The machine is stopped. */
export default defineStepType({
  name: 'machine.stop',
  about: 'Stops a machine; it keeps its address and its data.',
  options: machineOptions({}),
  outputs,
  effect: 'converges',

  command: (given, site) => driverNamed(given.driver).lines.stop(given, site),

  prepare: async (given, context) => void (await stateBefore(given, context)),

  async run(given, context) {
    await stateBefore(given, context);
    await (await driverOf(given, context)).stop(given, context);
    return {name: given.name, state: 'stopped'};
  },

  async verify(given, context) {
    const {name} = given;
    const state = await (await driverOf(given, context)).state(given, context);
    const expected = `machine "${name}" stopped`;
    return state === 'stopped' ? {ok: true, outputs: {name, state}} : {ok: false, expected, found: state};
  },

  undoCommand: (given, site) => driverNamed(given.driver).lines.start(given, site),

  async undo(given, context) {
    if ((await stateBefore(given, context)) !== 'running') return {stays: `${given.name} stays: it did not run before`};
    const driver = await driverOf(given, context);
    if ((await driver.state(given, context)) === 'stopped') await driver.start(given, context);
    return undefined;
  },

  changes: ({name}, context) => containerEvents(context, name),

  shell: {
    check: (given, site) => isInState(given, 'stopped', site),
    outputs: {name: ({name}) => sh`echo ${name}`, state: (given, site) => describedLines.state(given, site)},
  },
});
