import {execFileSync} from 'node:child_process';
import {cp, mkdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {parseEnvironment, parseList, plainAddress} from '../../steps/clients/machines/docker-machine-formats.ts';
import machineCreate from '../../steps/machine-create.ts';
import machineList from '../../steps/machine-list.ts';
import machineRemove from '../../steps/machine-remove.ts';
import machineSsh from '../../steps/machine-ssh.ts';
import {whyNoEngine} from '../docker-engine.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';
import {stepTest} from '../step-rig.ts';

const test = suite('machines by docker-machine');

const hasTool = (): boolean => {
  try {
    execFileSync('docker-machine', ['--version'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
};
// It has no release since 2019 and is in no archive, so CI has none either.
const able = hasTool() && whyNoEngine() === undefined;
if (!able) console.error('SKIPPED: docker-machine itself (it is not installed)');
const withTool = able ? test : test.skip;

const virtual = (options: object) =>
  step(machineCreate, {
    name: 'swarm-master',
    driver: 'docker-machine',
    machine: {driver: 'virtualbox', flags: ['--virtualbox-memory', 2048]},
    ...options,
  });

test('reads what docker-machine ls prints', () => {
  const text = [
    'swarm-agent-00|generic|Running|tcp://192.168.99.103:2376|',
    'old|virtualbox|Stopped||',
    'half|none|Error||Unable to query docker version: a|b',
    'mute|none|||',
    '',
  ].join('\n');

  const [agent, old, half, mute, ...rest] = parseList(text);

  assert.equal(agent, {
    name: 'swarm-agent-00',
    driver: 'generic',
    state: 'running',
    url: 'tcp://192.168.99.103:2376',
    error: '',
  });
  assert.equal([old?.state, half?.state, mute?.state], ['stopped', 'error', 'unknown']);
  assert.is(half?.error, 'Unable to query docker version: a|b');
  assert.equal(rest, []);
});

test('reads what docker-machine env prints, and addresses with a port', () => {
  const text = `export DOCKER_TLS_VERIFY="1"
export DOCKER_HOST="tcp://192.168.99.103:2376"
export DOCKER_CERT_PATH="/home/me/.docker/machine/machines/swarm-agent-00"
export DOCKER_MACHINE_NAME="swarm-agent-00"
# Run this command to configure your shell:
# eval $(docker-machine env swarm-agent-00)
`;

  const values = parseEnvironment(text);

  assert.is(values.DOCKER_HOST, 'tcp://192.168.99.103:2376');
  assert.is(values.DOCKER_CERT_PATH, '/home/me/.docker/machine/machines/swarm-agent-00');
  assert.is(plainAddress('tcp://192.168.99.103:2376'), '192.168.99.103');
  assert.is(plainAddress('192.168.99.103:2376'), '192.168.99.103');
  assert.is(plainAddress('192.168.99.103'), '192.168.99.103');
});

test('says its options in the words of docker-machine', () => {
  const line = virtual({
    labels: {role: 'web'},
    registry_mirror: 'http://registry:5000',
    engine_flags: ['--insecure-registry', 'registry:5000', '--experimental'],
    engine_env: {HTTP_PROXY: 'http://proxy:3128'},
  })
    .command({on: undefined, dir: '/', cwd: '/'} as never)
    .split('\n')[0];

  assert.is(
    line,
    'docker-machine create --driver virtualbox --engine-label role=web --engine-registry-mirror http://registry:5000 ' +
      '--engine-opt insecure-registry=registry:5000 --engine-opt experimental --engine-env HTTP_PROXY=http://proxy:3128 ' +
      '--virtualbox-memory 2048 swarm-master',
  );
});

test(
  'says that docker-machine is missing, where it is',
  stepTest(async (rig) => {
    const context = rig.context({env: {PATH: rig.dir, HOME: rig.dir}});
    for (const act of [() => virtual({}).run(context), () => virtual({}).verdict(context)]) {
      assert.is((await failureOf(act())).details.code, 'requirement-missing');
    }
  }),
);

withTool(
  'has the real tool make a machine, and take it away',
  machineTest(async (rig) => {
    const {name, url} = await machine(rig).run(rig.context());
    const keys = join(rig.dir, 'data', 'runbook', 'machines');
    const store = join(rig.dir, '.docker', 'machine');
    await mkdir(join(store, 'certs'), {recursive: true});
    for (const file of ['ca.pem', 'cert.pem', 'key.pem']) await cp(join(keys, name, file), join(store, 'certs', file));
    await cp(join(keys, '.ca', 'ca-key.pem'), join(store, 'certs', 'ca-key.pem'));
    const other = `${rig.unique}-dm`;
    const wanted = step(machineCreate, {
      name: other,
      driver: 'docker-machine',
      machine: {driver: 'none', flags: ['--url', url]},
    });
    const context = contextOf(rig, 'dm');

    const made = await wanted.run(context);

    assert.is(made.url, url);
    assert.is(made.ip, url.replace(/^tcp:..|:2376$/g, ''));
    assert.is(await docker(rig, `--context ${other} info --format '{{.Name}}'`), name);
    assert.equal(await wanted.verdict(context), {ok: true, outputs: made});
    const listed = await step(machineList, {driver: 'docker-machine'}).run(rig.context());
    assert.equal(listed.names, [other]);
    assert.match(rig.printed(), /DRIVER +STATE/);
    const failed = await failureOf(
      step(machineSsh, {name: other, driver: 'docker-machine', command: ['true']}).run(rig.context()),
    );
    assert.is(failed.details.code, 'command-failed');
    const again = await failureOf(
      step(machineCreate, {name: other, driver: 'docker-machine', machine: {driver: 'generic'}}).run(
        contextOf(rig, 'x'),
      ),
    );
    assert.is(again.details.code, 'name-taken');

    await step(machineRemove, {name: other, driver: 'docker-machine'}).run(contextOf(rig, 'rm'));

    assert.not.match(await docker(rig, 'context ls -q'), other);
    assert.is((await rig.sh('docker-machine ls -q')).stdout, '');
    const config = await readFile(join(keys, other, 'machine.json'), 'utf8').catch(() => 'gone');
    assert.is(config, 'gone');
    const pasted = await rig.sh(wanted.command(rig.context()));
    assert.is(pasted.code, 0, pasted.stderr);
  }),
);

test.run();
