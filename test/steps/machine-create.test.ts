import {once} from 'node:events';
import {readdir, readFile, stat, writeFile} from 'node:fs/promises';
import {type AddressInfo, connect, createServer} from 'node:net';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {isShortOfCapabilities} from '../../steps/clients/machines/privileges.ts';
import dockerPull from '../../steps/docker-pull.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE, step} from '../docker-rig.ts';
import {contextOf, MACHINE_IMAGE, machine, machineTest} from '../machine-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('machine.create');
const withEngine = engineTest(test);

/** Every file and folder below a folder, with its permissions. */
const tree = async (folder: string): Promise<Record<string, string>> => {
  const names = await readdir(folder, {recursive: true}).catch(() => []);
  const modes = names.map(async (name) => [name, ((await stat(join(folder, name))).mode & 0o777).toString(8)]);
  return Object.fromEntries(await Promise.all(modes));
};

/** What Docker has of a rig: containers, volumes that nobody uses, contexts. */
const leftovers = async (rig: StepRig): Promise<string> =>
  [
    await docker(rig, `ps -aq --filter name=${rig.unique}`),
    await docker(rig, 'volume ls -q'),
    await docker(rig, `context ls -q`),
  ].join('|');

withEngine(
  'makes machines at once, which the docker command reaches by contexts of their names',
  machineTest(async (rig) => {
    const names = ['m1', 'm2', 'm3'];
    const contexts = names.map((name) => contextOf(rig, name));

    const made = await Promise.all(
      names.map((name, index) => machine(rig, name).run(contexts[index] ?? rig.context())),
    );

    assert.is(new Set(made.map(({ip}) => ip)).size, 3, 'an address each');
    for (const {name, ip, url, context} of made) {
      assert.is(url, `tcp://${ip}:2376`);
      assert.is(context, name);
      assert.is(await docker(rig, `--context ${name} info --format '{{.Name}} {{.Containers}}'`), `${name} 0`);
    }
    assert.is(await docker(rig, 'context show'), 'default', 'the current context stays');
    for (const [index, name] of names.entries()) {
      assert.equal(await machine(rig, name).verdict(contexts[index] ?? rig.context()), {
        ok: true,
        outputs: made[index],
      });
    }
  }),
);

test('tries no privileged container where this host itself may have no more resources than it has', () => {
  const status = (bounds: string): string => `Name:\tnode\nCapEff:\t0000000000000000\nCapBnd:\t${bounds}\nCapAmb:\t0\n`;
  assert.ok(isShortOfCapabilities(status('000001fffeffffff')));
  assert.not.ok(isShortOfCapabilities(status('000001ffffffffff')), 'a host of its own');
  assert.not.ok(isShortOfCapabilities(status('00000000a80425fb')), 'a container that may use an engine elsewhere');
  assert.not.ok(isShortOfCapabilities(''), 'another system');
});

