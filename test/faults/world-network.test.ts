/** The network to a machine is cut: nothing is refused, nothing arrives. Before a connection is made, and while one is used. */
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {makeAuthority, makeCertificate} from '../../steps/clients/machines/certificates.ts';
import {type CliRig, cliTest, type Ended} from '../cli-rig.ts';
import {type ConsulAgent, startConsul} from '../consul-agent.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {IMAGE} from '../docker-rig.ts';
import {type FarNetwork, startFarNetwork} from '../far-network.ts';

const test = suite('world: the network');
const cutTest = engineTest(test);

const LIMIT_MS = 240_000;
const CUT_MS = process.env.RUNBOOK_TEST_SOAK === '1' ? 25_000 : 14_000;
const SERVERS = fileURLToPath(new URL('far-servers.mjs', import.meta.url));

/** What there is beyond the cable. */
interface Far {
  readonly network: FarNetwork;
  readonly consul: ConsulAgent;
  readonly env: Readonly<Record<string, string>>;
  readonly tls: Readonly<Record<string, string>>;
}

let far: Promise<Far> | undefined;

const startFar = async (): Promise<Far> => {
  const engine = await testEngine();
  await engine.load(IMAGE);
  const network = await startFarNetwork();
  const {there} = network;
  const authority = await makeAuthority('those who are far', 30);
  const server = await makeCertificate(authority, {commonName: 'far', days: 30, uses: ['server'], addresses: [there]});
  const client = await makeCertificate(authority, {commonName: 'me', days: 30, uses: ['client']});
  const socket = (engine.env.DOCKER_HOST ?? '').slice('unix://'.length);
  const given = JSON.stringify({there, socket, ca: authority.cert, ...server});
  await network.start(process.execPath, SERVERS, given);
  const consul = await startConsul(['-dev'], {inside: network.inside, at: there});
  return {
    network,
    consul,
    env: {DOCKER_HOST: `tcp://${there}:2376`, DOCKER_TLS_VERIFY: '1', DOCKER_CONFIG: engine.env.DOCKER_CONFIG ?? ''},
    tls: {'ca.pem': authority.cert, 'cert.pem': client.cert, 'key.pem': client.key},
  };
};

test.after(async () => {
  const {consul, network} = (await far) ?? {};
  await consul?.stop();
  await network?.stop();
});

const cut = (name: string, body: (rig: CliRig, far: Far) => Promise<void>): void =>
  cutTest(
    name,
    cliTest(async (rig) => {
      const there = await (far ??= startFar());
      const tls = Object.entries(there.tls).map(([file, text]) => [`tls/${file}`, text]);
      await rig.write(Object.fromEntries(tls));
      try {
        await body(rig, {...there, env: {...there.env, DOCKER_CERT_PATH: join(rig.dir, 'tls')}});
      } finally {
        const {env} = await testEngine();
        await rig.start(['rm', '-f', 'rbt-far'], {command: ['docker'], env}).ended;
      }
    }, LIMIT_MS),
  );

const isCalm = ({stderr}: Ended): void => assert.not.match(stderr, /internal error|node:|Unhandled|at async/);

const container = (name: string): string =>
  `{name: ${name}, image: "${IMAGE}", command: [sh, -c, "while [ ! -e /ready ]; do sleep 0.1; done; echo ready; sleep 600"]}`;

