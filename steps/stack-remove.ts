import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {objectName} from './clients/docker-run-options.ts';
import {remainsOf, removeStack} from './clients/stacks.ts';

const options = v.strictObject({name: v.pipe(objectName, v.description('The stack’s name'))});

/** Nothing is left of a stack. */
export default defineStepType({
  name: 'stack.remove',
  about: 'Removes a stack with its networks, and waits until its containers have ended.',
  options,
  outputs: v.object({}),
  effect: 'converges',

  command: ({name}, site) => sh`${dockerCommand(site)} stack rm ${name}`,

  async run({name}, context) {
    await removeStack(await dockerClient(context), name, context);
    return {};
  },

  async verify({name}, context) {
    const left = await remainsOf(await dockerClient(context), name);
    if (left.length === 0) return {ok: true, outputs: {}};
    return {ok: false, expected: `nothing of stack "${name}"`, found: left.join(', ')};
  },

  changes: (_, context) => dockerEvents(context, {type: ['service', 'network', 'container']}),

  shell: {
    check: ({name}, site) =>
      sh`[ -z "$(${dockerCommand(site)} service ls -q --filter ${`label=com.docker.stack.namespace=${name}`})" ]`,
  },
});
