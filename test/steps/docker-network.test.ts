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
  'lets containers choose their addresses where that is asked for, on a free subnet',
  dockerTest(async (rig) => {
    const fixed = network(rig, {fixed_addresses: true});

    await fixed.prove(rig);
    await docker(rig, `network rm ${rig.unique}`);
    const {subnet, gateway} = await fixed.run(rig.context());
    assert.match(gateway, /\.1$/);
    const again = await fixed.verdict(rig.context());

    assert.ok(again.ok && again.outputs.subnet === subnet);
    const upper = subnet.replace(/^(\d+\.\d+)\..*/, '$1');
    const half = subnet.endsWith('/16')
      ? `${upper}.200.7`
      : `${subnet.split('.').slice(0, 2).join('.')}.${Number(subnet.split('.')[2]) + 15}.7`;
    await docker(rig, `run --rm --name ${rig.unique} --network ${rig.unique} --ip ${half} ${IMAGE} true`);
    const any = network(rig);
    assert.ok((await any.verdict(rig.context())).ok, 'whoever does not ask for it takes it as well');
  }),
);

withEngine(
  'divides a given subnet for fixed addresses, too',
  dockerTest(async (rig) => {
    const fixed = network(rig, {subnet: '10.231.81.0/24', fixed_addresses: true});
    await fixed.prove(rig);
    await docker(rig, `network rm ${rig.unique}`);

    const {gateway} = await fixed.run(rig.context());

    assert.is(gateway, '10.231.81.1');
    const range = `network inspect -f '{{(index .IPAM.Config 0).IPRange}}' ${rig.unique}`;
    assert.is(await docker(rig, range), '10.231.81.0/25');
  }),
);

withEngine(
  'goes on where an earlier attempt had only found out which subnet is free',
  dockerTest(async (rig) => {
    await network(rig).run(rig.context());

    await network(rig, {fixed_addresses: true}).run(rig.context());

    assert.ok((await network(rig, {fixed_addresses: true}).verdict(rig.context())).ok);
    await docker(rig, `network rm ${rig.unique}`);
    await docker(rig, `network create ${rig.unique}`);
    const error = await failureOf(network(rig, {fixed_addresses: true}).run(rig.context()));
    assert.is(error.details.code, 'name-taken');
    assert.is(error.details.expected, 'bridge fixed addresses');
  }),
);

withEngine(
  'takes what arrives late of an attempt that was killed, and makes no second network',
  dockerTest(async (rig) => {
    const running = network(rig).run(rig.context({attempt: 2}));
    await docker(rig, `network create ${rig.unique}`);

    const {id} = await running;

    assert.is(await docker(rig, `network ls -q --no-trunc --filter name=${rig.unique}`), id);
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
