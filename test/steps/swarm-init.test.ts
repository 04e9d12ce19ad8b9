import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import swarmInit from '../../steps/swarm-init.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {swarmTest} from '../swarm-rig.ts';

const test = suite('swarm.init');
const withEngine = engineTest(test);

const init = (options: object = {}) => step(swarmInit, {advertise_addr: '127.0.0.1', ...options});

withEngine(
  'makes the engine the first manager of a swarm, once',
  swarmTest(async (rig) => {
    const outputs = await init().run(rig.context());

    assert.is(outputs.manager_address, '127.0.0.1:2377');
    assert.is(outputs.node_id, await docker(rig, "info -f '{{.Swarm.NodeID}}'"));
    assert.is(outputs.cluster_id, await docker(rig, "info -f '{{.Swarm.Cluster.ID}}'"));
    assert.equal(await init().verdict(rig.context()), {ok: true, outputs});
    assert.equal(await init().run(rig.context()), outputs);
  }),
);

withEngine(
  'has the same effect as its command line, and tells in shell what it hands on',
  swarmTest(async (rig) => {
    const one = init({availability: 'drain'});
    await one.prove(rig);

    const verdict = await one.verdict(rig.context());
    assert.ok(verdict.ok);
    for (const [name, value] of Object.entries(verdict.outputs)) {
      const line = swarmInit.shell?.outputs?.[name as 'node_id']?.(one.options, rig.context()) ?? '';
      assert.is((await rig.sh(line)).stdout.trim(), value);
    }
    assert.is((await rig.sh(swarmInit.shell?.check?.(one.options, rig.context()) ?? 'false')).code, 0);
  }),
);

withEngine(
  'changes the availability of a manager that is there',
  swarmTest(async (rig) => {
    await docker(rig, 'swarm init --advertise-addr 127.0.0.1');
    const drained = init({availability: 'drain'});

    const before = await drained.verdict(rig.context());
    await drained.run(rig.context());

    assert.equal(before, {
      ok: false,
      expected: 'a manager at 127.0.0.1 with availability drain',
      found: 'its availability is active',
      partial: 'incomplete',
    });
    assert.ok((await drained.verdict(rig.context())).ok);
  }),
);

withEngine(
  'refuses an engine that manages a swarm at another address',
  swarmTest(async (rig) => {
    await docker(rig, 'swarm init --advertise-addr 127.0.0.1');
    const other = init({advertise_addr: '192.0.2.7'});

    const error = await failureOf(other.run(rig.context()));

    assert.is(error.details.code, 'wrong-swarm');
    assert.is(error.details.found, 'it is a manager at 127.0.0.1');
    assert.not.ok((await other.verdict(rig.context())).ok);
  }),
);

withEngine(
  'takes its swarm apart on undo, and no other',
  swarmTest(async (rig) => {
    await init().run(rig.context());
    await init().undo(rig.context());
    await init().undo(rig.context());
    assert.is(await docker(rig, "info -f '{{.Swarm.LocalNodeState}}'"), 'inactive');

    await docker(rig, 'swarm init --advertise-addr 127.0.0.1');
    await init().undo(rig.context());
    assert.is(await docker(rig, "info -f '{{.Swarm.LocalNodeState}}'"), 'active');
  }),
);

test.run();
