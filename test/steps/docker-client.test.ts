import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {connect, createServer, type Server, type Socket} from 'node:net';
import {join} from 'node:path';
import {createServer as createTlsServer} from 'node:tls';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {dockerClient} from '../../steps/clients/docker.ts';
import {resolveEndpoint} from '../../steps/clients/docker-endpoint.ts';
import dockerExec from '../../steps/docker-exec.ts';
import dockerInfo from '../../steps/docker-info.ts';
import dockerRun from '../../steps/docker-run.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerEnv, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';
import {type StepRig, stepTest} from '../step-rig.ts';
import {isRoot} from '../tools.ts';

const test = suite('the connection to Docker');
const withEngine = engineTest(test);
const run = promisify(execFile);

const info = step(dockerInfo, {});
const socketOf = (env: NodeJS.ProcessEnv): string => (env.DOCKER_HOST ?? '').replace('unix://', '');

/** A person's environment without any word about Docker, and a Docker configuration of its own. */
const plainEnv = (rig: StepRig): NodeJS.ProcessEnv => {
  const {
    DOCKER_HOST: _host,
    DOCKER_CONTEXT: _context,
    DOCKER_TLS_VERIFY: _tls,
    DOCKER_CERT_PATH: _path,
    ...env
  } = process.env;
  return {...env, DOCKER_CONFIG: join(rig.dir, 'config')};
};

const listen = async (rig: StepRig, server: Server, at: string | number = 0): Promise<number> => {
  const open = new Set<Socket>();
  server.on('connection', (socket) => open.add(socket));
  typeof at === 'string' ? server.listen(at) : server.listen(at, '127.0.0.1');
  await once(server, 'listening');
  rig.cleanup(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

/** Carries a connection on to the tests' engine. */
const forward = (socket: Socket, path: string): void => {
  const engine = connect({path, allowHalfOpen: true});
  engine.on('error', () => socket.destroy());
  socket.on('close', () => engine.destroy());
  socket.on('error', () => engine.destroy());
  socket.pipe(engine).pipe(socket);
};

test(
  'asks the engine that the docker command asks: --context, DOCKER_HOST, DOCKER_CONTEXT, current context, default',
  stepTest(async (rig) => {
    const env = plainEnv(rig);
    for (const name of ['one', 'two', 'three']) {
      await run('docker', ['context', 'create', name, '--docker', `host=unix:///${name}.sock`], {env});
    }
    const hostOf = async (on: string | undefined, more: NodeJS.ProcessEnv) =>
      (await resolveEndpoint({on, env: {...env, ...more}})).host;

    assert.is(await hostOf(undefined, {}), 'unix:///var/run/docker.sock');
    await run('docker', ['context', 'use', 'one'], {env});
    assert.is(await hostOf(undefined, {}), 'unix:///one.sock');
    assert.is(await hostOf(undefined, {DOCKER_CONTEXT: 'two'}), 'unix:///two.sock');
    assert.is(await hostOf(undefined, {DOCKER_CONTEXT: 'two', DOCKER_HOST: 'tcp://host:1'}), 'tcp://host:1');
    assert.is(await hostOf('three', {DOCKER_CONTEXT: 'two', DOCKER_HOST: 'tcp://host:1'}), 'unix:///three.sock');
    assert.is(await hostOf('default', {DOCKER_HOST: 'host:1'}), 'tcp://host:1');
    assert.is(await hostOf('default', {DOCKER_HOST: ''}), 'unix:///var/run/docker.sock');
    const unknown = await failureOf(hostOf('four', {}));
    assert.is(unknown.message, 'there is no Docker context "four"');
  }),
);

withEngine(
  'reaches the engine of a context, whatever DOCKER_HOST says',
  dockerTest(async (rig) => {
    const env = plainEnv(rig);
    const host = `host=unix://${socketOf(await dockerEnv())}`;
    await run('docker', ['context', 'create', 'far', '--docker', host], {env});
    const {DOCKER_HOST: before} = process.env;
    rig.cleanup(() => {
      delete process.env.DOCKER_HOST;
      if (before !== undefined) process.env.DOCKER_HOST = before;
    });
    process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';

    const {serverVersion} = await info.run(rig.context({on: 'far', env: {...env, DOCKER_HOST: 'tcp://127.0.0.1:1'}}));

    assert.ok(serverVersion);
    assert.is(process.env.DOCKER_HOST, 'tcp://127.0.0.1:1');
    const line = await rig.sh(info.command(rig.context({on: 'far'})), {DOCKER_CONFIG: env.DOCKER_CONFIG});
    assert.is(line.code, 0, line.stderr);
  }),
);

withEngine(
  'reaches an engine by TCP',
  dockerTest(async (rig) => {
    const path = socketOf(await dockerEnv());
    const port = await listen(
      rig,
      createServer({allowHalfOpen: true}, (socket) => forward(socket, path)),
    );

    const env = {...plainEnv(rig), DOCKER_HOST: `tcp://127.0.0.1:${port}`};

    assert.ok((await info.run(rig.context({env}))).serverVersion);
  }),
);

const CERTIFICATES = `
openssl ecparam -genkey -name prime256v1 -out ca-key.pem
openssl req -x509 -new -key ca-key.pem -days 2 -subj /CN=test-ca -out ca.pem
for name in server cert; do
  openssl ecparam -genkey -name prime256v1 -out $name-key.pem
  openssl req -new -key $name-key.pem -subj /CN=$name -out $name.csr
  printf 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=serverAuth,clientAuth\\n' >ext
  openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile ext -out $name.pem
done
cp cert-key.pem key.pem`;

/** The tests' engine behind TLS that asks for the client's certificate, as a machine's is. */
const tlsEngine = async (rig: StepRig): Promise<{host: string; folder: string}> => {
  const {code, stderr} = await rig.sh(CERTIFICATES);
  assert.is(code, 0, stderr);
  const read = (name: string) => readFile(join(rig.dir, name));
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('server.pem'), read('server-key.pem')]);
  const path = socketOf(await dockerEnv());
  const options = {ca, cert, key, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true};
  const port = await listen(
    rig,
    createTlsServer(options, (socket) => forward(socket, path)),
  );
  return {host: `tcp://127.0.0.1:${port}`, folder: rig.dir};
};

