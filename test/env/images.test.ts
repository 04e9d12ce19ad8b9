import {mkdtemp, readFile, rm, symlink} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parse} from 'dotenv';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest, testEngine} from '../docker-engine.ts';
import {execute} from '../tools.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const build = join(root, 'env/images/consul/build.sh');

const test = suite('image definitions');
const withEngine = engineTest(test);

test('name a fixed version of the official image', async () => {
  const {CONSUL_IMAGE} = parse(await readFile(join(root, 'env/images.env'), 'utf8'));

  assert.match(CONSUL_IMAGE ?? '', /^hashicorp\/consul:\d+\.\d+\.\d+$/);
});

withEngine('build Consul with the command line of the official image, and the labels asked for', async () => {
  const engine = await testEngine();
  const env = {...process.env, ...engine.env};
  const tag = 'runbook/consul:labels';
  const docker = (...args: string[]) => execute(env, 'docker', ...args);

  const labels = {RUNBOOK_LABELS: 'io.runbook.run=r 1\nio.runbook.step=image\n'};
  const built = await execute({...env, ...labels}, ...engine.outside, 'sh', build, tag);
  assert.is(built.code, 0, built.stderr);

  const inspected = await docker('inspect', '--format', '{{json .Config}}', tag);
  const {Labels, Cmd, Volumes, ExposedPorts} = JSON.parse(inspected.stdout);
  assert.equal(Labels, {'io.runbook.run': 'r 1', 'io.runbook.step': 'image'});
  assert.equal(Cmd, ['agent', '-dev', '-client', '0.0.0.0']);
  assert.equal(Object.keys(Volumes), ['/consul/data']);
  assert.is(Object.keys(ExposedPorts).length, 8);

  assert.match((await docker('run', '--rm', tag, 'version')).stdout, /^Consul v/);
  assert.match((await docker('run', '--rm', tag, 'consul', 'version')).stdout, /^Consul v/);
  assert.is((await docker('run', '--rm', tag, 'sh', '-c', 'echo $0 $1', 'a', 'b c')).stdout, 'a b c\n');
  await docker('rmi', tag);
});

withEngine('start an agent as the user consul, which answers at its ports', async () => {
  const engine = await testEngine();
  await engine.load('runbook/consul:1.8.7');
  const env = {...process.env, ...engine.env};
  const docker = (...args: string[]) => execute(env, 'docker', ...args);

  const local = '{"node_name": "from-local-config"}';
  const {stdout: id, stderr} = await docker(
    'run',
    '-d',
    '-e',
    `CONSUL_LOCAL_CONFIG=${local}`,
    '-P',
    'runbook/consul:1.8.7',
  );
  const members = 'until consul members; do sleep 0.1; done; stat -c %U /consul/data; grep Uid /proc/1/status';
  const {stdout} = await docker('exec', id.trim(), 'timeout', '20', 'sh', '-c', members);

  await docker('rm', '-f', '-v', id.trim());
  assert.match(stdout, /^from-local-config .* alive .* server/m, stderr);
  assert.match(stdout, /^consul$/m);
  assert.match(stdout, /^Uid:\s+100\s/m);
});

withEngine('build the web application, which says hello and ends at once', async () => {
  const engine = await testEngine();
  await engine.load('runbook/webapp:1');
  const env = {...process.env, ...engine.env};
  const sh = async (line: string): Promise<string> =>
    (await execute(env, ...engine.inside, 'sh', '-euc', line)).stdout.trim();

  const id = await sh('docker run -d -p 5001:5001 -e PORT=5001 -e PROVIDER=you runbook/webapp:1');
  const curl = 'curl -s --retry 50 --retry-all-errors --retry-delay 0';
  const page = await sh(`${curl} -i http://localhost:5001/`);
  const status = await sh(`curl -s -o /dev/null -w '%{http_code}' http://localhost:5001/other`);
  const shown = await sh(`docker ps --filter id=${id} --format '{{.Command}} {{.Ports}}'`);
  await sh(`docker stop ${id}`);
  const exited = await sh(`docker inspect --format '{{.State.ExitCode}}' ${id}`);
  await sh(`docker rm -v ${id}`);

  assert.match(
    page,
    /^HTTP\/1.0 200 OK\r\n[\s\S]*Content-Type: text\/html; charset=utf-8\r\n[\s\S]*\r\n\r\nHello you!$/,
  );
  assert.is(status, '404');
  assert.match(shown, /^"python app.py" .*5000\/tcp/);
  // killed after the grace period it would be 137
  assert.is(exited, '0');
});

withEngine('take an image of the registry as the base on a host without apt, where one is needed', async () => {
  const engine = await testEngine();
  await engine.load('runbook/machine:1');
  const folder = await mkdtemp(join(tmpdir(), 'no-apt-'));
  const needed = ['sh', 'dirname', 'basename', 'mktemp', 'chmod', 'mkdir', 'ln', 'rm', 'cp', 'install', 'docker'];
  const {stdout} = await execute(process.env, 'sh', '-c', `command -v ${needed.join('; command -v ')}`);
  for (const path of stdout.trim().split('\n')) await symlink(path, join(folder, path.split('/').at(-1) ?? ''));
  const env = {...process.env, ...engine.env, PATH: folder};
  const script = join(root, 'env/images/machine/build.sh');
  const base = 'docker:28.5.2-dind';

  const alone = await execute(env, '/bin/sh', script, 'runbook/machine:never');
  // not the official image, but one with the same programs
  await execute(env, 'docker', 'tag', 'runbook/machine:1', base);
  const built = await execute(env, '/bin/sh', script, 'runbook/machine:official');
  const started = await execute(env, 'docker', 'run', '--rm', 'runbook/machine:official');
  await execute(env, 'docker', 'rmi', base, 'runbook/machine:official');

  await rm(folder, {recursive: true});
  assert.is(alone.code, 1);
  assert.match(alone.stderr, `neither packages nor ${base} can be had here`);
  assert.is(built.code, 0, built.stderr);
  assert.match(built.stderr, `this host has no apt-get: making the machine from Docker's own image ${base}`);
  assert.match(started.stderr, 'machine: this container may not mount');
});

test('say what to do on a host without apt', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'no-apt-'));
  for (const program of ['sh', 'sed', 'dirname']) await symlink(`/bin/${program}`, join(folder, program));

  const {code, stderr} = await execute({PATH: folder}, '/bin/sh', build, 'runbook/consul:never');

  await rm(folder, {recursive: true});
  assert.is(code, 1);
  assert.match(stderr, 'cannot build runbook/consul:never: this host has no apt-get');
  assert.match(stderr, /docker pull hashicorp\/consul:/);
});

withEngine('fail in seconds without a network, and leave nothing behind', async () => {
  const engine = await testEngine();
  const folder = await mkdtemp(join(tmpdir(), 'no-network-'));
  const env = {...process.env, ...engine.env, XDG_CACHE_HOME: folder, TMPDIR: folder};

  const {code, stderr} = await execute(env, ...engine.inside, 'sh', build, 'runbook/consul:never');

  const left = await execute(process.env, 'ls', '-A', folder);
  await rm(folder, {recursive: true});
  assert.is(code, 1);
  assert.match(stderr, 'apt could not fetch the packages');
  assert.match(stderr, 'look at the network: apt-get update');
  assert.is(left.stdout, '');
});

test.run();
