/** Whatever the tutorial has made, finished or not, is gone after `cleanup`; what belongs to others is not. */
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';
import {hasTools} from '../tools.ts';
import {tutorialTest} from '../tutorial-rig.ts';

const test = suite('cleanup');
const onEngine = hasTools('curl', 'dig', 'jq') ? engineTest(test) : test.skip;

onEngine(
  'removes machines, Consul and all that goes with them, once somebody has said yes, and has nothing to do afterwards',
  tutorialTest(async (tutorial) => {
    const before = await tutorial.reality();
    const machines = await tutorial.runbook('run', 'machines');
    assert.is(machines.code, 0, machines.stderr);
    const consul = await tutorial.runbook('run', 'consul-cluster', '--until', 'members');
    assert.is(consul.code, 0, consul.stderr);
    const made = await tutorial.reality();
    assert.ok(made.containers.length >= before.containers.length + 8, made.containers.join(' '));

    const asked = await tutorial.runbook('run', 'cleanup');
    assert.is(asked.code, 1);
    for (const name of ['swarm-master', 'swarm-agent-00', 'swarm-agent-01', 'consul-server1', 'registry'])
      assert.match(asked.stderr, new RegExp(`Remove .*${name}`));
    assert.equal(await tutorial.reality(), made, 'nobody has said yes');

    const cleaned = await tutorial.runbook('resume', '--yes');
    assert.is(cleaned.code, 0, cleaned.stderr);
    assert.equal(await tutorial.reality(), before);
    assert.is((await tutorial.runbook('status')).code, 0);

    const again = await tutorial.runbook('run', 'cleanup');
    assert.is(again.code, 0, 'with nothing to remove there is nothing to ask');
  }),
);

onEngine(
  'leaves nothing of a cluster whose run was killed at any moment',
  tutorialTest(async (tutorial) => {
    const before = await tutorial.reality();
    for (const delayMs of [1500, 3500, 6500]) {
      const live = tutorial.start('run', 'dev-token-cluster');
      await sleep(delayMs);
      live.signal('SIGKILL');
      await live.ended;

      const cleaned = await tutorial.runbook('run', 'cleanup', '--yes');

      assert.is(cleaned.code, 0, `${delayMs} ms: ${cleaned.stderr}`);
      assert.equal(await tutorial.reality(), before, `${delayMs} ms`);
    }
  }),
);

onEngine(
  'removes a machine of which only a part is left',
  tutorialTest(async (tutorial) => {
    const before = await tutorial.reality();
    const made = await tutorial.runbook('run', 'machines', '--set', 'mirror=false');
    assert.is(made.code, 0, made.stderr);
    await tutorial.sh('rm -r "$XDG_DATA_HOME/runbook/machines/swarm-master"');
    await tutorial.sh('docker context rm -f swarm-master; docker rm -f -v swarm-agent-00 swarm-agent-01');
    await tutorial.sh('rm -r "$XDG_DATA_HOME/runbook/machines/swarm-agent-01"');

    const cleaned = await tutorial.runbook('run', 'cleanup', '--yes');

    assert.is(cleaned.code, 0, cleaned.stderr);
    assert.equal(await tutorial.reality(), before);
  }),
);

onEngine(
  'leaves what belongs to a stranger, and names it',
  tutorialTest(async (tutorial) => {
    const run = 'docker run -d --network none';
    await tutorial.sh(`${run} --name swarm-master runbook/busybox:1 sleep 600`);
    await tutorial.sh(`${run} --name registry runbook/registry:2`);
    await tutorial.sh(`${run} --name consul-server1 runbook/busybox:1 sleep 600`);
    await tutorial.sh('docker context create swarm-agent-00 --docker host=ssh://me@rack-4');
    const before = await tutorial.reality();

    const cleaned = await tutorial.runbook('run', 'cleanup', '--yes');

    assert.is(cleaned.code, 0, cleaned.stderr);
    assert.equal(await tutorial.reality(), before);
    for (const name of ['swarm-master', 'registry', 'consul-server1', 'the Docker context swarm-agent-00'])
      assert.match(cleaned.stderr, `${name} stays: it belongs to somebody else`);
  }),
);

test.run();