withEngine(
  'reaches an engine by TLS as the environment says, and as a context says',
  dockerTest(async (rig) => {
    const {host, folder} = await tlsEngine(rig);
    const env = plainEnv(rig);
    const files = `host=${host},ca=${folder}/ca.pem,cert=${folder}/cert.pem,key=${folder}/key.pem`;
    await run('docker', ['context', 'create', 'secure', '--docker', files], {env});
    const given = {...env, DOCKER_HOST: host, DOCKER_TLS_VERIFY: 'yes', DOCKER_CERT_PATH: folder};

    await info.run(rig.context({env: given}));
    await info.run(rig.context({env, on: 'secure'}));

    await docker(rig, `run -d --name ${rig.unique} ${IMAGE} sleep 1000`);
    const cat = step(dockerExec, {container: rig.unique, command: ['cat'], stdin: 'through TLS'});
    assert.is((await cat.run(rig.context({env, on: 'secure'}))).stdout, 'through TLS');
  }),
);

withEngine(
  'says what is wrong with TLS',
  dockerTest(async (rig) => {
    const {host} = await tlsEngine(rig);
    const empty = join(rig.dir, 'empty');
    await mkdir(empty);
    const env = {...plainEnv(rig), DOCKER_HOST: host};

    const plain = await failureOf(info.run(rig.context({env})));
    const none = await failureOf(
      info.run(rig.context({env: {...env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: empty}})),
    );
    const unknownCa = await failureOf(
      info.run(rig.context({env: {...env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: await onlyClient(rig)}})),
    );

    assert.is(plain.details.code, 'docker-unreachable');
    assert.match(none.message, `${empty} has no certificates`);
    assert.is(unknownCa.details.code, 'docker-unreachable');
    assert.match(unknownCa.message, 'certificate');
  }),
);

// The client's certificate without that of the authority.
const onlyClient = async (rig: StepRig): Promise<string> => {
  await rig.sh('mkdir client; cp cert.pem key.pem client');
  return join(rig.dir, 'client');
};