cut(
  'that is cut lets no step wait without a limit, and says what does not answer',
  async (rig, {network, consul, env}) => {
    const {there} = network;
    await rig.write({
      'cut.yaml': `
name: cut
title: Everything that asks somebody
steps:
  - {id: container, uses: docker.run, with: ${container('rbt-far')}, needs: []}
  - {id: web, uses: http.get, with: {url: "http://${there}:8080/", timeout: 3s}, needs: []}
  - {id: kv, uses: consul.kv, with: {address: "${consul.address}", key: cut, value: "1"}, needs: []}
  - {id: nodes, uses: consul.nodes, with: {address: "${consul.address}"}, needs: []}
  - {id: name, uses: dns.lookup, with: {name: consul.service.consul, server: "${consul.dns}"}, needs: []}
  - {id: images, uses: docker.pull, with: {image: "${there}:5000/none:1"}, on: near, needs: []}
  - {id: cli, uses: compose.up, with: {file: compose.yaml, project: rbt-far}, timeout: 3s, needs: []}
`,
      'compose.yaml': `services: {web: {image: "${IMAGE}"}}\n`,
    });
    const near = (await testEngine()).env;
    const context = ['context', 'create', 'near', '--docker', `host=${near.DOCKER_HOST}`];
    await rig.start(context, {command: ['docker'], env: {DOCKER_CONFIG: join(rig.dir, 'docker')}}).ended;
    const operator = {...env, DOCKER_CONFIG: join(rig.dir, 'docker')};
    await network.cut();
    let ended: Ended;
    try {
      ended = await rig.runbook(['run', './cut.yaml', '--keep-going', '--concurrency', '9'], {env: operator});
    } finally {
      await network.mend();
    }

    assert.is(ended.code, 1, ended.stderr);
    isCalm(ended);
    for (const said of [
      /step "container" .*cannot reach Docker at tcp:.*: no answer within 10 s \[docker-unreachable\]/,
      /step "web" .*no answer within 3 s.* \[http-failed\]/,
      /step "kv" .*no answer within 10 s \[consul-unreachable\]/,
      /step "nodes" .*no answer within 10 s \[consul-unreachable\]/,
      /step "name" .*no answer in time \[dns-failed\]/,
      /step "images" .*its registry cannot be reached \[registry-unreachable\]/,
      /step "cli" .*did not finish within 3 ?s \[timed-out\]/,
    ])
      assert.match(ended.stderr, said);
  },
);

cut('that is cut under what is going on: each wait goes on when it is back', async (rig, {network, consul, env}) => {
  const {there} = network;
  await rig.write({
    'half.yaml': `
name: half
title: Connections that go silent
steps:
  - {id: container, uses: docker.run, with: ${container('rbt-far')}}
  - {id: log, uses: docker.logs, with: {container: rbt-far}, expect: 'result.text.contains("ready")', within: 120s, needs: [container]}
  - {id: exec, uses: docker.exec, with: {container: rbt-far, command: [sh, -c, "echo begun; while [ ! -e /go ]; do sleep 0.1; done; echo done"]}, needs: [container]}
  - {id: key, uses: consul.kv, with: {address: "${consul.address}", key: half, value: "1"}, needs: []}
  - {id: changed, uses: consul.service, with: {address: "${consul.address}", name: half}, expect: size(result.instances) == 1, within: 120s, needs: [key]}
  - {id: web, uses: http.get, with: {url: "http://${there}:8080/half", timeout: 2s}, retry: {attempts: 2, delay: 1s}, needs: []}
`,
  });
  const live = rig.start(['run', './half.yaml', '--keep-going', '--concurrency', '9'], {env});
  await live.says('| begun');
  await live.says('waiting');
  await network.cut();
  try {
    // Longer than what Node itself would bear, shorter than what is taken for the end.
    await sleep(CUT_MS);
  } finally {
    await network.mend();
  }
  const near = (await testEngine()).env;
  await rig.start(['exec', 'rbt-far', 'touch', '/ready', '/go'], {command: ['docker'], env: near}).ended;
  const service = {method: 'PUT', body: '{"Name":"half","Port":1}'};
  await fetch(`${consul.address}/v1/agent/service/register`, service);

  const ended = await live.ended;

  assert.is(ended.code, 1, ended.stderr);
  isCalm(ended);
  assert.match(ended.stderr, /5 ran, 1 failed|1 failed, 5 ran/);
  assert.match(ended.stderr, /step "web" .*no answer within 2 s/);
  assert.match(ended.stderr, /exec +\| done/);
});

test.run();
