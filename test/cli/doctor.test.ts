import {execFile} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {chmod, chown, mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {type AddressInfo, createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {delimiter, dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {diagnose, type Finding, type Machine, missing, repair, requirements} from '../../cli/doctor/doctor.ts';
import {checkPorts} from '../../cli/doctor/ports.ts';
import {checkNode} from '../../cli/doctor/tools.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {isRoot} from '../tools.ts';

const run = promisify(execFile);
const provision = fileURLToPath(new URL('../../env/provision/docker.sh', import.meta.url));

/** A machine with a folder of its own, and what the test says is different about it. */
const onMachine =
  (body: (machine: Machine, dir: string) => Promise<void>, limitMs = 3000) =>
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'doctor-'));
    const env = {PATH: process.env.PATH, HOME: dir};
    try {
      await body({env, stateDir: join(dir, '.runbook'), provision, limitMs}, dir);
    } finally {
      await rm(dir, {recursive: true, force: true});
    }
  };

const only = (findings: readonly Finding[], name: string): Finding => {
  const finding = findings.find((candidate) => candidate.name === name);
  assert.ok(finding, `a finding of ${name}`);
  return finding as Finding;
};

const listening = async (server: Server, where: string | number): Promise<Server> => {
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return server;
};

/** A PATH that has some of the machine's programs and no others. */
const pathWith = async (dir: string, ...programs: string[]): Promise<string> => {
  const folder = join(dir, 'programs');
  await mkdir(folder);
  const folders = `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter);
  for (const program of programs) {
    for (const from of folders) await symlink(join(from, program), join(folder, program)).catch(() => {});
  }
  return folder;
};

const script = async (path: string, text: string): Promise<void> => {
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
};

const test = suite('doctor');
const withEngine = engineTest(test);

test(
  'needs no docker to say that there is none, and how to get it',
  onMachine(async (machine, dir) => {
    const PATH = await pathWith(dir, 'sh', 'uname', 'apt-get', 'env', 'id', 'sed', 'grep');

    const docker = only(await diagnose({...machine, env: {...machine.env, PATH}}, ['docker']), 'docker');

    assert.not.ok(docker.ok);
    assert.is(docker.found, 'no docker command');
    assert.ok(docker.fix?.length);
  }),
);

test(
  'does not take another program of that name, or an old one, for Docker',
  onMachine(async (machine, dir) => {
    const found = async (says: string) => {
      await script(join(dir, 'docker'), `echo '${says}'`);
      return only(await diagnose({...machine, env: {PATH: `${dir}:${process.env.PATH}`}}, ['docker']), 'docker');
    };

    assert.equal(
      [(await found('podman version 4.3.1')).ok, (await found('Docker version 19.03.2, build 1')).ok],
      [false, false],
    );
    assert.is((await found('Docker version 19.03.2, build 1')).found, '19.03.2');
    assert.ok((await found('Docker version 20.10.0, build 1')).ok);
  }),
);

test(
  'is not held up by a daemon that takes the connection and is silent',
  onMachine(async (machine, dir) => {
    const socket = join(dir, 'docker.sock');
    const server = await listening(createServer(), socket);

    const findings = await diagnose({...machine, env: {...machine.env, DOCKER_HOST: `unix://${socket}`}});

    server.close();
    const daemon = only(findings, 'docker-daemon');
    assert.not.ok(daemon.ok);
    assert.is(daemon.found, `it takes connections at unix://${socket} (DOCKER_HOST), but did not answer within 0.3 s`);
  }, 300),
);

test(
  'is not held up by a docker command that hangs, and ends what that started',
  onMachine(async (machine, dir) => {
    await script(join(dir, 'docker'), `sleep 321 & echo $! >>${dir}/pids; wait`);

    const findings = await diagnose({...machine, env: {PATH: `${dir}:${process.env.PATH}`}}, ['docker']);

    assert.not.ok(only(findings, 'docker').ok);
    const pids = (await readFile(join(dir, 'pids'), 'utf8')).trim().split('\n');
    // a process that was killed takes a moment to be gone
    const isLeft = (pid: string): Promise<boolean> =>
      readFile(`/proc/${pid}/stat`, 'utf8').then(
        (stat) => stat.split(' ')[2] !== 'Z',
        () => false,
      );
    const areLeft = async (): Promise<boolean> => (await Promise.all(pids.map(isLeft))).includes(true);
    for (let looks = 0; looks < 100 && (await areLeft()); looks++) await sleep(50);
    assert.not.ok(await areLeft(), 'the sleeps are gone');
  }, 300),
);

