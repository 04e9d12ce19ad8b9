import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, StepError} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {leaveSwarm, membershipOf, membershipText} from './clients/swarm.ts';

const options = v.strictObject({
  force: v.optional(
    v.pipe(
      v.boolean(),
      v.description('Also as a manager; when it is the last one, the swarm is gone with its services'),
    ),
    false,
  ),
});

/** This engine is in no swarm. */
export default defineStepType({
  name: 'swarm.leave',
  about: 'Takes this engine out of its swarm, which shows it as down until a manager removes it.',
  options,
  outputs: v.object({}),
  effect: 'converges',

  // the command fails where there is nothing to leave
  command: ({force}, site) => sh`${dockerCommand(site)} swarm leave ${force ? ['--force'] : []}`,

  async run({force}, context) {
    await leaveSwarm(await dockerClient(context), force).catch((error) => {
      if (!/participating as a manager/i.test(error.message)) throw error;
      throw new StepError('this engine is a manager of the swarm, and leaves it only by force', {
        next: 'demote it first (uses: swarm.promote, with role: worker), or say force: true',
        cause: error,
      });
    });
    return {};
  },

  async verify(_, context) {
    const found = await membershipOf(await dockerClient(context));
    if (found.LocalNodeState === 'inactive') return {ok: true, outputs: {}};
    return {ok: false, expected: 'it is in no swarm', found: membershipText(found)};
  },

  shell: {
    check: (_, site) => sh`[ "$(${dockerCommand(site)} info -f '{{.Swarm.LocalNodeState}}')" = inactive ]`,
  },
});