/** An `ssh` on the PATH that does what the remote side would do, on this machine. */
const fakeSsh = async (rig: StepRig, script: string): Promise<NodeJS.ProcessEnv> => {
  const bin = join(rig.dir, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\n${script}\n`, {mode: 0o755});
  return {...(await dockerEnv()), PATH: `${bin}:${process.env.PATH}`};
};

withEngine(
  'reaches an engine by the system’s ssh, which is gone afterwards',
  dockerTest(async (rig) => {
    const env = await fakeSsh(
      rig,
      `echo "$*" >>${rig.dir}/called; echo $$ >>${rig.dir}/pids
while [ "$1" != -- ]; do shift; done; shift 2; DOCKER_HOST=${(await dockerEnv()).DOCKER_HOST} exec "$@"`,
    );
    const far = {...env, DOCKER_HOST: 'ssh://me@far.example:2222'};

    const web = step(dockerRun, {name: rig.unique, image: IMAGE, command: ['sleep', '1000']});
    const {id} = await web.run(rig.context({env: far}));
    const cat = step(dockerExec, {container: rig.unique, command: ['cat'], stdin: 'through ssh'});
    const {stdout} = await cat.run(rig.context({env: far}));

    assert.is(id, await docker(rig, `inspect -f '{{.Id}}' ${rig.unique}`));
    assert.is(stdout, 'through ssh');
    const [called] = (await readFile(join(rig.dir, 'called'), 'utf8')).split('\n');
    assert.is(
      called,
      '-o ConnectTimeout=10 -o ServerAliveInterval=20 -T -l me -p 2222 -- far.example docker system dial-stdio',
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const left = await rig.sh(
      'for pid in $(cat pids); do if kill -0 $pid 2>/dev/null; then ps -o pid,stat,args $pid; fi; done',
    );
    assert.is(left.stdout, '');
  }),
);

withEngine(
  'says why ssh failed, and ends an ssh that hangs',
  dockerTest(async (rig) => {
    const env = await fakeSsh(
      rig,
      `case $* in *hangs*) echo $$ >${rig.dir}/pid; exec sleep 1000;; esac
echo "me@far.example: Permission denied (publickey)." >&2; exit 255`,
    );

    const denied = await failureOf(info.run(rig.context({env: {...env, DOCKER_HOST: 'ssh://far.example'}})));
    const signal = AbortSignal.timeout(500);
    const hangs = info.run(rig.context({env: {...env, DOCKER_HOST: 'ssh://hangs.example'}, signal}));
    await hangs.then(
      () => assert.unreachable(),
      (error) => assert.is(error, signal.reason),
    );

    assert.match(denied.message, 'ssh: me@far.example: Permission denied (publickey).');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.is.not((await rig.sh('kill -0 "$(cat pid)"')).code, 0);
  }),
);

test(
  'says where no daemon listens, and what to do',
  stepTest(async (rig) => {
    const env = {...plainEnv(rig), DOCKER_HOST: `unix://${rig.dir}/none.sock`};

    const error = await failureOf(info.run(rig.context({env})));

    assert.is(error.details.code, 'docker-unreachable');
    assert.is(
      error.message,
      `cannot reach Docker at unix://${rig.dir}/none.sock (DOCKER_HOST): there is no such socket`,
    );
    assert.match(error.details.next ?? '', 'runbook doctor');
  }),
);

test(
  'gives up on a daemon that hangs, in seconds',
  stepTest(async (rig) => {
    await listen(rig, createServer(), join(rig.dir, 'hangs.sock'));
    const env = {...plainEnv(rig), DOCKER_HOST: `unix://${rig.dir}/hangs.sock`};
    const web = step(dockerRun, {name: rig.unique, image: IMAGE});
    const errors = await Promise.all([
      failureOf(web.run(rig.context({env}))),
      failureOf(web.verdict(rig.context({env}))),
      failureOf(info.run(rig.context({env}))),
    ]);

    for (const error of errors) {
      assert.is(error.details.code, 'docker-unreachable');
      assert.match(error.message, 'no answer within 10 s');
    }
  }),
);

test(
  'says when the daemon dies in the middle of a call',
  stepTest(async (rig) => {
    const dying = createServer((socket) => socket.once('data', () => socket.destroy()));
    await listen(rig, dying, join(rig.dir, 'dies.sock'));
    const env = {...plainEnv(rig), DOCKER_HOST: `unix://${rig.dir}/dies.sock`};

    const error = await failureOf(info.run(rig.context({env})));

    assert.match(error.message, 'the daemon hung up');
  }),
);

const asRoot = isRoot() ? test : test.skip;

asRoot(
  'says that the socket may not be used, and how to get the right',
  stepTest(async (rig) => {
    await rig.sh('chmod 755 .; umask 0');
    await listen(rig, createServer(), join(rig.dir, 'closed.sock'));
    await rig.sh('chmod 600 closed.sock');
    const env = {...plainEnv(rig), DOCKER_HOST: `unix://${rig.dir}/closed.sock`};
    const {ask} = await dockerClient(rig.context({env}));

    process.seteuid?.(65_534);
    rig.cleanup(() => process.seteuid?.(0));
    const error = await failureOf(ask((api) => api.ping()));
    process.seteuid?.(0);

    assert.is(error.details.code, 'docker-denied');
    assert.match(error.details.next ?? '', 'group docker');
  }),
);

test.run();
