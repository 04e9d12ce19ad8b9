import {execFile} from 'node:child_process';
import {chmod, chown, mkdir, readFile, rm, symlink} from 'node:fs/promises';
import {createServer} from 'node:net';
import {delimiter, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {diagnose, missing} from '../../cli/doctor/doctor.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {listening, only, onMachine, script} from '../doctor-rig.ts';
import {isRoot} from '../tools.ts';

const run = promisify(execFile);

const test = suite('doctor, of Docker');
const withEngine = engineTest(test);

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

test.run();
