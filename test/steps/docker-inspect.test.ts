import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerInspect from '../../steps/docker-inspect.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';

const test = suite('docker.inspect');
const withEngine = engineTest(test);

withEngine(
  'tells a container’s address, and prints what its command line prints',
  dockerTest(async (rig) => {
    await docker(rig, `network create ${rig.unique}`);
    await docker(rig, `run -d --name ${rig.unique} --network ${rig.unique} ${IMAGE} sleep 1000`);

    for (const network of [undefined, rig.unique]) {
      const look = step(dockerInspect, {name: rig.unique, show: 'ip', network});
      const outputs = await look.run(rig.context());
      const {stdout} = await rig.sh(look.command(rig.context()));
      assert.match(outputs.ip ?? '', /^[\d.]+$/);
      assert.is(stdout, `${outputs.ip}\n`);
      assert.ok(rig.printed().endsWith(stdout));
      assert.ok(outputs.running);
      assert.is(outputs.image, IMAGE);
    }
  }),
);

withEngine(
  'looks at images, networks and volumes',
  dockerTest(async (rig) => {
    await docker(rig, `network create ${rig.unique}`);
    await docker(rig, `volume create ${rig.unique}`);
    rig.cleanup(() => rig.sh(`docker volume rm ${rig.unique}`));

    for (const [kind, name] of [
      ['image', IMAGE],
      ['network', rig.unique],
      ['volume', rig.unique],
    ] as const) {
      const look = step(dockerInspect, {kind, name});
      const {json} = await look.run(rig.context());
      const [same] = JSON.parse((await rig.sh(look.command(rig.context()))).stdout);
      assert.equal(json, same);
    }
  }),
);

withEngine(
  'says what is not there',
  dockerTest(async (rig) => {
    for (const kind of ['container', 'image', 'network', 'volume'] as const) {
      const error = await failureOf(step(dockerInspect, {kind, name: `${rig.unique}-none`}).run(rig.context()));
      assert.is(error.message, `there is no ${kind} "${rig.unique}-none"`);
    }
  }),
);

test.run();
