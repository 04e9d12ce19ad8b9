import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import composeDown from '../../steps/compose-down.ts';
import {composeTest} from '../compose-rig.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('compose.down');
const withEngine = engineTest(test);

const up = async (rig: StepRig): Promise<void> => {
  const service = `{image: "${IMAGE}", init: true, command: sleep 1000, volumes: ["data:/data"]}`;
  await writeFile(join(rig.dir, 'shop.yml'), `services: {web: ${service}}\nvolumes: {data: {}}\n`);
  await docker(rig, `compose -f shop.yml -p ${rig.unique} up -d`);
};

withEngine(
  'removes a project’s containers and networks, and its volumes only when they are meant too',
  composeTest(async (rig) => {
    await up(rig);
    const down = step(composeDown, {project: rig.unique});
    const all = step(composeDown, {project: rig.unique, volumes: true});

    const before = await down.verdict(rig.context());
    await down.run(rig.context());
    const kept = await all.verdict(rig.context());
    await up(rig);
    await all.run(rig.context());
    await all.run(rig.context());

    assert.is(before.ok ? '' : before.found, `container ${rig.unique}-web-1, network ${rig.unique}_default`);
    assert.is(kept.ok ? '' : kept.found, `volume ${rig.unique}_data`);
    assert.ok((await all.verdict(rig.context())).ok);
    assert.is((await rig.sh(composeDown.shell?.check?.(all.options, rig.context()) ?? 'false')).code, 0);
  }),
);

withEngine(
  'has the same effect as its command line',
  composeTest(async (rig) => {
    await up(rig);
    const check = composeDown.shell?.check?.({project: rig.unique, volumes: true}, rig.context()) ?? 'true';
    assert.is((await rig.sh(check)).code, 1);

    await step(composeDown, {project: rig.unique, volumes: true}).prove(rig);

    assert.is((await rig.sh(check)).code, 0);
  }),
);

test.run();
