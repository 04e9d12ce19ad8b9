import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerNetwork from '../../steps/docker-network.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('docker.network');
const withEngine = engineTest(test);

const network = (rig: StepRig, options: object = {}) => step(dockerNetwork, {name: rig.unique, ...options});

withEngine(
  'makes a network on a free subnet, with our labels, and tells its gateway',
  dockerTest(async (rig) => {
    const outputs = await network(rig).run(rig.context());

    assert.match(outputs.subnet, /^[\d.]+\/\d+$/);
    assert.match(outputs.gateway, /^[\d.]+$/);
    assert.is(await docker(rig, `network inspect -f '{{index .Labels "io.runbook.run"}}' ${rig.unique}`), rig.unique);
    assert.equal(await network(rig).verdict(rig.context()), {ok: true, outputs});
    const {id} = await network(rig).run(rig.context());
    assert.is(id, outputs.id);
  }),
);

withEngine(
  'has the same effect as its command line',
  dockerTest(async (rig) => {
    await network(rig, {subnet: '10.231.78.0/24', internal: true, attachable: true}).prove(rig);
  }),
);

withEngine(
  'refuses a network of that name on another subnet',
  dockerTest(async (rig) => {
    await docker(rig, `network create --subnet 10.231.79.0/24 ${rig.unique}`);
    const other = network(rig, {subnet: '10.231.80.0/24'});

    const error = await failureOf(other.run(rig.context()));

    assert.is(error.details.code, 'name-taken');
    assert.is(error.details.found, 'bridge 10.231.79.0/24');
    assert.not.ok((await other.verdict(rig.context())).ok);
    assert.is((await failureOf(Promise.resolve(other.undo(rig.context())))).details.code, 'name-taken');
  }),
);

withEngine(
  'removes it on undo, and names the containers that keep it',
  dockerTest(async (rig) => {
    await network(rig).run(rig.context());
    await docker(rig, `run -d --name ${rig.unique}-user --network ${rig.unique} ${IMAGE} sleep 1000`);

    const error = await failureOf(Promise.resolve(network(rig).undo(rig.context())));
    await docker(rig, `rm -f ${rig.unique}-user`);
    await network(rig).undo(rig.context());
    await network(rig).undo(rig.context());

    assert.is(error.details.found, `${rig.unique}-user`);
    assert.not.ok((await network(rig).verdict(rig.context())).ok);
  }),
);

test.run();
