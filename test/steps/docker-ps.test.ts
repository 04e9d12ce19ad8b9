import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerPs from '../../steps/docker-ps.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, IMAGE, step} from '../docker-rig.ts';

const test = suite('docker.ps');
const withEngine = engineTest(test);

withEngine(
  'lists what its command line lists, as the same table',
  dockerTest(async (rig) => {
    await docker(rig, `run -d --name ${rig.unique}-web -p 127.0.0.1:18084:80 -l tier=front ${IMAGE} sleep 1000`);
    await docker(rig, `create --name ${rig.unique}-off ${IMAGE} sleep 1000`);

    const running = step(dockerPs, {filter: {name: rig.unique, label: ['tier=front']}});
    const all = step(dockerPs, {all: true, filter: {name: rig.unique}});
    const {containers, names} = await running.run(rig.context());

    assert.equal(names, [`${rig.unique}-web`]);
    assert.is(containers[0]?.ports, '127.0.0.1:18084->80/tcp');
    assert.is(containers[0]?.state, 'running');
    assert.equal((await all.run(rig.context())).names, [`${rig.unique}-off`, `${rig.unique}-web`]);
    const columns = (text: string) =>
      text
        .replace(/\d+ seconds? ago|Less than a second ago|About a minute ago/g, 'AGO')
        .replace(/Up .*? second(s?)|Up Less than a second/g, 'UP');
    const words = (text: string) => columns(text).replace(/ {2,}/g, '  ');
    const {stdout} = await rig.sh(running.command(rig.context()));
    assert.ok(words(rig.printed()).startsWith(words(stdout)), `${stdout}\n${rig.printed()}`);
  }),
);

withEngine(
  'finds nothing where there is nothing',
  dockerTest(async (rig) => {
    const outputs = await step(dockerPs, {filter: {name: rig.unique}}).run(rig.context());

    assert.equal(outputs, {containers: [], names: []});
    assert.match(rig.printed(), /^CONTAINER ID .* NAMES\n$/);
  }),
);

test.run();
