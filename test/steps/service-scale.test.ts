import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import serviceScale from '../../steps/service-scale.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {formSwarm, startService, swarmTest} from '../swarm-rig.ts';

const test = suite('service.scale');
const withEngine = engineTest(test);

withEngine(
  'runs as many tasks as wanted, and undo as many as before',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await startService(rig, rig.unique, '--replicas 2');
    const three = step(serviceScale, {name: rig.unique, replicas: 3});
    const two = step(serviceScale, {name: rig.unique, replicas: 2});

    const before = await three.verdict(rig.context());
    await three.run(rig.context());
    await rig.until(async () => (await three.verdict(rig.context())).ok);
    await three.undo(rig.context());
    await rig.until(async () => (await two.verdict(rig.context())).ok);

    assert.equal(before, {ok: false, expected: `3 tasks of service "${rig.unique}"`, found: '2 are wanted'});
    // what is too many has ended when the step holds
    assert.is((await docker(rig, `ps -q --filter name=${rig.unique}`)).split('\n').length, 2);
  }),
);

withEngine(
  'has the same effect as its command line',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await startService(rig, rig.unique, '');
    for (const replicas of [2, 0]) {
      const one = step(serviceScale, {name: rig.unique, replicas});
      const {code, stderr} = await rig.sh(one.command(rig.context()));
      assert.is(code, 0, stderr);
      await rig.until(async () => (await one.verdict(rig.context())).ok);
      assert.is((await rig.sh(serviceScale.shell?.check?.(one.options, rig.context()) ?? 'false')).code, 0);
    }
  }),
);

withEngine(
  'refuses a global service',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await startService(rig, rig.unique, '--mode global');

    const error = await failureOf(step(serviceScale, {name: rig.unique, replicas: 3}).run(rig.context()));

    assert.is(error.name, 'PermanentError');
    assert.match(error.message, /is global/);
  }),
);

test.run();