test(
  'tells a socket that is not there from one where nobody listens, and from a stranger',
  onMachine(async (machine, dir) => {
    const socket = join(dir, 'docker.sock');
    const look = async () =>
      only(
        await diagnose({...machine, env: {...machine.env, DOCKER_HOST: `unix://${socket}`}}, ['docker-daemon']),
        'docker-daemon',
      ).found;

    assert.match(await look(), 'there is no such socket');

    // a killed daemon leaves its socket behind
    const listen = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await run(process.execPath, ['-e', listen]).catch(() => {});
    assert.match(await look(), 'nobody listens on the socket');
    await rm(socket);

    const stranger = await listening(
      createServer((client) => client.end('HTTP/1.0 200 OK\r\n\r\nhello')),
      socket,
    );
    assert.match(await look(), 'is no Docker Engine');
    stranger.close();
  }),
);

test(
  'names the engine that was asked for: DOCKER_HOST, the context, or neither',
  onMachine(async (machine) => {
    const look = async (env: Record<string, string>) =>
      only(await diagnose({...machine, env: {...machine.env, ...env}}, ['docker-daemon']), 'docker-daemon');

    const host = await look({DOCKER_HOST: 'tcp://127.0.0.1:1'});
    assert.match(host.found, 'no answer at tcp://127.0.0.1:1 (DOCKER_HOST)');
    assert.not.ok(host.fixable);

    const context = await look({DOCKER_CONTEXT: 'nowhere'});
    assert.match(context.found, 'nowhere');
    assert.match(context.fix?.join() ?? '', 'docker context ls');
  }),
);

(isRoot() ? test : test.skip)(
  'says who may not use the socket, and what to type',
  onMachine(async (machine, dir) => {
    const socket = join(dir, 'docker.sock');
    const server = await listening(createServer(), socket);
    await chown(dir, 65534, 65534);
    await chmod(socket, 0o600);

    process.seteuid?.(65534);
    const findings = await diagnose({...machine, env: {...machine.env, DOCKER_HOST: `unix://${socket}`}}, [
      'docker-daemon',
    ]).finally(() => process.seteuid?.(0));

    server.close();
    const permission = only(findings, 'docker-permission');
    assert.match(permission.found, `nobody may not use unix://${socket}`);
    assert.match(permission.fix?.join('; ') ?? '', /usermod -aG docker nobody; log in again/);
  }),
);

test(
  'says which process has a port',
  onMachine(async (machine) => {
    const server = await listening(createServer(), 0);
    const {port} = server.address() as AddressInfo;
    const packets = createSocket('udp4');
    await new Promise<void>((resolve) => packets.bind(0, resolve));
    const here = {host: 'unix:///nowhere', from: 'default'};
    const look = (number: number, protocol: 'tcp' | 'udp') =>
      checkPorts(machine, here, [{port: number, protocols: [protocol]}]);

    const [tcp] = await look(port, 'tcp');
    const [udp] = await look(packets.address().port, 'udp');
    const me = (await readFile('/proc/self/comm', 'utf8').catch(() => '')).trim();
    assert.is(tcp?.found, `tcp in use by ${me} (process ${process.pid})`);
    assert.is(udp?.found, `udp in use by ${me} (process ${process.pid})`);
    assert.equal([tcp?.ok, udp?.ok], [false, false]);

    await new Promise((resolve) => server.close(resolve));
    await new Promise<void>((resolve) => packets.close(resolve));
    assert.ok((await look(port, 'tcp'))[0]?.ok);
  }),
);

withEngine(
  "takes our own cluster's ports for no conflict, a stranger's container for one",
  onMachine(async (machine) => {
    const engine = await testEngine();
    await engine.load('runbook/test:1');
    const env = {...machine.env, ...engine.env};
    const start = async (...options: string[]) =>
      (await run('docker', ['run', '-d', ...options, 'runbook/test:1', 'sleep', '60'], {env})).stdout.trim();
    const ours = await start(
      '--name',
      'doctor-ours',
      '-p',
      '18501:1/udp',
      '--label',
      'io.runbook.runbook=consul-cluster',
    );
    const strange = await start('--name', 'doctor-strange', '-p', '18502-18504:2-4');

    const endpoint = {host: engine.env.DOCKER_HOST ?? '', from: 'DOCKER_HOST'};
    const [own, other] = await checkPorts({...machine, env}, endpoint, [
      {port: 18501, protocols: ['tcp', 'udp']},
      {port: 18503, protocols: ['tcp']},
    ]);

    await run('docker', ['rm', '-f', ours, strange], {env});
    assert.ok(own?.ok);
    assert.is(own?.found, 'in use by our own container doctor-ours (runbook consul-cluster)');
    assert.not.ok(other?.ok);
    assert.is(other?.found, 'tcp in use by the container doctor-strange');
    assert.equal(other?.fix, ['docker stop doctor-strange']);
  }),
);

