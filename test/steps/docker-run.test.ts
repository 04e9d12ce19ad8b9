import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {variable} from '../../engine/sh.ts';
import dockerRun from '../../steps/docker-run.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, IMAGE} from '../docker-rig.ts';
import {manyTexts} from '../engine/byte-strings.ts';
import {SEED} from '../random.ts';
import {container} from './docker-run-container.ts';

const test = suite('docker.run');
const withEngine = engineTest(test);

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

test.run();
