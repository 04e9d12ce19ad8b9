import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest, type TestEngine, testEngine, whyNoEngine} from '../docker-engine.ts';

const MACHINE = 'runbook/machine:1';
const WEBAPP = 'runbook/webapp:1';
const REGISTRY = 'runbook/registry:2';
const TEST = 'runbook/test:1';

const NETWORK = 'machine-test';
/** What `--privileged` gives, where a missing capability has it refused. */
const CAPABLE = [
  ...['--cap-add=ALL', '--cap-drop=SYS_RESOURCE', '--cgroupns=private', '--device-cgroup-rule=a *:* rmw'],
  ...['seccomp=unconfined', 'systempaths=unconfined', 'apparmor=unconfined'].map((rule) => `--security-opt=${rule}`),
];

const execute = promisify(execFile);
const test = suite('machines');
const withEngine = engineTest(test);

let engine: TestEngine | undefined;
let certificates: string;

/** Runs a line of shell where the engine's addresses are reached, with `docker` pointed at it; what it prints. */
const sh = async (line: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
  assert.ok(engine);
  const [file = '', ...args] = [...engine.inside, 'sh', '-euc', line];
  const {stdout} = await execute(file, args, {env: {...process.env, ...engine.env, ...env}, timeout: 120_000});
  return stdout.trim();
};

/** A certificate for both ends of a connection, by the authority that all machines here share. */
const sign = (name: string, alternatives: string, files: {certificate: string; key: string}): Promise<string> =>
  sh(
    `cd '${certificates}'
     openssl ecparam -genkey -name prime256v1 -noout -out ${files.key}
     openssl req -new -key ${files.key} -subj /CN=${name} -out ${name}.csr
     printf 'extendedKeyUsage=serverAuth,clientAuth\\nsubjectAltName=${alternatives}\\n' >${name}.ext
     openssl x509 -req -in ${name}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 \\
       -extfile ${name}.ext -out ${files.certificate} 2>&1`,
  );

/** `docker` on a machine, over TLS. */
const on = async (name: string, line: string): Promise<string> =>
  sh(line, {
    DOCKER_HOST: `tcp://${await addressOf(name)}:2376`,
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: certificates,
  });

const addressOf = (name: string): Promise<string> =>
  sh(`docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${name}`);

const untilItAnswers = async (name: string): Promise<void> => {
  for (let looks = 0; looks < 300; looks++) {
    if ((await sh(`docker inspect -f '{{.State.Running}}' ${name}`)) === 'false') break;
    if (await on(name, 'docker version').catch(() => '')) return;
    await pause(100);
  }
  assert.unreachable(await sh(`docker logs --tail 20 ${name} 2>&1`));
};

const quote = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

/** A machine that answers; `command` is its container's, `flags` are those of `docker run`. */
const start = async (name: string, {command = [] as string[], flags = [] as string[]} = {}): Promise<void> => {
  await sh(
    `docker run -d --name ${name} --hostname ${name} --network ${NETWORK} ${quote([...CAPABLE, ...flags])} ${MACHINE} ${quote(command)}`,
  );
  const folder = join(certificates, name);
  await mkdir(folder, {recursive: true});
  const address = await addressOf(name);
  const files = {certificate: `${name}/server.pem`, key: `${name}/server-key.pem`};
  await sign(name, `IP:${address},DNS:${name}`, files);
  await sh(`cp '${certificates}/ca.pem' '${folder}'; docker cp '${folder}/.' ${name}:/var/lib/boot2docker`);
  await untilItAnswers(name);
};

const PAGE = 'mkdir -p /www && echo hello >/www/index.html && exec httpd -f -h /www';

/** Looks again until the text at an address is there. */
const fetched = (address: string): Promise<string> =>
  sh(`curl -sS --retry 50 --retry-all-errors --retry-delay 0 --retry-max-time 20 'http://${address}'`);

test.before(async () => {
  if (whyNoEngine() !== undefined) return;
  const own = (engine = await testEngine());
  await Promise.all([MACHINE, WEBAPP, REGISTRY, TEST].map((image) => own.load(image)));
  certificates = await mkdtemp(join(tmpdir(), 'machine-test-'));
  await sh(
    `cd '${certificates}'
     openssl ecparam -genkey -name prime256v1 -noout -out ca-key.pem
     openssl req -x509 -new -key ca-key.pem -days 2 -subj /O=test -addext basicConstraints=critical,CA:TRUE -out ca.pem`,
  );
  await sign('client', 'DNS:client', {certificate: 'cert.pem', key: 'key.pem'});
  await sh(`docker network create ${NETWORK} && docker save ${TEST} -o '${certificates}/test.tar'`);
});

test.after.each(async () => {
  if (engine === undefined) return;
  await sh(`docker ps -aq --filter network=${NETWORK} | xargs -r docker rm -f -v`);
});

test.after(async () => {
  if (engine === undefined) return;
  await sh(`docker network rm ${NETWORK}`);
  await rm(certificates, {recursive: true});
});

withEngine('answer those with a certificate of theirs, and nobody else', async () => {
  await start('m1');
  const address = await addressOf('m1');

  const info = JSON.parse(await on('m1', `docker info --format '{{json .}}'`));
  assert.is(info.Name, 'm1');
  assert.is(info.Driver, 'overlay2');
  assert.equal(info.Labels, ['provider=runbook']);
  const stranger = await sh(`curl -sS --cacert '${certificates}/ca.pem' https://${address}:2376/version 2>&1 || true`);
  assert.match(stranger, /certificate/);
});

