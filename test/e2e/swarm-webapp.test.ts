/** The tutorial's second half, end to end: machines in a Consul cluster, a swarm by discovery, a web application by DNS. */
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest, testEngine} from '../docker-engine.ts';
import {hasTools} from '../tools.ts';
import {type Tutorial, tutorialTest} from '../tutorial-rig.ts';

const test = suite('swarm-webapp');
const onEngine = hasTools('curl', 'dig', 'jq') ? engineTest(test) : test.skip;

const WEBAPP = 'runbook/webapp:1';
const AGENTS = ['swarm-agent-00', 'swarm-agent-01'];
const MACHINES = [...AGENTS, 'swarm-master'];
const CONSUL = ['consul-client1', 'consul-server1', 'consul-server2', 'consul-server3'];
const WEB = '--filter label=com.docker.swarm.service.name=webapp_web';

const output = async (tutorial: Tutorial, line: string): Promise<string> => {
  const done = await tutorial.sh(line);
  assert.is(done.code, 0, `${line}: ${done.stderr}`);
  return done.stdout.trim();
};

const run = async (tutorial: Tutorial, ...args: string[]): Promise<void> => {
  const {code, stdout, stderr} = await tutorial.runbook(...args);
  assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
};

const addressOf = (tutorial: Tutorial, name: string): Promise<string> =>
  output(tutorial, `docker inspect -f '{{.NetworkSettings.Networks.runbook.IPAddress}}' ${name}`);

const dug = async (tutorial: Tutorial, name: string): Promise<string[]> =>
  (await output(tutorial, `dig +short @127.0.0.1 -p 8600 ${name}`)).split('\n').sort();

const untilDug = async (tutorial: Tutorial, name: string, addresses: readonly string[]): Promise<void> => {
  while (String(await dug(tutorial, name)) !== String(addresses)) await sleep(200);
};

/** Ids and times of start of all containers on all engines. */
const everythingStarted = (tutorial: Tutorial): Promise<string> =>
  output(
    tutorial,
    `for on in default ${MACHINES.join(' ')}; do
       docker --context $on ps -aq --no-trunc | xargs docker --context $on inspect -f '{{.Id}} {{.State.StartedAt}}' | sort
     done`,
  );

/** By plain docker, curl and dig, beside the program. */
const proveCluster = async (tutorial: Tutorial): Promise<void> => {
  const nodes = await output(tutorial, `curl -fsS localhost:8500/v1/catalog/nodes | jq -r '.[].Node' | sort`);
  assert.equal(nodes.split('\n'), [...CONSUL, ...MACHINES]);
  const alive = await output(
    tutorial,
    `docker exec consul-client1 consul members | awk '$3 == "alive" {print $1}' | sort`,
  );
  assert.equal(alive.split('\n'), [...CONSUL, ...MACHINES]);
  for (const name of MACHINES)
    assert.equal(await dug(tutorial, `${name}.node.consul`), [await addressOf(tutorial, name)]);
  const master = await addressOf(tutorial, 'swarm-master');
  assert.equal(await dug(tutorial, 'swarm-manager.service.consul'), [master]);
  for (const name of AGENTS) {
    const managers = `docker --context ${name} info -f '{{range .Swarm.RemoteManagers}}{{.Addr}}{{end}}'`;
    assert.is(await output(tutorial, managers), `${master}:2377`);
  }
};

const proveWebapp = async (tutorial: Tutorial, addresses: readonly string[]): Promise<void> => {
  const ps = `docker --context swarm-master service ps webapp_web --filter desired-state=running --format '{{.Node}}'`;
  assert.equal((await output(tutorial, ps)).split('\n').sort(), AGENTS);
  for (const address of addresses)
    assert.is(await output(tutorial, `curl -fsS http://${address}:5000/`), 'Hello world!');
  await untilDug(tutorial, 'webapp.service.consul', addresses);
  await untilDug(tutorial, 'api.webapp.service.consul', addresses);
};

onEngine(
  'comes up from nothing in order, is left alone by further runs, heals itself, and is gone after undo',
  tutorialTest(async (tutorial) => {
    await (await testEngine()).load(WEBAPP);
    const before = await tutorial.reality();

    await run(tutorial, 'run', 'consul-cluster');
    await proveCluster(tutorial);
    await run(tutorial, 'run', 'deploy-webapp');
    const addresses = (await Promise.all(AGENTS.map((name) => addressOf(tutorial, name)))).sort();
    await proveWebapp(tutorial, addresses);

    const made = await everythingStarted(tutorial);
    for (const name of ['consul-cluster', 'deploy-webapp']) {
      await run(tutorial, 'run', name);
      await run(tutorial, 'status');
    }
    assert.is(await everythingStarted(tutorial), made);

    const [lost = '', kept = ''] = await Promise.all(AGENTS.map((name) => addressOf(tutorial, name)));
    const on = `docker --context ${AGENTS[0]}`;
    await output(tutorial, `${on} kill $(${on} ps -q ${WEB})`);
    await untilDug(tutorial, 'webapp.service.consul', [kept]);
    await untilDug(tutorial, 'webapp.service.consul', [lost, kept].sort());
    await proveWebapp(tutorial, addresses);
    await run(tutorial, 'status');

    const runs: {run: string}[] = JSON.parse((await tutorial.runbook('runs', '--json')).stdout);
    for (const {run: id} of runs) await run(tutorial, 'undo', id, '--yes');
    assert.equal(await tutorial.reality(), before);
  }),
);

test.run();
