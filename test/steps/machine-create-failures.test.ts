import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.create: what goes wrong');
const withEngine = engineTest(test);

withEngine(
  'says at once why an engine does not start',
  machineTest(async (rig) => {
    const error = await failureOf(machine(rig, 'm1', {engine_flags: ['--no-such-flag']}).run(rig.context()));

    assert.match(error.details.found ?? '', /no-such-flag/);
    assert.not.match(error.message, /did not answer within/, 'it was waited for in vain');
  }),
);

withEngine(
  'leaves a container, a context and a machine of somebody else alone',
  machineTest(async (rig) => {
    const name = `${rig.unique}-m1`;
    await docker(rig, `run -d --name ${name} ${IMAGE} sleep 1000`);
    const container = await failureOf(machine(rig).run(rig.context()));
    await machine(rig).undo(rig.context());
    assert.is(await docker(rig, `inspect -f '{{.State.Running}}' ${name}`), 'true');
    await docker(rig, `rm -f ${name}`);

    await docker(rig, `context create ${name} --docker host=tcp://10.1.2.3:2376`);
    const context = await failureOf(machine(rig).run(rig.context()));
    await machine(rig).undo(rig.context());
    assert.is(await docker(rig, `context inspect -f '{{.Endpoints.docker.Host}}' ${name}`), 'tcp://10.1.2.3:2376');
    assert.is(await docker(rig, `ps -aq --filter name=${name}`), '', 'nothing was made');
    await docker(rig, `context rm ${name}`);

    await machine(rig).run(rig.context());
    const other = contextOf(rig, 'other', {labels: {'io.runbook.run': 'another'}});
    const made = await failureOf(machine(rig, 'm1', {labels: {role: 'web'}}).run(other));

    for (const error of [container, context, made]) assert.is(error.details.code, 'name-taken');
    assert.match(made.details.expected ?? '', /role=web/);
  }),
);

withEngine(
  'says what is missing of the network',
  machineTest(async (rig) => {
    const none = await failureOf(machine(rig, 'm1', {network: `${rig.unique}-none`}).run(rig.context()));
    await docker(rig, `network create ${rig.unique}-plain`);
    const plain = await failureOf(machine(rig, 'm2', {network: `${rig.unique}-plain`}).run(rig.context()));

    assert.match(none.details.next ?? '', /docker.network/);
    assert.match(plain.details.next ?? '', /fixed_addresses/);
    assert.is(await docker(rig, `ps -aq --filter name=${rig.unique}`), '');
  }),
);

test.run();
