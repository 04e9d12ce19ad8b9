import * as v from 'valibot';
import {defineStepType, type StepContext} from '../engine/step-type.ts';
import {containerEvents} from './clients/docker-events.ts';
import {isForgotten, removeLines} from './clients/machines/describe-lines.ts';
import {FORGET_KEYS} from './clients/machines/keys-in-shell.ts';
import {driverNamed, forgetLines, removeMachine, tracesOf} from './clients/machines/machines.ts';
import {machineOptions, type Selection} from './clients/machines/options.ts';

const outputs = v.object({
  name: v.string(),
  removed: v.pipe(v.boolean(), v.description('Whether there was anything of it to remove')),
});

const wasThere = (given: Selection, context: StepContext): Promise<boolean> =>
  context.remember('wasThere', async () => (await tracesOf(given, context)).length > 0);

/** Nothing of the machine is left: not itself, its data, its keys or its context. */
export default defineStepType({
  name: 'machine.remove',
  about: 'Removes a machine with its data, its keys and its Docker context; what is not ours stays.',
  options: machineOptions({}),
  outputs,
  effect: 'converges',

  command: (given, site) =>
    [driverNamed(given.driver).lines.remove(given, site), ...forgetLines(given.name)].join('\n'),

  async run(given, context) {
    const removed = await wasThere(given, context);
    await removeMachine(given, context);
    return {name: given.name, removed};
  },

  async verify(given, context) {
    const removed = await wasThere(given, context);
    const traces = await tracesOf(given, context);
    if (traces.length > 0) return {ok: false, expected: `no machine "${given.name}"`, found: traces.join(', ')};
    return {ok: true, outputs: {name: given.name, removed}};
  },

  changes: ({name}, context) => containerEvents(context, name),

  shell: {
    run: (given, site) => removeLines(given, site).join('\n'),
    check: (given, site) => isForgotten(given, site),
    functions: FORGET_KEYS,
  },
});
