import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type StepContext} from '../engine/step-type.ts';
import {containerEvents} from './clients/docker-events.ts';
import {describeMachine} from './clients/machines/describe.ts';
import {describedLines, isInState} from './clients/machines/describe-lines.ts';
import {driverNamed, driverOf} from './clients/machines/machines.ts';
import {machineOptions, type Selection} from './clients/machines/options.ts';

const outputs = v.object({
  name: v.string(),
  state: v.pipe(v.string(), v.description('running')),
});

const stateBefore = (given: Selection, context: StepContext): Promise<string> =>
  context.remember('before', async () => (await driverOf(given, context)).state(given, context));

/** The machine is running, and its engine answers. */
export default defineStepType({
  name: 'machine.start',
  about: 'Starts a machine that is stopped; it has the address and the data it had.',
  options: machineOptions({}),
  outputs,
  effect: 'converges',

  command: (given, site) => driverNamed(given.driver).lines.start(given, site),

  prepare: async (given, context) => void (await stateBefore(given, context)),

  async run(given, context) {
    await stateBefore(given, context);
    await (await driverOf(given, context)).start(given, context);
    return {name: given.name, state: 'running'};
  },

  async verify(given, context) {
    const {name, state, version} = await describeMachine(given, await driverOf(given, context), context);
    if (state === 'running' && version !== '') return {ok: true, outputs: {name, state}};
    const found = state === 'running' ? 'it runs, and its engine does not answer' : state;
    return {ok: false, expected: `machine "${name}" running, and its engine answering`, found};
  },

  undoCommand: (given, site) => driverNamed(given.driver).lines.stop(given, site),

  async undo(given, context) {
    if ((await stateBefore(given, context)) !== 'stopped') return {stays: `${given.name} stays: it ran before`};
    const driver = await driverOf(given, context);
    if ((await driver.state(given, context)) === 'running') await driver.stop(given, context);
    return undefined;
  },

  enter: {what: 'its machine', line: (given, site) => driverNamed(given.driver).lines.enter(given, site)},

  changes: ({name}, context) => containerEvents(context, name),

  shell: {
    check: (given, site) =>
      `${isInState(given, 'running', site)} && ${sh`docker --context ${given.name} version >/dev/null`}`,
    outputs: {name: ({name}) => sh`echo ${name}`, state: (given, site) => describedLines.state(given, site)},
  },
});
