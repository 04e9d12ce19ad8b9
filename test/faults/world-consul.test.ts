/** A Consul cluster that loses its quorum: two of three servers are killed, and come back later. */
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended} from '../cli-rig.ts';
import {consulTest} from '../consul-agent.ts';
import {type ConsulServer, startCluster} from '../consul-cluster.ts';

const test = suite('world: consul');
const LIMIT_MS = 180_000;

const clusterTest = (name: string, body: (rig: CliRig, servers: readonly ConsulServer[]) => Promise<void>): void =>
  consulTest(test)(
    name,
    cliTest(async (rig) => {
      const servers = await startCluster(join(rig.dir, 'consul'));
      try {
        await body(rig, servers);
      } finally {
        for (const server of servers) await server.kill();
      }
    }, LIMIT_MS),
  );

const isCalm = ({stderr}: Ended): void => assert.not.match(stderr, /internal error|node:|Unhandled|at async/);

clusterTest(
  'without a quorum says that there is no leader, and what waits goes on when there is one',
  async (rig, servers) => {
    const [left, ...others] = servers as [ConsulServer, ...ConsulServer[]];
    const at = `address: "${left.address}"`;
    await rig.write({
      'led.yaml': `
name: led
title: What needs a leader
steps:
  - {id: nodes, uses: consul.nodes, with: {${at}}, needs: []}
  - {id: kv, uses: consul.kv, with: {${at}, key: led, value: "1"}, needs: []}
  - {id: leader, uses: consul.leader, with: {${at}}, expect: 'result.leader != ""', needs: []}
  - {id: name, uses: dns.lookup, with: {name: gone.service.consul, server: "${left.dns}"}, needs: []}
`,
      'waits.yaml': `
name: waits
title: What waits for a leader
steps:
  - {id: nodes, uses: consul.nodes, with: {${at}}, expect: size(result.nodes) == 3, within: 90s, needs: []}
  - {id: key, uses: consul.kv, with: {${at}, key: waits, value: "1"}, needs: []}
  - {id: service, uses: consul.service, with: {${at}, name: web}, expect: size(result.instances) == 1, within: 90s, needs: []}
  - {id: leader, uses: consul.leader, with: {${at}}, expect: 'result.leader != ""', within: 90s, needs: []}
`,
    });
    for (const server of others) await server.kill();
    while (!(await (await fetch(`${left.address}/v1/catalog/nodes`)).text()).includes('No cluster leader'))
      await sleep(100);

    const ended = await rig.runbook(['run', './led.yaml', '--keep-going']);
    assert.is(ended.code, 1, ended.stderr);
    isCalm(ended);
    for (const step of ['nodes', 'kv'])
      assert.match(
        ended.stderr,
        new RegExp(
          `step "${step}" .*the Consul cluster at ${left.address} has no leader: too few of its servers answer \\[consul-unreachable\\]`,
        ),
      );
    assert.match(ended.stderr, /found +No cluster leader/);
    assert.match(ended.stderr, /next +start servers until more than half of them run/);
    assert.match(ended.stderr, /step "leader" .*its check did not hold|step "leader".*check-failed/);

    const live = rig.start(['run', './waits.yaml']);
    await live.says('found No cluster leader');
    await sleep(3000);
    for (const server of others) server.start();
    const service = {method: 'PUT', body: '{"Name":"web","Port":80}'};
    await fetch(`${left.address}/v1/agent/service/register`, service);
    const waited = await live.ended;
    assert.is(waited.code, 0, waited.stderr);
    isCalm(waited);
    // hints of a cluster without a leader must not turn into a storm of looks
    const looks = waited.stderr.split('\n').filter((line) => line.includes('waiting')).length;
    assert.ok(looks < 60, `${looks} looks were told`);

    const resumed = await rig.runbook(['run', './led.yaml']);
    assert.is(resumed.code, 0, resumed.stderr);
  },
);

test.run();
