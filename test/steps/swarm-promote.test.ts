import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import swarmPromote from '../../steps/swarm-promote.ts';
import {engineTest} from '../docker-engine.ts';
import {failureOf, step} from '../docker-rig.ts';
import {joinAll, type SwarmNode, startNodes, swarmTest} from '../swarm-rig.ts';

const test = suite('swarm.promote');
const withEngine = engineTest(test);

withEngine(
  'makes a worker a manager that takes part, and undo a worker again, as its command lines do',
  swarmTest(async (rig) => {
    const nodes = await startNodes(rig, ['swarm-master', 'swarm-agent-00']);
    await joinAll(rig, nodes);
    const [master] = nodes as [SwarmNode];
    const on = rig.context({env: master.env});
    const promoted = step(swarmPromote, {node: 'swarm-agent-00'});
    const demoted = step(swarmPromote, {node: 'swarm-agent-00', role: 'worker'});

    const before = await promoted.verdict(on);
    await promoted.run(on);
    await rig.until(async () => (await promoted.verdict(on)).ok);
    await promoted.undo(on);
    await rig.until(async () => (await demoted.verdict(on)).ok);

    assert.equal(before, {
      ok: false,
      expected: '"swarm-agent-00" manages the swarm',
      found: 'it is to be a worker',
    });
    for (const one of [promoted, demoted]) {
      const {code, stderr} = await rig.sh(one.command(on), master.env);
      assert.is(code, 0, stderr);
      await rig.until(async () => (await one.verdict(on)).ok);
      assert.is((await rig.sh(swarmPromote.shell?.check?.(one.options, on) ?? 'false', master.env)).code, 0);
    }
  }),
);

withEngine(
  'asks for an id where a lost node has come back under its old name',
  swarmTest(async (rig) => {
    const nodes = await startNodes(rig, ['swarm-master', 'swarm-agent-00']);
    const [master, agent] = nodes as [SwarmNode, SwarmNode];
    await joinAll(rig, nodes);
    await rig.sh('docker swarm leave', agent.env);
    await joinAll(rig, nodes);
    const on = rig.context({env: master.env});

    const error = await failureOf(step(swarmPromote, {node: 'swarm-agent-00'}).run(on));

    assert.is(error.message, 'the swarm has 2 nodes of the name "swarm-agent-00"');
    assert.match(error.details.found ?? '', /\(ready\)/);
  }),
);

test.run();
