import {sh} from '../engine/sh.ts';
import {defineStepType} from '../engine/step-type.ts';
import {containerEvents} from './clients/docker-events.ts';
import {createInShell} from './clients/machines/create-in-shell.ts';
import {addressLine} from './clients/machines/describe-lines.ts';
import {MACHINE_KEYS} from './clients/machines/keys-in-shell.ts';
import {driverNamed, driverOf, forgetLines, removeMachine} from './clients/machines/machines.ts';
import {type CreateOptions, createOptions, machineOutputs, type Selection} from './clients/machines/options.ts';
import {machines} from './clients/owned/machines.ts';

const selected = ({name, driver, ssh}: CreateOptions): Selection => ({name, driver, host: ssh?.host});

async function* nothing(): AsyncGenerator<void> {}

/** A machine of that kind runs, its engine answers over TLS, and `docker --context NAME` leads there. */
export default defineStepType({
  name: 'machine.create',
  about: 'Makes a machine: a Docker Engine of its own, known to your docker as a context of that name.',
  options: createOptions,
  outputs: machineOutputs,
  effect: 'converges',
  owns: [machines],
  provides: 'name',

  command: (given, site) => driverNamed(given.driver).lines.create(given, site),
  run: async (given, context) => (await driverOf(selected(given), context)).create(given, context),
  verify: async (given, context) => (await driverOf(selected(given), context)).look(given, context),

  undoCommand: (given, site) =>
    [driverNamed(given.driver).lines.remove(selected(given), site), ...forgetLines(given.name)].join('\n'),
  async undo(given, context) {
    await removeMachine(selected(given), context);
    return undefined;
  },

  enter: {what: 'its machine', line: (given, site) => driverNamed(given.driver).lines.enter(selected(given), site)},

  changes: ({name, driver}, context) => (driver === 'docker' ? containerEvents(context, name) : nothing()),

  shell: {
    check: ({name}) => sh`docker --context ${name} version >/dev/null`,
    run: createInShell,
    functions: MACHINE_KEYS,
    outputs: {
      name: ({name}) => sh`echo ${name}`,
      ip: (given, site) => addressLine(given, site),
      url: ({name}) => sh`docker context inspect -f '{{.Endpoints.docker.Host}}' ${name}`,
      context: ({name}) => sh`echo ${name}`,
    },
  },
});
