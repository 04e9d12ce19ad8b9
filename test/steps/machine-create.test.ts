import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerPull from '../../steps/docker-pull.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, IMAGE, step} from '../docker-rig.ts';
import {contextOf, MACHINE_IMAGE, machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.create');
const withEngine = engineTest(test);

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

test.run();
