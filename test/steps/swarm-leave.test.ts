import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import swarmLeave from '../../steps/swarm-leave.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {swarmTest} from '../swarm-rig.ts';

const test = suite('swarm.leave');
const withEngine = engineTest(test);

withEngine(
  'takes a manager out only by force, and holds where there is no swarm',
  swarmTest(async (rig) => {
    await docker(rig, 'swarm init --advertise-addr 127.0.0.1');
    const gently = step(swarmLeave, {});
    const before = await gently.verdict(rig.context());

    const error = await failureOf(gently.run(rig.context()));
    await step(swarmLeave, {force: true}).run(rig.context());
    await gently.run(rig.context());

    assert.match(error.message, /leaves it only by force/);
    assert.equal(before, {ok: false, expected: 'it is in no swarm', found: 'it is a manager at 127.0.0.1'});
    assert.ok((await gently.verdict(rig.context())).ok);
  }),
);

withEngine(
  'has the same effect as its command line',
  swarmTest(async (rig) => {
    await docker(rig, 'swarm init --advertise-addr 127.0.0.1');
    await step(swarmLeave, {force: true}).prove(rig);
  }),
);

test.run();
