import type {BenchCase} from '../case.ts';
import {Ground} from '../ground.ts';

const IMAGE = 'runbook/consul:1.8.7';
const SERVERS = ['consul-server1', 'consul-server2', 'consul-server3'];
const ALL = [...SERVERS, 'consul-client1'];
const ROUNDS = 5;

const RESET = `docker rm -f -v ${ALL.join(' ')} >/dev/null 2>&1 || true; docker network rm runbook >/dev/null 2>&1 || true`;

const joins = '-client=0.0.0.0 -retry-join=consul-server1 -retry-interval=1s';
const server = (name: string, rest: string): string =>
  `docker run -d --name ${name} -h ${name} --network runbook ${IMAGE} agent -server ${rest} -hcl 'performance { raft_multiplier = 1 }' >/dev/null`;
const client = `docker run -d --name consul-client1 -h consul-client1 --network runbook -p 127.0.0.1:8500:8500 -p 127.0.0.1:8600:8600/udp -p 127.0.0.1:8600:8600/tcp ${IMAGE} agent ${joins} -ui >/dev/null`;

/** What all three have to reach: three servers of which one leads, four nodes in the catalog, and DNS that knows the first. */
const REACHED = `
until curl -fs localhost:8500/v1/status/leader | grep -q :8300 && [ "$(curl -fs localhost:8500/v1/status/peers | jq length)" = 3 ]; do sleep 0.05; done
until [ "$(curl -fs localhost:8500/v1/catalog/nodes | jq length)" = 4 ]; do sleep 0.05; done
until dig +short @127.0.0.1 -p 8600 consul-server1.node.consul | grep -q .; do sleep 0.05; done
until [ "$(docker exec consul-client1 consul members | grep -c alive)" = 4 ]; do sleep 0.05; done`;

/** By a hand that knows: all at once, and nothing is waited for longer than it takes. */
const PARALLEL = `set -eu
docker image inspect ${IMAGE} >/dev/null
docker network create runbook >/dev/null
${SERVERS.map((name) => `${server(name, `-bootstrap-expect=3 ${joins}`)} &`).join('\n')}
${client} &
wait
${REACHED}
`;

/** As the tutorial has it: one command after the other, and pauses where one has to wait. */
const SEQUENCE = `set -eu
docker network create runbook >/dev/null
${SERVERS.map((name) => `${server(name, `-bootstrap-expect=3 ${joins}`)}\nsleep 1`).join('\n')}
${client}
sleep 5
${REACHED}
`;

export const benchCase: BenchCase = {
  about: 'the Consul cluster of consul-cluster, on a Docker Engine of its own',

  async comparisons(bench) {
    const ground = await Ground.prepare(bench, [IMAGE], RESET);
    await bench.write({'parallel.sh': PARALLEL, 'sequence.sh': SEQUENCE});
    const run = () => ground.run('consul-cluster', '--until', 'members', '--set', 'machines=0');
    return [
      {
        what: 'from nothing to a leader, a catalog and DNS',
        rounds: ROUNDS,
        base: ground.anew('a shell script: all at once, waits by looking', () => ['sh', 'parallel.sh']),
        others: [
          ground.anew('the commands in sequence, with sleeps', () => ['sh', 'sequence.sh']),
          ground.anew('runbook run consul-cluster', run, 1.1), // the last one: what it has made is true in what follows
        ],
      },
      {
        what: 'all of it is true already',
        rounds: ROUNDS,
        base: bench.timed('runbook validate consul-cluster', [...bench.program, 'validate', 'consul-cluster']),
        others: [{name: 'runbook run consul-cluster', measure: () => ground.there(run())}],
      },
    ];
  },
};
