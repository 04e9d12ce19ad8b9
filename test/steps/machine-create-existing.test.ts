import {setTimeout as pause} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';
import {docker, IMAGE} from '../docker-rig.ts';
import {contextOf, MACHINE_IMAGE, machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.create: a machine that is there');
const withEngine = engineTest(test);

withEngine(
  'keeps its address and its data when it is stopped or killed, and is started again',
  machineTest(async (rig) => {
    const first = machine(rig);
    const made = await first.run(rig.context());
    const {name} = made;
    await docker(rig, `--context ${name} volume create kept`);
    for (const end of ['stop', 'kill']) {
      await docker(rig, `${end} ${name}`);
      await docker(rig, `run -d --name ${rig.unique}-${end} --network ${rig.unique} ${IMAGE} sleep 1000`);
      assert.not.ok((await first.verdict(rig.context())).ok);

      assert.equal(await first.run(rig.context()), made);

      assert.is(await docker(rig, `--context ${name} volume ls -q`), 'kept');
      assert.ok((await first.verdict(rig.context())).ok);
    }
  }),
);

withEngine(
  'is taken up where an attempt was ended in the middle',
  machineTest(async (rig) => {
    const {name} = machine(rig).options;
    const context = contextOf(rig, 'm1');
    const abort = new AbortController();
    const cut = machine(rig)
      .run({...context, signal: abort.signal})
      .catch((error) => error);
    while ((await docker(rig, `ps -aq --filter name=${name}`)) === '') await pause(5);
    abort.abort('killed');
    assert.is(await cut, 'killed');
    const id = await docker(rig, `inspect -f '{{.Id}}' ${name}`);

    const {ip} = await machine(rig).run(context);

    assert.is(await docker(rig, `inspect -f '{{.Id}}' ${name}`), id, 'the same container');
    const address = '{{range .NetworkSettings.Networks}}{{.IPAMConfig.IPv4Address}}{{end}}';
    assert.is(await docker(rig, `inspect -f '${address}' ${name}`), ip);
    assert.ok((await machine(rig).verdict(context)).ok);
  }),
);

withEngine(
  'makes its keys and its context anew when they are lost',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(rig.context());
    const kept = await docker(rig, `inspect -f '{{.Id}}' ${name}`);
    for (const loss of [
      `docker context rm ${name}`,
      `rm -r data/runbook`,
      `rm data/runbook/machines/${name}/key.pem`,
    ]) {
      await rig.sh(loss);
      assert.not.ok((await machine(rig).verdict(rig.context())).ok, loss);

      await machine(rig).run(rig.context());

      const verdict = await machine(rig).verdict(rig.context());
      assert.ok(verdict.ok, `${loss}: ${JSON.stringify(verdict)}`);
    }
    assert.is(await docker(rig, `inspect -f '{{.Id}}' ${name}`), kept);
  }),
);

withEngine(
  'makes anew what an attempt that was killed has left before it ran',
  machineTest(async (rig) => {
    const name = `${rig.unique}-m1`;
    const flags = `-h ${name} --network ${rig.unique} -v /var/lib/docker -l io.runbook.machine=${name} --privileged`;
    await docker(rig, `create --name ${name} ${flags} --cgroupns private ${MACHINE_IMAGE}`);

    await machine(rig).run(rig.context());

    assert.ok((await machine(rig).verdict(rig.context())).ok);
  }),
);

test.run();
