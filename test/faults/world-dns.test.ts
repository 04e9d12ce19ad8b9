/** DNS servers that say nothing, nonsense, half of it, or that they can't tell; also as the system's own. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest, type Ended, program} from '../cli-rig.ts';
import {type DnsServer, type Fault, startDns} from '../dns-server.ts';
import {hasTools, isRoot} from '../tools.ts';

const test = suite('world: dns');

const isCalm = ({stderr}: Ended): void => assert.not.match(stderr, /internal error|node:|Unhandled|at async/);

const withServers = async (faults: readonly Fault[], body: (servers: readonly DnsServer[]) => Promise<void>) => {
  const servers = await Promise.all(faults.map((fault) => startDns(fault)));
  try {
    await body(servers);
  } finally {
    for (const server of servers) server.close();
  }
};

const lookups = (servers: readonly DnsServer[], more = ''): string =>
  `name: asks\ntitle: Lookups\nsteps:\n${servers
    .map(({fault, address}, n) => {
      const id = `${fault.replaceAll('-', '_')}${n}`;
      return `  - {id: ${id}, uses: dns.lookup, with: {name: a.example, server: "${address}"}, needs: []${more}}\n`;
    })
    .join('')}`;

test(
  'of a server that goes wrong is said as what it is, and within a limit',
  cliTest(async (rig) => {
    const faults = ['silent', 'garbage', 'servfail', 'refused', 'other-id', 'cut-without-tcp', 'cut'] as const;
    await withServers(faults, async (servers) => {
      await rig.write({'asks.yaml': lookups(servers)});

      const ended = await rig.runbook(['run', './asks.yaml', '--keep-going', '--concurrency', '9']);

      assert.is(ended.code, 1, ended.stderr);
      isCalm(ended);
      for (const [step, said] of [
        ['silent0', 'no answer in time'],
        ['garbage1', "its answer can't be read"],
        ['servfail2', 'it answered SERVFAIL'],
        ['refused3', 'it answered REFUSED'],
        ['other_id4', 'no answer in time'],
        ['cut_without_tcp5', 'it refuses the connection'],
      ])
        assert.match(ended.stderr, new RegExp(`step "${step}" .*at the DNS server .*: ${said} \\[dns-failed\\]`));
      assert.match(ended.stderr, /cut6 +\| 192\.0\.2\.9/);
    });
  }),
);

test(
  'of a server that recovers lets what waits for it go on',
  cliTest(async (rig) => {
    await withServers(['silent', 'servfail', 'garbage'], async (servers) => {
      const expects = ', expect: \'result.addresses == ["192.0.2.9"]\', within: 50s';
      await rig.write({'asks.yaml': lookups(servers, expects)});
      const live = rig.start(['run', './asks.yaml']);
      await live.says('SERVFAIL');
      for (const server of servers) server.fault = 'none';

      const {code, stderr} = await live.ended;

      assert.is(code, 0, stderr);
    });
  }),
);

const asSystem = isRoot() && hasTools('unshare', 'mount') ? test : test.skip;

asSystem(
  "of the system's silent one leaves no step without a limit",
  cliTest(async (rig) => {
    const server = await startDns('silent', '127.0.0.119', 53);
    try {
      const name = 'nobody.example';
      await rig.write({
        'resolv.conf': 'nameserver 127.0.0.119\n',
        'names.yaml': `
name: names
title: Everybody has a name
steps:
  - {id: web, uses: http.get, with: {url: "http://${name}/", timeout: 2s}, needs: []}
  - {id: kv, uses: consul.nodes, with: {address: "http://${name}:8500"}, needs: []}
  - {id: name, uses: dns.lookup, with: {name: ${name}}, needs: []}
  - {id: server, uses: dns.lookup, with: {name: a.example, server: "${name}:53"}, needs: []}
  - {id: engine, uses: docker.info, needs: []}
`,
      });
      const call = `mount --bind resolv.conf /etc/resolv.conf; exec ${program.map((word) => `'${word}'`).join(' ')} "$@"`;
      const ended = await rig.start(
        ['--mount', 'sh', '-c', call, 'sh', 'run', './names.yaml', '--keep-going', '--concurrency', '9'],
        {command: ['unshare'], env: {DOCKER_HOST: `tcp://${name}:2375`}},
      ).ended;

      assert.is(ended.code, 1, ended.stderr);
      isCalm(ended);
      for (const [step, said] of [
        ['web', 'no answer within 2 s'],
        ['kv', 'no answer within 10 s'],
        ['name', 'no answer in time'],
        ['server', `the DNS server's own name ${name} `],
        ['engine', 'no answer within 10 s'],
      ])
        assert.match(ended.stderr, new RegExp(`step "${step}" .*${said}`));
    } finally {
      server.close();
    }
  }, 120_000),
);

test.run();
