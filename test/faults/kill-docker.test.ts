import {execFile} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type ConsulAgent, consulAgent, consulTest} from '../consul-agent.ts';
import {engineTest} from '../docker-engine.ts';
import {dockerEnv, IMAGE} from '../docker-rig.ts';
import {isSoak, SEED, seeded} from '../random.ts';
import {canTrace} from '../tools.ts';
import {inPairs, type Kill, type KillCase, momentsOf, trial, undoTrial} from './killing.ts';

const test = suite('kill, with Docker and Consul');
const withBoth = engineTest(consulTest(test) as typeof test);

/** An image, a network, containers with volumes, commands in them, a key, a service: all of them named after the trial. */
const runbook = (unique: string, consul: string): string => `name: kill
title: Containers and Consul
steps:
  - id: net
    uses: docker.network
    with: {name: ${unique}-net}
  - id: image
    uses: docker.build
    needs: []
    with: {tag: "${unique}/img:1", context: img}
  - id: web
    uses: docker.run
    foreach: [w1, w2]
    needs: [net, image]
    with:
      name: "${unique}-\${{ item.key }}"
      image: ${unique}/img:1
      network: ${unique}-net
      command: [sleep, "100000"]
      volumes: ["${unique}-\${{ item.key }}:/data", /anonymous]
      init: true
  - id: inside
    uses: docker.exec
    needs: [web]
    with:
      container: ${unique}-w1
      command: [sh, -c, "echo inside >> /data/acts; sleep 0.3; echo end >> /data/ends"]
  - id: key
    uses: consul.kv
    needs: [web]
    with: {key: ${unique}/mode, value: "on", address: "${consul}"}
  - id: service
    uses: consul.register
    needs: [web]
    with:
      address: ${consul}
      service: {name: ${unique}-web, port: 80, tags: ["v1"], checks: [{http: "${consul}", interval: 10s}]}
  - id: put
    uses: http.request
    needs: [key, service]
    with: {method: PUT, url: "${consul}/v1/kv/${unique}/put", body: x}
    verify:
      - uses: http.get
        with: {url: "${consul}/v1/kv/${unique}/put?raw"}
        expect: result.body == "x"
    undo: {uses: http.request, with: {method: DELETE, url: "${consul}/v1/kv/${unique}/put"}}
  - id: seen
    uses: docker.ps
    needs: [inside, put]
    expect: '["${unique}-w1", "${unique}-w2"].all(name, name in result.names)'
`;

const DOCKERFILE = `FROM ${IMAGE}
RUN sleep 0.2; echo one > /one
RUN sleep 0.2; echo two > /two
`;

interface Place {
  readonly env: NodeJS.ProcessEnv;
  readonly consul: ConsulAgent;
}

const place = async (): Promise<Place> => ({env: await dockerEnv(), consul: await consulAgent()});

const linesOf = (text: string): string[] => text.split('\n').filter(Boolean);