/** The engine of a rig as a host elsewhere offers it, by TCP. */
const relayed = async (rig: StepRig): Promise<string> => {
  const socket = (rig.context().env.DOCKER_HOST ?? '').replace('unix://', '');
  const server = createServer((client) => {
    const engine = connect(socket);
    client.pipe(engine).pipe(client);
    client.on('error', () => {}).on('close', () => engine.destroy());
    engine.on('error', () => {}).on('close', () => client.destroy());
    rig.cleanup(() => void client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  rig.cleanup(() => void server.close());
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

withEngine(
  'asks an engine of whose host it knows nothing for privileges, and does with less where these are refused',
  machineTest(async (rig) => {
    const env = {...rig.context().env, DOCKER_HOST: await relayed(rig)};
    for (const [name, asks] of [
      ['m1', true],
      ['m2', false],
    ] as const) {
      let printed = '';
      const context = contextOf(rig, name, {env, output: (text) => void (printed += text)});
      const made = await machine(rig, name).run(context);

      assert.is(await docker(rig, `--context ${made.name} info --format '{{.Name}}'`), made.name);
      const isPrivileged = (await docker(rig, `inspect -f '{{.HostConfig.Privileged}}' ${made.name}`)) === 'true';
      if (isPrivileged) assert.not.match(printed, 'refused');
      else
        assert.match(
          printed,
          asks ? '--privileged is refused here (Docker says' : '--privileged would be refused here',
        );
    }
  }),
);

withEngine(
  'keeps its keys where only their owner reads them, and lets nobody in without one',
  machineTest(async (rig) => {
    const {name, url} = await machine(rig).run(rig.context());

    const modes = await tree(join(rig.dir, 'data'));
    const tls = await tree(join(rig.dir, 'docker', 'contexts', 'tls'));
    for (const [path, mode] of [...Object.entries(modes), ...Object.entries(tls)]) {
      assert.is(mode, /\.pem$|\.json$|\/\.addresses\/./.test(path) ? '600' : '700', path);
    }
    const keys = Object.keys(modes).filter((path) => path.endsWith('key.pem'));
    assert.is(keys.length, 3, 'the authority’s, the client’s and the server’s');
    const without = await rig.sh(`curl -sS -k ${url.replace('tcp', 'https')}/version`);
    assert.match(without.stderr, /certificate required|bad certificate|alert/i);
    const plain = await rig.sh(`curl -sS ${url.replace('tcp', 'http')}/version`);
    assert.match(plain.stdout, /HTTP request to an HTTPS server/);
    const folder = join(rig.dir, 'data', 'runbook', 'machines', name);
    const right = await rig.sh(
      `curl -sS --cacert ${folder}/ca.pem --cert ${folder}/cert.pem --key ${folder}/key.pem ${url.replace('tcp', 'https')}/version`,
    );
    assert.match(right.stdout, /"ApiVersion"/);
  }),
);

withEngine(
  'has the same effect as its command lines, with a given address and without',
  machineTest(async (rig) => {
    const ip = (await docker(rig, `network inspect -f '{{(index .IPAM.Config 0).Gateway}}' ${rig.unique}`)).replace(
      /\.1$/,
      '.77',
    );
    // Where --privileged is refused, nothing but the longer line can be pasted.
    await machine(rig, 'm1', {privileged: false}).prove(rig);
    await machine(rig, 'm2', {
      privileged: false,
      ip,
      registry_mirror: 'http://registry:5000',
      labels: {role: 'web'},
    }).prove(rig);

    const labels = await docker(
      rig,
      `--context ${rig.unique}-m2 info --format '{{.Labels}} {{.RegistryConfig.Mirrors}}'`,
    );
    assert.match(labels, /role=web.*http:\/\/registry:5000/);
  }),
);

withEngine(
  'gives its engine flags, labels, a mirror and an environment',
  machineTest(async (rig) => {
    const given = machine(rig, 'm1', {
      engine_flags: ['--insecure-registry', '10.9.8.0/24'],
      registry_mirror: 'http://registry:5000',
      labels: {role: 'web', size: 3},
      engine_env: {HTTP_PROXY: 'http://proxy:3128'},
    });
    const {context} = await given.run(rig.context());

    const info = await docker(rig, `--context ${context} info --format '{{json .}}'`);
    const {Labels, RegistryConfig, HttpProxy} = JSON.parse(info);
    assert.ok(Labels.includes('role=web') && Labels.includes('size=3'));
    assert.ok(RegistryConfig.Mirrors.includes('http://registry:5000/'));
    assert.ok(RegistryConfig.InsecureRegistryCIDRs.includes('10.9.8.0/24'));
    assert.is(HttpProxy, 'http://proxy:3128');
    assert.ok((await given.verdict(rig.context())).ok);
    const other = await machine(rig, 'm1', {labels: {role: 'web', size: 3}}).verdict(rig.context());
    assert.not.ok(other.ok, 'the whole configuration counts');
  }),
);

withEngine(
  'publishes its engine on loopback where its address cannot be reached',
  machineTest(async (rig) => {
    const given = machine(rig, 'm1', {port: 12376});

    const {url, ip} = await given.run(rig.context());

    assert.is(url, 'tcp://127.0.0.1:12376');
    assert.match(ip, /^\d+\.\d+\.\d+\.\d+$/);
    assert.is(await docker(rig, `--context ${rig.unique}-m1 info --format '{{.Name}}'`), `${rig.unique}-m1`);
    assert.ok((await given.verdict(rig.context())).ok);
  }),
);

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
  'says at once why an engine does not start',
  machineTest(async (rig) => {
    const error = await failureOf(machine(rig, 'm1', {engine_flags: ['--no-such-flag']}).run(rig.context()));

    assert.match(error.details.found ?? '', /no-such-flag/);
    assert.not.match(error.message, /did not answer within/, 'it was waited for in vain');
  }),
);

withEngine(
  'leaves a container, a context and a machine of somebody else alone',
  machineTest(async (rig) => {
    const name = `${rig.unique}-m1`;
    await docker(rig, `run -d --name ${name} ${IMAGE} sleep 1000`);
    const container = await failureOf(machine(rig).run(rig.context()));
    await machine(rig).undo(rig.context());
    assert.is(await docker(rig, `inspect -f '{{.State.Running}}' ${name}`), 'true');
    await docker(rig, `rm -f ${name}`);

    await docker(rig, `context create ${name} --docker host=tcp://10.1.2.3:2376`);
    const context = await failureOf(machine(rig).run(rig.context()));
    await machine(rig).undo(rig.context());
    assert.is(await docker(rig, `context inspect -f '{{.Endpoints.docker.Host}}' ${name}`), 'tcp://10.1.2.3:2376');
    assert.is(await docker(rig, `ps -aq --filter name=${name}`), '', 'nothing was made');
    await docker(rig, `context rm ${name}`);

    await machine(rig).run(rig.context());
    const other = contextOf(rig, 'other', {labels: {'io.runbook.run': 'another'}});
    const made = await failureOf(machine(rig, 'm1', {labels: {role: 'web'}}).run(other));

    for (const error of [container, context, made]) assert.is(error.details.code, 'name-taken');
    assert.match(made.details.expected ?? '', /role=web/);
  }),
);

withEngine(
  'says what is missing of the network',
  machineTest(async (rig) => {
    const none = await failureOf(machine(rig, 'm1', {network: `${rig.unique}-none`}).run(rig.context()));
    await docker(rig, `network create ${rig.unique}-plain`);
    const plain = await failureOf(machine(rig, 'm2', {network: `${rig.unique}-plain`}).run(rig.context()));

    assert.match(none.details.next ?? '', /docker.network/);
    assert.match(plain.details.next ?? '', /fixed_addresses/);
    assert.is(await docker(rig, `ps -aq --filter name=${rig.unique}`), '');
  }),
);

withEngine(
  'leaves nothing behind on undo, also where there was never more than a beginning',
  machineTest(async (rig) => {
    await writeFile(join(rig.dir, 'docker', 'config.json'), '{"psFormat": "table"}\n');
    const before = [await leftovers(rig), await tree(rig.dir)];
    const contexts = ['m1', 'm2'].map((name) => contextOf(rig, name));
    const machines = [machine(rig, 'm1'), machine(rig, 'm2')];
    await Promise.all(machines.map((each, index) => each.run(contexts[index] ?? rig.context())));
    await docker(rig, `--context ${rig.unique}-m1 volume create data`);

    await Promise.all(machines.map((each, index) => each.undo(contexts[index] ?? rig.context())));
    await machine(rig, 'm1').undo(rig.context());

    const {data: _, ...after} = await tree(rig.dir);
    assert.equal([await leftovers(rig), after], before);
    assert.is(await readFile(join(rig.dir, 'docker', 'config.json'), 'utf8'), '{"psFormat": "table"}\n');
  }),
);

test('asks for what each driver needs', async () => {
  const {safeParse} = await import('valibot');
  const {default: type} = await import('../../steps/machine-create.ts');
  const wanted = {
    docker: {image: MACHINE_IMAGE},
    ssh: {ssh: {host: 'me@host:2222'}},
    'docker-machine': {machine: {driver: 'none'}},
  };
  for (const [driver, options] of Object.entries(wanted)) {
    assert.ok(safeParse(type.options, {name: 'm1', driver, ...options}).success, driver);
    assert.not.ok(safeParse(type.options, {name: 'm1', driver}).success, driver);
  }
});

withEngine(
  'lets other steps act on it by its name',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(rig.context());
    await rig.sh(`docker save ${IMAGE} | docker --context ${name} load`);

    const verdict = await step(dockerPull, {image: IMAGE}).verdict(rig.context({on: name}));
    const missing = await step(dockerPull, {image: 'runbook/none:1'}).verdict(rig.context({on: name}));

    assert.ok(verdict.ok);
    assert.not.ok(missing.ok);
    const env = await rig.sh(
      `eval "$(runbook env ${name})"; docker info --format '{{.Name}}'; eval "$(runbook env -u)"`,
    );
    assert.is(env.stdout.trim(), name, env.stderr);
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
