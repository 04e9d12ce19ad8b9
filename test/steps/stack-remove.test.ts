import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import stackRemove from '../../steps/stack-remove.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, IMAGE, step} from '../docker-rig.ts';
import {formSwarm, type SwarmRig, swarmTest} from '../swarm-rig.ts';

const test = suite('stack.remove');
const withEngine = engineTest(test);

const deploy = async (rig: SwarmRig): Promise<void> => {
  const service = `{image: "${IMAGE}", init: true, command: sleep 1000}`;
  await writeFile(join(rig.dir, 'shop.yml'), `version: "3.8"\nservices: {web: ${service}}\n`);
  await docker(rig, `stack deploy --resolve-image never -c shop.yml ${rig.unique}`);
  await rig.until(async () => (await docker(rig, `ps -q --filter name=${rig.unique}`)) !== '');
};

withEngine(
  'removes a stack, and is done when nothing of it is left; one that is not there is no failure',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await deploy(rig);
    const one = step(stackRemove, {name: rig.unique});

    const before = await one.verdict(rig.context());
    await one.run(rig.context());
    const after = await one.verdict(rig.context());
    await one.run(rig.context());

    assert.match(
      before.ok ? '' : before.found,
      new RegExp(`^service ${rig.unique}_web, network ${rig.unique}_default, a task$`),
    );
    assert.equal(after, {ok: true, outputs: {}});
    assert.is(await docker(rig, `ps -aq --filter name=${rig.unique}`), '');
    assert.is(await docker(rig, `network ls -q --filter name=${rig.unique}`), '');
  }),
);

withEngine(
  'has the same effect as its command line',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await deploy(rig);
    const one = step(stackRemove, {name: rig.unique});

    const {code, stderr} = await rig.sh(one.command(rig.context()));

    assert.is(code, 0, stderr);
    await rig.until(async () => (await one.verdict(rig.context())).ok);
    assert.is((await rig.sh(stackRemove.shell?.check?.(one.options, rig.context()) ?? 'false')).code, 0);
  }),
);

test.run();