withEngine('run containers with ports, host networking and health checks, also after they were killed', async () => {
  await start('m1');
  const address = await addressOf('m1');
  await on('m1', `docker load -q -i '${certificates}/test.tar'`);
  const health = '--health-cmd true --health-interval 200ms';
  await on('m1', `docker run -d --name web --restart always ${health} -p 8080:80 ${TEST} sh -c '${PAGE}'`);
  await on('m1', `docker run -d --name host --restart always --network host ${TEST} httpd -f -p 8081 -h /etc`);

  assert.is(await fetched(`${address}:8080`), 'hello');
  assert.match(await fetched(`${address}:8081/passwd`), 'root:x:0');
  assert.is(await on('m1', 'docker exec web cat /www/index.html'), 'hello');
  assert.match(await sh('docker exec m1 ps aux'), /dockerd -H unix:\/\/ -H tcp:\/\/0.0.0.0:2376 .*--tlsverify/);
  await on('m1', `until docker inspect -f '{{.State.Health.Status}}' web | grep -qx healthy; do sleep 0.1; done`);

  await sh('docker kill m1 && docker start m1');
  await untilItAnswers('m1');
  assert.is(await fetched(`${await addressOf('m1')}:8080`), 'hello');
  // what has just ended takes a moment; what nobody buries is still there at the next look
  const dead = (): Promise<string> =>
    sh(`docker exec m1 sh -c "cat /proc/[0-9]*/stat 2>/dev/null" | awk '$3 == "Z" {print $1}' | sort`);
  const [first, second] = [await dead(), await sh('sleep 1').then(dead)].map((pids) =>
    pids.split('\n').filter(Boolean),
  );
  assert.equal(
    first?.filter((pid) => second?.includes(pid)),
    [],
    'nothing that ended is left unburied',
  );
});

withEngine('work with control groups of version 2, too', async () => {
  // hosts with version 1 have the other beside it, without its limits
  const remount = 'mount -o remount,rw /sys; umount -l /sys/fs/cgroup; mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup';
  const command = ['-c', `[ -e /sys/fs/cgroup/cgroup.controllers ] || { ${remount}; }; exec machine-entrypoint.sh`];
  await start('m2', {flags: ['--entrypoint=sh'], command});
  await on('m2', `docker load -q -i '${certificates}/test.tar'`);

  assert.is(await on('m2', `docker info --format '{{.CgroupVersion}}'`), '2');
  await on('m2', `docker run -d --name web -p 8080:80 ${TEST} sh -c '${PAGE}'`);
  assert.is(await fetched(`${await addressOf('m2')}:8080`), 'hello');
  assert.is(await on('m2', 'docker exec web cat /www/index.html'), 'hello');
  assert.is(await sh('docker exec m2 cat /sys/fs/cgroup/init/cgroup.procs | head -n 1'), '1');
});

withEngine('get images from a registry beside them, under their own names', async () => {
  await sh(`docker run -d --name registry --network ${NETWORK} -p 127.0.0.1:5055:5000 ${REGISTRY}`);
  assert.is(await fetched('127.0.0.1:5055/v2/'), '{}');
  await sh(`docker tag ${WEBAPP} 127.0.0.1:5055/${WEBAPP} && docker push -q 127.0.0.1:5055/${WEBAPP}`);
  await sh(`docker rmi 127.0.0.1:5055/${WEBAPP}`);

  await start('m3', {command: ['--registry-mirror', 'http://registry:5000']});
  assert.match(await on('m3', `docker pull ${WEBAPP}`), `docker.io/${WEBAPP}`);
  await on('m3', `docker run -d -p 5000:5000 ${WEBAPP}`);
  assert.is(await fetched(`${await addressOf('m3')}:5000`), 'Hello world!');
});

withEngine('say what they miss when no certificates arrive, and when they may not mount', async () => {
  const run = (flags: readonly string[]) =>
    sh(`docker run --network ${NETWORK} -e MACHINE_WAIT_SECONDS=1 ${quote(flags)} ${MACHINE} 2>&1 || echo "exit $?"`);

  assert.match(await run(CAPABLE), /no ca.pem, server.pem and server-key.pem in .* after 1 s: copy[\s\S]*exit 1$/);
  assert.match(await run([]), /may not mount: start it with --privileged[\s\S]*exit 1$/);
});

withEngine('say that they store images without layers where these do not work', async () => {
  const command = ['-c', 'umount /var/lib/docker; exec machine-entrypoint.sh'];
  await start('m4', {flags: ['--entrypoint=sh'], command});

  assert.is(await on('m4', `docker info --format '{{.Driver}}'`), 'vfs');
  assert.match(await sh('docker logs m4 2>&1'), 'overlay2 does not work on /var/lib/docker: using vfs');
});

withEngine('run another command as it is', async () => {
  assert.match(await sh(`docker run --rm ${MACHINE} containerd --version`), /^containerd/);
  assert.is(await sh(`docker run --rm ${MACHINE} sh -c 'echo "$0 $1"' a 'b  c'`), 'a b  c');
});

test.run();
