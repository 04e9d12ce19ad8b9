import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {objectName} from './clients/docker-run-options.ts';
import {findService, removeService} from './clients/services.ts';

const options = v.strictObject({name: v.pipe(objectName, v.description('The service’s name'))});

/** There is no such service, and nothing of it runs any more. */
export default defineStepType({
  name: 'service.remove',
  about: 'Removes a service from the swarm, and waits until its containers have ended.',
  options,
  outputs: v.object({}),
  effect: 'converges',

  // the command fails where there is none
  command: ({name}, site) => sh`${dockerCommand(site)} service rm ${name}`,

  async run({name}, context) {
    const docker = await dockerClient(context);
    const found = await findService(docker, name);
    if (found) await removeService(docker, found, context.signal);
    return {};
  },

  async verify({name}, context) {
    const docker = await dockerClient(context);
    const found = await findService(docker, name);
    if (found) return {ok: false, expected: `no service "${name}"`, found: 'it is there'};
    return {ok: true, outputs: {}};
  },

  changes: (_, context) => dockerEvents(context, {type: ['service']}),

  shell: {check: ({name}, site) => sh`! ${dockerCommand(site)} service inspect ${name} >/dev/null 2>&1`},
});
