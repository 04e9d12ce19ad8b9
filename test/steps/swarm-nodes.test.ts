import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import swarmNodes from '../../steps/swarm-nodes.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {formSwarm, joinAll, startNodes, swarmTest} from '../swarm-rig.ts';

const test = suite('swarm.nodes');
const withEngine = engineTest(test);

withEngine(
  'lists what its command line lists, as the same table',
  swarmTest(async (rig) => {
    const node = await formSwarm(rig);
    await docker(rig, `node update --label-add role=web ${node}`);
    const one = step(swarmNodes, {});

    const {nodes, ready, managers, leader} = await one.run(rig.context());

    const {stdout} = await rig.sh(one.command(rig.context()));
    assert.is(rig.printed().replace(/ +$/gm, ''), stdout.replace(/ +$/gm, ''));
    assert.equal([ready, managers, leader], [[node], [node], node]);
    assert.is(nodes[0]?.role, 'manager');
    assert.is(nodes[0]?.address, '127.0.0.1');
    assert.equal(nodes[0]?.labels, {role: 'web'});
    await rig.proveOutputs(swarmNodes, {}, {nodes, ready, managers, leader});
  }),
);

withEngine(
  'tells which nodes are ready when one is lost',
  swarmTest(async (rig) => {
    const nodes = await startNodes(rig, ['swarm-master', 'swarm-agent-00', 'swarm-agent-01']);
    await joinAll(rig, nodes);
    const on = rig.context({env: nodes[0]?.env ?? {}});
    const look = () => step(swarmNodes, {}).run(on);
    await rig.until(async () => (await look()).ready.length === 3);

    await nodes[2]?.stop();
    await rig.until(async () => (await look()).ready.length === 2);

    const found = await look();
    assert.equal(found.ready, ['swarm-agent-00', 'swarm-master']);
    assert.is(found.leader, 'swarm-master');
    assert.equal(
      found.nodes.map(({hostname, status, address}) => `${hostname} ${status} ${address}`),
      ['swarm-agent-00 ready 10.213.77.2', 'swarm-agent-01 down 10.213.77.3', 'swarm-master ready 10.213.77.1'],
    );
  }),
);

withEngine(
  'says so on an engine that manages no swarm',
  swarmTest(async (rig) => {
    const error = await failureOf(step(swarmNodes, {}).run(rig.context()));
    assert.is(error.details.code, 'not-a-manager');
  }),
);

test.run();