const dockerCase = ({env, consul}: Place): KillCase => {
  const unique = `rbk${randomBytes(4).toString('hex')}`;
  const docker = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('docker', args, {env})).stdout.trim();
  const quietly = (...args: string[]): Promise<string> => docker(...args).catch(() => '');
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${consul.address}/v1/${path}`);
    return answer.ok ? await answer.json() : undefined;
  };
  const named = ['--filter', `name=${unique}`];
  const containers = async (): Promise<string[]> => linesOf(await docker('ps', '-aq', ...named));
  return {
    name: 'Docker and Consul',
    files: {'kill.yaml': runbook(unique, consul.address), 'img/Dockerfile': DOCKERFILE},
    once: [],
    env: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('DOCKER'))) as Record<
      string,
      string
    >,
    async stamps() {
      const [key] = ((await get(`kv/${unique}/mode`)) ?? [{}]) as {ModifyIndex?: number}[];
      const started = ['inspect', '-f', '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}'];
      return new Map([
        ['net', await quietly('network', 'inspect', '-f', '{{.Id}}', `${unique}-net`)],
        ['image', await quietly('image', 'inspect', '-f', '{{.Id}}', `${unique}/img:1`)],
        ['web[w1]', await quietly(...started, `${unique}-w1`)],
        ['web[w2]', await quietly(...started, `${unique}-w2`)],
        ['inside', await quietly('exec', `${unique}-w1`, 'cat', '/data/acts')],
        ['key', String(key?.ModifyIndex)],
      ]);
    },
    async exists() {
      assert.is((await containers()).length, 2, 'two containers');
      assert.is(linesOf(await docker('network', 'ls', '-q', ...named)).length, 1, 'one network');
      assert.is(linesOf(await docker('volume', 'ls', '-q', ...named)).length, 2, 'two volumes');
      assert.is(await docker('exec', `${unique}-w1`, 'pidof', 'sh').catch(() => ''), '', 'no command still runs');
      assert.ok(linesOf(await docker('exec', `${unique}-w1`, 'cat', '/data/ends')).length >= 1);
      const services = (await get('agent/services')) as Record<string, {Service: string}>;
      assert.is(Object.values(services).filter(({Service}) => Service === `${unique}-web`).length, 1, 'one service');
    },
    async left() {
      const services = Object.keys((await get('agent/services')) as object).filter((id) => id.startsWith(unique));
      const checks = Object.keys((await get('agent/checks')) as object).filter((id) => id.includes(unique));
      return [
        ...linesOf(await docker('ps', '-a', '--format', 'container {{.Names}}', ...named)),
        ...linesOf(await docker('network', 'ls', '--format', 'network {{.Name}}', ...named)),
        ...linesOf(await docker('volume', 'ls', '--format', 'volume {{.Name}}', ...named)),
        ...linesOf(await docker('images', '--format', 'image {{.Repository}}', `${unique}/img`)),
        ...(((await get(`kv/${unique}?keys`)) as string[] | undefined) ?? []).map((key) => `key ${key}`),
        ...services.map((id) => `service ${id}`),
        ...checks.map((id) => `check ${id}`),
      ];
    },
    async cleanUp() {
      for (const id of await containers()) await quietly('rm', '-f', '-v', id);
      for (const id of linesOf(await docker('network', 'ls', '-q', ...named))) await quietly('network', 'rm', id);
      for (const id of linesOf(await docker('volume', 'ls', '-q', ...named))) await quietly('volume', 'rm', id);
      await quietly('rmi', '-f', `${unique}/img:1`);
      await fetch(`${consul.address}/v1/kv/${unique}?recurse`, {method: 'DELETE'});
      await fetch(`${consul.address}/v1/agent/service/deregister/${unique}-web`, {method: 'PUT'});
    },
  };
};

const count = (bounded: number, atLength: number): number =>
  Number(process.env.RUNBOOK_TEST_KILLS ?? (isSoak ? atLength : bounded));

withBoth(
  'at any moment leaves containers and keys that a resume completes, each once, and an undo removes',
  async () => {
    const here = await place();
    const next = seeded(SEED + 3);
    const moment = await momentsOf(next);

    await inPairs(
      Array.from({length: count(4, 100)}, (_, index) => {
        const run = moment(2500);
        if (index % 4 === 0) return () => undoTrial(dockerCase(here), run);
        const kills = {
          run,
          resumes: index % 4 === 1 ? [moment(1500)] : [],
          ...(index % 4 === 2 && {undo: moment(1500)}),
        };
        return () => trial(dockerCase(here), kills);
      }),
    );
  },
);

const traced = canTrace('kills at the boundaries of the journal') ? withBoth : test.skip;

traced('at the boundary of an entry leaves containers and keys that a resume completes, each once', async () => {
  const here = await place();
  const next = seeded(SEED + 4);
  // with fewer parts of its journal a run comes to its end unharmed, which is a trial too
  const boundary = (): Kill => ({at: next() < 0.5 ? 'write' : 'sync', n: 2 + Math.floor(next() * 20)});

  await inPairs(
    Array.from({length: count(4, 60)}, (_, index) => {
      const kills = {run: boundary(), ...(index % 2 === 0 && {undo: boundary()})};
      return index % 4 === 3 ? () => undoTrial(dockerCase(here), kills.run) : () => trial(dockerCase(here), kills);
    }),
  );
});

test.run();
