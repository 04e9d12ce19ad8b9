import {once} from 'node:events';
import {type AddressInfo, connect, createServer} from 'node:net';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {isShortOfCapabilities} from '../../steps/clients/machines/privileges.ts';
import {engineTest} from '../docker-engine.ts';
import {docker} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('machine.create: privileges');
const withEngine = engineTest(test);

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

test.run();
