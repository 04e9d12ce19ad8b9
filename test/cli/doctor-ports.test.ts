import {execFile} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {readFile} from 'node:fs/promises';
import {type AddressInfo, createServer} from 'node:net';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {checkPorts} from '../../cli/doctor/ports.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {listening, onMachine} from '../doctor-rig.ts';

const run = promisify(execFile);

const test = suite('doctor, of ports');
const withEngine = engineTest(test);

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

test.run();
