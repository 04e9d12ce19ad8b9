import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, IMAGE} from '../docker-rig.ts';
import {container} from './docker-run-container.ts';

const test = suite('docker.run: undo');
const withEngine = engineTest(test);

withEngine(
  'takes back the volumes that it has made, and no other',
  dockerTest(async (rig) => {
    rig.cleanup(() => rig.sh(`docker volume ls -q --filter name=${rig.unique} | xargs -r docker volume rm`));
    const volumes = (): Promise<string> => docker(rig, `volume ls -q --filter name=${rig.unique}`);
    await docker(rig, `volume create ${rig.unique}-kept`);
    const web = container(rig, {volumes: [`${rig.unique}-new:/new`, `${rig.unique}-kept:/kept`]});
    await web.run(rig.context());

    await web.undo(rig.context({isMadeAnew: true}));
    assert.is(await volumes(), `${rig.unique}-kept\n${rig.unique}-new`, 'data stays for the next container');

    await web.run(rig.context());
    await docker(rig, `run -d --name ${rig.unique}-user -v ${rig.unique}-new:/new ${IMAGE} sleep 1000`);
    assert.equal(await web.undo(rig.context()), {
      stays: `volume ${rig.unique}-new stays: another container uses it`,
    });

    await docker(rig, `rm -f ${rig.unique}-user`);
    assert.is(await web.undo(rig.context()), undefined);
    assert.is(await volumes(), `${rig.unique}-kept`);
  }),
);

withEngine(
  'removes on undo what it made, with anonymous volumes, and succeeds when it is gone',
  dockerTest(async (rig) => {
    const web = container(rig, {volumes: ['/data']});
    await web.run(rig.context());
    const volume = await docker(rig, `inspect -f '{{range .Mounts}}{{.Name}}{{end}}' ${rig.unique}`);

    await web.undo(rig.context());
    await web.undo(rig.context());

    assert.is(await docker(rig, `ps -aq --filter name=${rig.unique}`), '');
    assert.is(await docker(rig, `volume ls -q --filter name=${volume}`), '');
  }),
);

test.run();
