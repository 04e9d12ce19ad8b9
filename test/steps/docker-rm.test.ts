import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerRm from '../../steps/docker-rm.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('docker.rm');
const withEngine = engineTest(test);

/** Two containers on a network, of which one carries our label, and both images are the tests'. */
const scene = async (rig: StepRig): Promise<void> => {
  await docker(rig, `network create ${rig.unique}-net`);
  await docker(rig, `run -d --name ${rig.unique}-a --network ${rig.unique}-net -v /data ${IMAGE} sleep 1000`);
  await docker(rig, `run -d --name ${rig.unique}-b -l io.runbook.run=x ${IMAGE} sleep 1000`);
};

const all = (rig: StepRig, options: object = {}) =>
  step(dockerRm, {containers: [`${rig.unique}-a`, `${rig.unique}-b`], networks: [`${rig.unique}-net`], ...options});

withEngine(
  'removes containers, their anonymous volumes and networks, and nothing is there to remove the second time',
  dockerTest(async (rig) => {
    await scene(rig);
    const volume = await docker(rig, `inspect -f '{{range .Mounts}}{{.Name}}{{end}}' ${rig.unique}-a`);

    const first = await all(rig).run(rig.context());
    const second = await all(rig).run(rig.context());

    assert.equal(first.removed, [`${rig.unique}-a`, `${rig.unique}-b`, `${rig.unique}-net`]);
    assert.equal(second, {removed: [], kept: []});
    assert.ok((await all(rig).verdict(rig.context())).ok);
    assert.is(await docker(rig, `volume ls -q --filter name=${volume}`), '');
  }),
);

withEngine(
  'has the same effect as its command line',
  dockerTest(async (rig) => {
    await scene(rig);
    await all(rig).prove(rig);
  }),
);

withEngine(
  'spares a container that has neither our label nor one of our images, and the network that it uses',
  dockerTest(async (rig) => {
    await scene(rig);
    const ours = all(rig, {only_images: ['runbook/consul:1.8.7']});
    const before = await ours.verdict(rig.context());

    const outputs = await ours.run(rig.context());

    assert.is(before.ok ? '' : before.found, `there is ${rig.unique}-b`);
    assert.equal(outputs, {removed: [`${rig.unique}-b`], kept: [`${rig.unique}-a`, `${rig.unique}-net`]});
    assert.ok((await ours.verdict(rig.context())).ok);
    assert.is(await docker(rig, `inspect -f '{{.State.Running}}' ${rig.unique}-a`), 'true');
  }),
);

withEngine(
  'spares the same by its command line',
  dockerTest(async (rig) => {
    await scene(rig);
    await all(rig, {only_images: ['runbook/consul:1.8.7']}).prove(rig);
    assert.is(await docker(rig, `ps -a --filter name=${rig.unique} --format '{{.Names}}'`), `${rig.unique}-a`);

    await all(rig, {only_images: [IMAGE]}).prove(rig);
    assert.is(await docker(rig, `ps -aq --filter name=${rig.unique}`), '');
  }),
);

withEngine(
  'names the container that keeps a network',
  dockerTest(async (rig) => {
    await scene(rig);

    const error = await failureOf(step(dockerRm, {networks: [`${rig.unique}-net`]}).run(rig.context()));

    assert.is(error.details.found, `${rig.unique}-a`);
  }),
);

test.run();
