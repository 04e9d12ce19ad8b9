import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import serviceRemove from '../../steps/service-remove.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, step} from '../docker-rig.ts';
import {formSwarm, startService, swarmTest} from '../swarm-rig.ts';

const test = suite('service.remove');
const withEngine = engineTest(test);

withEngine(
  'removes a service, and is done when its containers are gone; one that is not there is no failure',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await startService(rig, rig.unique, '--replicas 2');
    const one = step(serviceRemove, {name: rig.unique});

    const before = await one.verdict(rig.context());
    await one.run(rig.context());

    assert.equal(before, {ok: false, expected: `no service "${rig.unique}"`, found: 'it is there'});
    assert.is(await docker(rig, `ps -aq --filter name=${rig.unique}`), '');
    assert.ok((await one.verdict(rig.context())).ok);
    await one.run(rig.context());
  }),
);

withEngine(
  'has the same effect as its command line',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await startService(rig, rig.unique, '');
    const one = step(serviceRemove, {name: rig.unique});

    await one.prove(rig);

    assert.is((await rig.sh(serviceRemove.shell?.check?.(one.options, rig.context()) ?? 'false')).code, 0);
  }),
);

test.run();
