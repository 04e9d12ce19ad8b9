import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import machineSsh from '../../steps/machine-ssh.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE, step} from '../docker-rig.ts';
import {machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.ssh');
const withEngine = engineTest(test);

withEngine(
  'runs a command on the machine, word by word',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(rig.context());
    const ssh = (command: string[]) => step(machineSsh, {name, command});

    const {stdout} = await ssh(['sh', '-c', "ps | grep '[d]ockerd'"]).run(rig.context());

    assert.match(stdout, /dockerd -H unix:\/\/ -H tcp:\/\/0\.0\.0\.0:2376 .*--tlsverify/);
    assert.is((await ssh(['echo', "it's", 'a b']).run(rig.context())).stdout, "it's a b\n");
    const typed = await rig.sh(ssh(['echo', "it's", 'a  b']).command(rig.context()));
    assert.is(typed.stdout, "it's a  b\n");
    const failed = await failureOf(ssh(['sh', '-c', 'echo why >&2; exit 3']).run(rig.context()));
    assert.match(failed.message, /exited with code 3/);
    assert.is(failed.details.found, 'why');
    await docker(rig, `run -d --name ${rig.unique}-stranger ${IMAGE} sleep 1000`);
    const stranger = step(machineSsh, {name: `${rig.unique}-stranger`, command: ['true']});
    assert.match((await failureOf(stranger.run(rig.context()))).message, /there is no machine/);
  }),
);

test('has a line that opens a shell on the machine, by each driver', () => {
  const enter = (given: {driver?: 'docker' | 'ssh' | 'docker-machine'; host?: string}) =>
    machineSsh.enter?.line(step(machineSsh, {name: 'm1', command: ['true'], ...given}).options, {
      on: undefined,
      dir: '/',
      cwd: '/',
    });

  assert.is(enter({}), 'docker exec -it m1 sh');
  assert.is(enter({driver: 'ssh', host: 'me@far:2222'}), 'ssh -p 2222 me@far');
  assert.is(enter({driver: 'docker-machine'}), 'docker-machine ssh m1');
});

test.run();
