import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import swarmNode from '../../steps/swarm-node.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {formSwarm, startService, swarmTest} from '../swarm-rig.ts';

const test = suite('swarm.node');
const withEngine = engineTest(test);

withEngine(
  'labels a node beside the labels that it has, and undo takes back just that',
  swarmTest(async (rig) => {
    const node = await formSwarm(rig);
    await docker(rig, `node update --label-add zone=north --label-add rack=1 ${node}`);
    const labelled = step(swarmNode, {node, labels: {role: 'web', rack: 2}});
    const labels = () => docker(rig, `node inspect -f '{{json .Spec.Labels}}' ${node}`);

    const before = await labelled.verdict(rig.context());
    await labelled.run(rig.context());
    const during = await labels();
    await labelled.undo(rig.context());

    assert.equal(before, {ok: false, expected: 'role=web, rack=2', found: 'role=(none), rack=1'});
    assert.equal(JSON.parse(during), {zone: 'north', rack: '2', role: 'web'});
    assert.equal(JSON.parse(await labels()), {zone: 'north', rack: '1'});
  }),
);

withEngine(
  'holds for a drained node only when its tasks have left',
  swarmTest(async (rig) => {
    const node = await formSwarm(rig);
    await startService(rig, rig.unique, '');
    const drained = step(swarmNode, {node, availability: 'drain'});

    await drained.run(rig.context());
    const atOnce = await drained.verdict(rig.context());
    await rig.until(async () => (await drained.verdict(rig.context())).ok);

    assert.match(atOnce.ok ? '' : atOnce.found, /^there is still task \w+$/);
    await rig.until(
      async () => (await docker(rig, `ps -q --filter label=com.docker.swarm.service.name=${rig.unique}`)) === '',
    );
    await drained.undo(rig.context());
    assert.is(await docker(rig, `node inspect -f '{{.Spec.Availability}}' ${node}`), 'active');
  }),
);

withEngine(
  'has the same effect as its command line',
  swarmTest(async (rig) => {
    const node = await formSwarm(rig);
    const one = step(swarmNode, {node, availability: 'pause', labels: {role: 'web', tier: 'front end'}});

    await one.prove(rig);

    assert.is((await rig.sh(swarmNode.shell?.check?.(one.options, rig.context()) ?? 'false')).code, 0);
  }),
);

withEngine(
  'names the nodes that there are when it is given another',
  swarmTest(async (rig) => {
    const node = await formSwarm(rig);

    const error = await failureOf(step(swarmNode, {node: 'nobody', availability: 'drain'}).run(rig.context()));

    assert.is(error.message, 'the swarm has no node "nobody"');
    assert.is(error.details.found, node);
  }),
);

test.run();