withEngine(
  'finds an engine that answers, its version and its room on the disk',
  onMachine(async (machine) => {
    const engine = await testEngine();

    const findings = await diagnose({...machine, env: {...machine.env, ...engine.env}});

    assert.ok(only(findings, 'docker-daemon').ok);
    assert.match(only(findings, 'docker-daemon').found, /^\d+\.\d+.* at unix:/);
    assert.match(only(findings, 'docker-disk').found, /^\d+\.\d GB free in \//);
    assert.equal(missing(findings), []);
  }),
);

test(
  'says when runs cannot be kept',
  onMachine(async (machine, dir) => {
    assert.ok(only(await diagnose(machine, ['state']), 'state').ok);

    await writeFile(join(dir, 'file'), '');
    const state = only(await diagnose({...machine, stateDir: join(dir, 'file/.runbook')}, ['state']), 'state');

    assert.not.ok(state.ok);
    assert.match(state.fix?.join() ?? '', '--state-dir');
  }),
);

test(
  'notes an absent tool, and requires it only of who asks for it',
  onMachine(async (machine, dir) => {
    const bare = {...machine, env: {...machine.env, PATH: dir}};
    const jq = only(await diagnose(bare), 'jq');
    assert.equal([jq.ok, jq.required, jq.found], [false, false, 'not there']);

    assert.equal(
      missing(await diagnose(bare, ['jq'])).map(({name}) => name),
      ['jq'],
    );
  }),
);

test(
  'reads the version of a tool wherever the tool prints it',
  onMachine(async (machine, dir) => {
    await script(join(dir, 'dig'), 'echo "DiG 9.18.49-1~deb12u3-Debian" >&2');

    const dig = only(await diagnose({...machine, env: {PATH: `${dir}:${process.env.PATH}`}}, ['dig']), 'dig');

    assert.is(dig.found, '9.18.49');
  }),
);

test(
  'says how to get Compose on releases that have it, and on the one that has not',
  onMachine(async (machine, dir) => {
    const bare = {...machine, env: {...machine.env, PATH: dir}};

    const {fix = []} = only(await diagnose(bare, ['docker-compose']), 'docker-compose');

    assert.match(fix.join('\n'), 'apt-get install docker-compose-v2');
    assert.match(
      fix.join('\n'),
      `Debian 12, which has version 1 only, or without root: sh ${dirname(machine.provision)}`,
    );
    assert.match(fix.join('\n'), '/compose.sh');
  }),
);

test('finds an old Node', async () => {
  assert.equal(
    checkNode('18.20.1').map(({ok}) => ok),
    [false],
  );
  assert.equal(
    checkNode('20.19.0').map(({ok}) => ok),
    [true],
  );
  assert.equal(
    checkNode('22.1.0').map(({ok}) => ok),
    [true],
  );
});

test(
  'knows a check for every name that a runbook may require',
  onMachine(async (machine) => {
    for (const name of Object.keys(requirements)) {
      const findings = await diagnose(machine, [name]);
      assert.not.ok(
        findings.some(({found}) => found === 'nothing that the doctor knows'),
        name,
      );
    }
  }),
);

test(
  'repairs by the script it is given, shows what that prints, and says how it went',
  onMachine(async (machine, dir) => {
    const printed: string[] = [];
    const scripted = {...machine, provision: join(dir, 'docker.sh')};
    await script(scripted.provision, 'echo installing; echo slowly >&2');
    assert.ok(await repair(scripted, (text) => printed.push(text)));
    assert.equal(printed.join('').split('\n').sort(), ['', 'installing', 'slowly']);

    await script(scripted.provision, 'exit 3');
    assert.not.ok(await repair(scripted, () => {}));
  }),
);

test.run();
