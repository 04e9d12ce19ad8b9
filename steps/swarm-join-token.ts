import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';

const options = v.strictObject({
  role: v.optional(
    v.pipe(v.picklist(['worker', 'manager']), v.description('What a node becomes that joins with this token')),
    'worker',
  ),
});
type Options = v.InferOutput<typeof options>;

interface Tokens {
  readonly JoinTokens: {readonly Worker: string; readonly Manager: string};
}

const command = ({role}: Options, site: Site): string => sh`${dockerCommand(site)} swarm join-token -q ${role}`;

/** The token with which engines join this manager's swarm: whoever has it can join, so it is shown to nobody. */
export default defineStepType({
  name: 'swarm.join_token',
  about: 'Reads the token with which engines join this manager’s swarm; it is a secret, never shown and never stored.',
  options,
  outputs: v.object({token: v.pipe(v.string(), v.description('The token; a secret, for `swarm.join`'))}),
  effect: 'reads',
  secretOutputs: ['token'],
  command,

  async run({role}, context) {
    const docker = await dockerClient(context);
    const {JoinTokens: tokens}: Tokens = await docker.ask((api) => api.swarmInspect());
    return {token: role === 'manager' ? tokens.Manager : tokens.Worker};
  },

  shell: {outputs: {token: command}},
});
