import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import swarmJoinToken from '../../steps/swarm-join-token.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {swarmTest} from '../swarm-rig.ts';

const test = suite('swarm.join_token');
const withEngine = engineTest(test);

withEngine(
  'reads the token of a role as its command line prints it, prints nothing, and calls it a secret',
  swarmTest(async (rig) => {
    await docker(rig, 'swarm init --advertise-addr 127.0.0.1');
    for (const role of ['worker', 'manager'] as const) {
      const one = step(swarmJoinToken, {role});
      const {token} = await one.run(rig.context());
      const {stdout} = await rig.sh(one.command(rig.context()));
      assert.match(token, /^SWMTKN-1-/);
      assert.is(stdout.trim(), token);
    }
    assert.is(rig.printed(), '');
    assert.equal(swarmJoinToken.secretOutputs, ['token']);
  }),
);

withEngine(
  'says so where the engine manages no swarm',
  swarmTest(async (rig) => {
    const error = await failureOf(step(swarmJoinToken, {}).run(rig.context()));

    assert.is(error.details.code, 'not-a-manager');
    assert.match(error.details.next ?? '', /swarm\.init/);
  }),
);

test.run();
