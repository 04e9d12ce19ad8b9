import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {variable} from '../../engine/sh.ts';
import dockerRun from '../../steps/docker-run.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';
import {manyTexts} from '../engine/byte-strings.ts';
import {SEED} from '../random.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('docker.run');
const withEngine = engineTest(test);

const SLEEP = ['sleep', '1000'];
const container = (rig: StepRig, options: object = {}) =>
  step(dockerRun, {name: rig.unique, image: IMAGE, command: SLEEP, ...options});

withEngine(
  'starts a container that carries our labels, and tells its id and address',
  dockerTest(async (rig) => {
    const web = container(rig);

    const outputs = await web.run(rig.context());

    assert.is(outputs.id, await docker(rig, `inspect -f '{{.Id}}' ${rig.unique}`));
    assert.is(outputs.ip, await docker(rig, `inspect -f '{{.NetworkSettings.IPAddress}}' ${rig.unique}`));
    assert.is(await docker(rig, `inspect -f '{{index .Config.Labels "io.runbook.run"}}' ${rig.unique}`), rig.unique);
    assert.equal(await web.verdict(rig.context()), {ok: true, outputs});
  }),
);

withEngine(
  'has the same effect as its command line',
  dockerTest(async (rig) => {
    await container(rig).prove(rig);
  }),
);

withEngine(
  'hands every text to the container unchanged, run or typed, as a word, a variable or a label',
  dockerTest(async (rig) => {
    const texts = manyTexts(30, SEED);
    const named = Object.fromEntries(texts.map((text, index) => [`T${index}`, text]));
    const script = `for word; do printf '%s\\0' "$word"; done > /words; sleep 1000`;
    const options = {command: ['sh', '-c', script, 'sh', ...texts], env: named, labels: named};
    const arrived = async (name: string): Promise<void> => {
      const found = JSON.parse(await docker(rig, `inspect ${name}`))[0];
      assert.equal(found.Args.slice(3), texts);
      for (const [key, text] of Object.entries(named)) {
        assert.ok(found.Config.Env.includes(`${key}=${text}`), JSON.stringify(text));
        assert.is(found.Config.Labels[key], text);
      }
    };

    const ran = container(rig, {...options, name: `${rig.unique}-ran`});
    await ran.run(rig.context());
    await arrived(`${rig.unique}-ran`);

    const typed = container(rig, {...options, name: `${rig.unique}-typed`});
    await typed.prove(rig);
    await arrived(`${rig.unique}-typed`);
    const words = await rig.sh(`docker exec ${rig.unique}-typed cat /words`);
    assert.ok(words.stdout === texts.map((text) => `${text}\0`).join(''), JSON.stringify(words.stdout));
  }),
);

withEngine(
  'has the same effect as its command line, with every option',
  dockerTest(async (rig) => {
    await docker(rig, `network create --subnet 10.231.77.0/24 ${rig.unique}-net`);
    const web = container(rig, {
      name: `${rig.unique}-web`,
      command: ['-c', `echo "it's up"; exec sleep 1000`],
      entrypoint: 'sh',
      hostname: 'web.example',
      env: {GREETING: 'hello world', COUNT: 3},
      ports: ['18080:80', '127.0.0.1:18053:53/udp', '81'],
      volumes: ['./data:/data:ro', `${rig.unique}-vol:/vol`, '/anonymous'],
      network: `${rig.unique}-net`,
      aliases: ['front'],
      ip: '10.231.77.9',
      restart: 'on-failure:3',
      labels: {tier: 'front'},
      user: '0:0',
      workdir: '/tmp',
      cap_add: ['NET_ADMIN'],
      cap_drop: ['MKNOD'],
      security_opt: ['seccomp=unconfined', 'systempaths=unconfined'],
      cgroupns: 'private',
      device_cgroup_rules: ['c 1:3 rw'],
      tmpfs: ['/run:size=1m', '/var/run'],
      extra_hosts: ['other:10.231.77.10'],
      init: false,
      tty: true,
      interactive: true,
      health_cmd: 'true',
      health_interval: '100ms',
    });
    await rig.sh('mkdir data');
    rig.cleanup(() => rig.sh(`docker volume rm ${rig.unique}-vol`));

    const line = await rig.sh(web.command(rig.context()));
    assert.is(line.code, 0, line.stderr);
    await untilHolds(() => web.verdict(rig.context()));
    await docker(rig, `rm -f -v ${rig.unique}-web`);
    const outputs = await web.run(rig.context());
    await untilHolds(() => web.verdict(rig.context()));

    assert.is(outputs.ip, '10.231.77.9');
    assert.is(outputs.ports['80/tcp'], 18080);
    assert.ok((outputs.ports['81/tcp'] ?? 0) > 1024);
  }),
);

const untilHolds = async (look: () => Promise<{ok: boolean}>): Promise<void> => {
  let last: unknown;
  for (let looks = 0; looks < 50; looks += 1) {
    const verdict = await look();
    if (verdict.ok) return;
    last = verdict;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.unreachable(JSON.stringify(last));
};

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

withEngine(
  'waits for health where it is asked for',
  dockerTest(async (rig) => {
    const web = container(rig, {health_cmd: 'test -e /ready', health_interval: '100ms'});
    await web.run(rig.context());
    const before = await web.verdict(rig.context());

    await docker(rig, `exec ${rig.unique} touch /ready`);

    assert.match(before.ok ? '' : before.found, 'its health is "');
    await untilHolds(() => web.verdict(rig.context()));
  }),
);

withEngine(
  'tells of changes of its container only',
  dockerTest(async (rig) => {
    const web = container(rig);
    await web.run(rig.context());
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const controller = new AbortController();
    rig.cleanup(() => controller.abort());
    const changes = dockerRun.changes?.(web.options, rig.context({signal: controller.signal}))[Symbol.asyncIterator]();
    let told = false;
    const next = changes?.next().then(({done}) => (told = !done));
    await docker(rig, `run -d --name other-${rig.unique} ${IMAGE} sleep 1000`);
    assert.not.ok(told);

    await docker(rig, `kill ${rig.unique}`);
    await next;

    assert.ok(told);
    controller.abort();
    while (!(await changes?.next())?.done);
  }),
);

withEngine(
  'shows a secret as a variable that the environment hands on',
  dockerTest(async (rig) => {
    const line = container(rig, {env: {TOKEN: variable('token')}}).command(rig.context());

    assert.is(line, `TOKEN="$token" docker run -d --name ${rig.unique} -e TOKEN ${IMAGE} sleep 1000`);
    const {code} = await rig.sh(line, {token: 's3cret'});
    assert.is(code, 0);
    assert.match(await docker(rig, `inspect -f '{{.Config.Env}}' ${rig.unique}`), 'TOKEN=s3cret');
  }),
);

withEngine(
  'renders a check and outputs that a shell script can use',
  dockerTest(async (rig) => {
    const web = container(rig);
    const check = dockerRun.shell?.check?.(web.options, rig.context()) ?? '';
    assert.is.not((await rig.sh(check)).code, 0);

    const {ip, id} = await web.run(rig.context());

    assert.is((await rig.sh(check)).code, 0);
    assert.is((await rig.sh(dockerRun.shell?.outputs?.ip?.(web.options, rig.context()) ?? '')).stdout.trim(), ip);
    assert.is((await rig.sh(dockerRun.shell?.outputs?.id?.(web.options, rig.context()) ?? '')).stdout.trim(), id);
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
