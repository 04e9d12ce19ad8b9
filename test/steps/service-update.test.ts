import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import serviceUpdate from '../../steps/service-update.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';
import {formSwarm, type SwarmRig, startService, swarmTest} from '../swarm-rig.ts';

const test = suite('service.update');
const withEngine = engineTest(test);

const start = async (rig: SwarmRig, flags = ''): Promise<void> => {
  await formSwarm(rig);
  await startService(rig, rig.unique, `-e KEPT=1 -e MODE=loud --label tier=front ${flags}`);
};
const update = (rig: StepRig, options: object) => step(serviceUpdate, {name: rig.unique, ...options});
const env = (rig: StepRig): Promise<string> =>
  docker(rig, `service inspect -f '{{json .Spec.TaskTemplate.ContainerSpec.Env}}' ${rig.unique}`);

withEngine(
  'changes what is given and nothing else, waits until the new tasks run, and undo puts back what was there',
  swarmTest(async (rig) => {
    await start(rig);
    const quiet = update(rig, {env: {MODE: 'quiet'}, labels: {stage: 2}, replicas: 2});

    const before = await quiet.verdict(rig.context());
    await quiet.run(rig.context());
    const atOnce = await quiet.verdict(rig.context());
    await rig.until(async () => (await quiet.verdict(rig.context())).ok);
    const during = await env(rig);
    await quiet.undo(rig.context());

    assert.is(before.ok ? '' : before.found, 'replicas: 1; env MODE: set to another value; label stage: none');
    assert.not.ok(atOnce.ok);
    assert.equal(JSON.parse(during), ['KEPT=1', 'MODE=quiet']);
    assert.equal(JSON.parse(await env(rig)), ['KEPT=1', 'MODE=loud']);
    const restored = update(rig, {env: {MODE: 'loud'}, replicas: 1});
    await rig.until(async () => (await restored.verdict(rig.context())).ok);
    const labels = await docker(rig, `service inspect -f '{{json .Spec.Labels}}' ${rig.unique}`);
    assert.equal(JSON.parse(labels), {tier: 'front'});
  }),
);

withEngine(
  'has the same effect as its command line',
  swarmTest(async (rig) => {
    await start(rig);
    await docker(rig, `tag ${IMAGE} runbook/test:${rig.unique}`);
    rig.cleanup(() => rig.sh(`docker service rm ${rig.unique}; docker rmi -f runbook/test:${rig.unique}`));

    // Docker watches new tasks for 5 s more before it calls an update complete
    const prove = async (options: object): Promise<void> => {
      const one = update(rig, options);
      const {code, stderr} = await rig.sh(one.command(rig.context()));
      assert.is(code, 0, stderr);
      await rig.until(async () => (await one.verdict(rig.context())).ok);
    };

    await prove({
      image: `runbook/test:${rig.unique}`,
      command: ['sleep', '2000'],
      env: {GREETING: 'hello world'},
      constraints: ['node.role==manager'],
      max_replicas_per_node: 3,
      restart: 'on-failure',
      mounts: ['/etc:/mnt/etc:ro'],
      labels: {stage: 'two'},
      container_labels: {team: 'web'},
      replicas: 2,
    });
    await prove({replicas: 1, publish: [{published: 18092, target: 80}], endpoint_mode: 'dnsrr'});
  }),
);

withEngine(
  'says which service is not there, and that a global one has no replicas',
  swarmTest(async (rig) => {
    await start(rig, '--mode global');

    const absent = await failureOf(step(serviceUpdate, {name: 'nobody', replicas: 2}).run(rig.context()));
    const global = await failureOf(update(rig, {replicas: 2}).run(rig.context()));

    assert.is(absent.message, 'the swarm has no service "nobody"');
    assert.match(global.message, /is global/);
  }),
);

test.run();
