import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE} from '../docker-rig.ts';
import {container, SLEEP} from './docker-run-container.ts';

const test = suite('docker.run: a container that is there');
const withEngine = engineTest(test);

withEngine(
  'adopts a container of the same name and configuration, whoever made it',
  dockerTest(async (rig) => {
    const id = await docker(rig, `run -d --name ${rig.unique} ${IMAGE} sleep 1000`);

    const {id: adopted} = await container(rig).run(rig.context());

    assert.is(adopted, id);
  }),
);

withEngine(
  'refuses the name of a stranger’s container and names the differences',
  dockerTest(async (rig) => {
    await docker(rig, `run -d --name ${rig.unique} -e TOKEN=secret -p 18081:80 ${IMAGE} sleep 2000`);
    const web = container(rig);

    const error = await failureOf(web.run(rig.context()));

    assert.is(error.details.code, 'name-taken');
    assert.is(error.name, 'PermanentError');
    assert.match(error.message, 'not made by runbook');
    assert.match(error.details.expected ?? '', 'command: sleep 1000');
    assert.match(error.details.found ?? '', 'command: sleep 2000; ports: 0.0.0.0:18081->80/tcp; env TOKEN: set');
    assert.not.match(error.details.found ?? '', 'secret');
    const undone = await failureOf(Promise.resolve(web.undo(rig.context())));
    assert.is(undone.details.code, 'name-taken');
    assert.is(await docker(rig, `inspect -f '{{.State.Running}}' ${rig.unique}`), 'true');
  }),
);

withEngine(
  'notices each kind of difference',
  dockerTest(async (rig) => {
    const web = container(rig);
    await web.run(rig.context());

    const other: Record<string, object> = {
      command: {command: ['sleep', '1', '000']},
      entrypoint: {entrypoint: 'sh'},
      hostname: {hostname: 'other'},
      'env A': {env: {A: 'b'}},
      ports: {ports: ['18082:80']},
      volumes: {volumes: ['/data']},
      restart: {restart: 'always'},
      'label a': {labels: {a: 'b'}},
      user: {user: 'nobody'},
      workdir: {workdir: '/tmp'},
      cap_add: {cap_add: ['NET_RAW']},
      security_opt: {security_opt: ['systempaths=unconfined']},
      device_cgroup_rules: {device_cgroup_rules: ['c 1:3 rw']},
      tmpfs: {tmpfs: ['/run']},
      init: {init: true},
      tty: {tty: true},
      network: {network: 'host'},
    };
    for (const [name, options] of Object.entries(other)) {
      const verdict = await container(rig, options).verdict(rig.context());
      assert.not.ok(verdict.ok, name);
      if (!verdict.ok) assert.match(verdict.expected, `${name}: `);
    }
  }),
);

withEngine(
  'starts a stopped container again, so that what it holds survives',
  dockerTest(async (rig) => {
    const web = container(rig);
    const {id} = await web.run(rig.context());
    await docker(rig, `exec ${rig.unique} sh -c 'echo kept >/kept'`);
    await docker(rig, `stop -t 0 ${rig.unique}`);
    const stopped = await web.verdict(rig.context());

    const again = await web.run(rig.context());

    assert.not.ok(stopped.ok);
    assert.is(again.id, id);
    assert.is(await docker(rig, `exec ${rig.unique} cat /kept`), 'kept');
  }),
);

withEngine(
  'goes on from a container that was made and never started, and from a paused one',
  dockerTest(async (rig) => {
    const web = container(rig);
    const id = await docker(rig, `create --name ${rig.unique} ${IMAGE} sleep 1000`);
    const created = await web.verdict(rig.context());
    assert.match(created.ok ? '' : created.found, 'it was never started');
    assert.is((await web.run(rig.context())).id, id);

    await docker(rig, `pause ${rig.unique}`);
    assert.not.ok((await web.verdict(rig.context())).ok);
    await web.run(rig.context());

    assert.ok((await web.verdict(rig.context())).ok);
  }),
);

withEngine(
  'makes its own container anew when its options have changed',
  dockerTest(async (rig) => {
    const {id} = await container(rig).run(rig.context());

    const changed = await container(rig, {command: ['sleep', '2000']}).run(rig.context());

    assert.is.not(changed.id, id);
  }),
);

withEngine(
  'waits for a container that an attempt which was killed had asked for, and for one that is being removed',
  dockerTest(async (rig) => {
    const web = container(rig, {});
    const attempts = Array.from({length: 4}, () => web.run(rig.context()));

    const ids = (await Promise.all(attempts)).map(({id}) => id);
    assert.is(new Set(ids).size, 1);

    await Promise.all(
      Array.from({length: 4}, async () => {
        await web.undo(rig.context());
        assert.not.ok((await web.verdict(rig.context())).ok);
      }),
    );
    assert.is(await docker(rig, `ps -aq --filter name=${rig.unique}`), '');
  }),
);

withEngine(
  'tells what is there in part: run completes it, or only time is missing',
  dockerTest(async (rig) => {
    const web = container(rig, {health_cmd: 'test -e /tmp/up', health_interval: '1s'});
    const partOf = async () => {
      const verdict = await web.verdict(rig.context());
      return verdict.ok ? 'all' : verdict.partial;
    };
    assert.is(await partOf(), undefined, 'nothing is there');

    // As an attempt leaves it that is killed between making and starting it.
    await docker(
      rig,
      `create --name ${rig.unique} --health-cmd 'test -e /tmp/up' --health-interval 1s ${IMAGE} ${SLEEP.join(' ')}`,
    );
    assert.is(await partOf(), 'incomplete');
    const {id} = await web.run(rig.context());
    assert.is(await partOf(), 'underway');
    await docker(rig, `exec ${rig.unique} touch /tmp/up`);
    for (let tries = 0; tries < 100 && (await partOf()) !== 'all'; tries++) await sleep(200);

    assert.is(await partOf(), 'all');
    assert.is(id, await docker(rig, `inspect -f '{{.Id}}' ${rig.unique}`), 'it was started, not made anew');
    await docker(rig, `pause ${rig.unique}`);
    assert.is(await partOf(), 'incomplete');
    await docker(rig, `rm -f ${rig.unique}`);
    await docker(rig, `create --name ${rig.unique} ${IMAGE} true`);
    assert.is(await partOf(), undefined, 'another container is no part of it');
  }),
);

test.run();
