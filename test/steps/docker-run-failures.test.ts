import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE} from '../docker-rig.ts';
import {container} from './docker-run-container.ts';

const test = suite('docker.run: what goes wrong');
const withEngine = engineTest(test);

withEngine(
  'says with which code a container ended, and its last words',
  dockerTest(async (rig) => {
    const web = container(rig, {command: ['sh', '-c', 'echo no such flag >&2; exit 7']});
    await web.run(rig.context());
    await docker(rig, `wait ${rig.unique}`);

    const verdict = await web.verdict(rig.context());

    assert.equal(verdict.ok ? '' : verdict.found, 'it exited with code 7:\nno such flag');
  }),
);

withEngine(
  'names the port that is in use and who holds it, and leaves nothing behind',
  dockerTest(async (rig) => {
    await docker(rig, `run -d --name ${rig.unique}-holder -p 18083:80 ${IMAGE} sleep 1000`);

    const error = await failureOf(container(rig, {ports: ['18083:8080']}).run(rig.context()));

    assert.is(error.details.code, 'port-taken');
    assert.is(error.message, `port 18083 is in use by container "${rig.unique}-holder"`);
    assert.is(await docker(rig, `ps -aq --filter name=^/${rig.unique}$`), '');
  }),
);

withEngine(
  'fails in seconds when its image is not here and no registry answers',
  dockerTest(async (rig) => {
    const error = await failureOf(container(rig, {image: 'nosuch.invalid/image:1'}).run(rig.context()));

    assert.is(error.details.code, 'registry-unreachable');
  }),
);

withEngine(
  'says which network is missing',
  dockerTest(async (rig) => {
    const error = await failureOf(container(rig, {network: `${rig.unique}-none`}).run(rig.context()));

    assert.is(error.message, `there is no network "${rig.unique}-none"`);
    assert.is(await docker(rig, `ps -aq --filter name=${rig.unique}`), '');
  }),
);

test.run();
