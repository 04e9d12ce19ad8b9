/** The headline, end to end: the real program, the shipped runbooks, a real engine, real Consul, real DNS. */
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended} from '../cli-rig.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {hasTools} from '../tools.ts';

const test = suite('consul-cluster');
const onEngine = hasTools('curl', 'dig', 'jq') ? engineTest(test) : test.skip;

const LIMIT_MS = 300_000;
const CONSUL = 'runbook/consul:1.8.7';
const STRANGER = 'runbook/test:1';
const SERVERS = ['consul-server1', 'consul-server2', 'consul-server3'];
/** The first part of the runbook; swarm-webapp.test.ts has the second. */
const RUN_CONSUL = ['run', 'consul-cluster', '--set', 'machines=0'];
const AGENTS = ['consul-client1', ...SERVERS];

/** The program and plain commands, side by side on the tests' own engine. */
class Bench {
  readonly rig: CliRig;
  readonly #env: Record<string, string>;
  readonly #inside: readonly string[];

  constructor(rig: CliRig, env: Readonly<Record<string, string>>, inside: readonly string[]) {
    this.rig = rig;
    this.#env = {...env};
    this.#inside = inside;
  }

  sh(line: string): Promise<Ended> {
    return this.rig.runbook([], {command: this.#command(['sh', '-c', line]), env: this.#env});
  }

  runbook(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  start(...args: string[]): ReturnType<CliRig['start']> {
    const [file, ...rest] = this.#inside;
    if (file === undefined) return this.rig.start(args, {env: this.#env});
    return this.rig.start([], {
      command: [file, ...rest, process.execPath, 'dist/cli/main.cjs', ...args],
      env: this.#env,
    });
  }

  #command(words: readonly string[]): [string, ...string[]] {
    return [...this.#inside, ...words] as [string, ...string[]];
  }

  /** Name -> id and time of start of every container of the tutorial: a restart changes the time, a second one the id. */
  async agents(): Promise<Record<string, string>> {
    const format = '{{.Name}} {{.Id}} {{.State.StartedAt}} {{.State.Status}}';
    const {stdout} = await this.sh(`docker ps -aq | xargs -r docker inspect --format '${format}'`);
    const lines = stdout.split('\n').filter((line) => line.includes('consul-'));
    return Object.fromEntries(
      lines.map((line) => {
        const [name = '', ...rest] = line.slice(1).split(' ');
        return [name, rest.join(' ')];
      }),
    );
  }

  async wipe(): Promise<void> {
    await this.sh(`docker rm -f -v ${AGENTS.join(' ')}; docker network rm runbook; true`);
  }
}

const clusterTest = (body: (bench: Bench) => Promise<void>): (() => Promise<void>) =>
  cliTest(async (rig) => {
    const engine = await testEngine();
    await engine.load(CONSUL);
    await engine.load(STRANGER);
    const bench = new Bench(rig, engine.env, engine.inside);
    await bench.wipe();
    try {
      await body(bench);
    } finally {
      await bench.wipe();
    }
  }, LIMIT_MS);

const proveCluster = async (bench: Bench): Promise<void> => {
  const nodes = await bench.sh(`curl -fsS localhost:8500/v1/catalog/nodes | jq -r '.[].Node' | sort`);
  assert.is(nodes.stdout, `${AGENTS.join('\n')}\n`);
  const address = await bench.sh(
    `docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' consul-server1`,
  );
  const dug = await bench.sh('dig +short @127.0.0.1 -p 8600 consul-server1.node.consul');
  assert.is(dug.stdout, address.stdout);
  const members = await bench.sh('docker exec consul-client1 consul members');
  assert.is(members.stdout.match(/ alive /g)?.length, 4, members.stdout);
};

onEngine(
  'comes up from nothing, is left alone by a second run, repaired by a resume, and gone after undo',
  clusterTest(async (bench) => {
    const first = await bench.runbook(...RUN_CONSUL);
    assert.is(first.code, 0, first.stderr);
    await proveCluster(bench);
    const made = await bench.agents();
    assert.equal(Object.keys(made).sort(), AGENTS);

    const second = await bench.runbook(...RUN_CONSUL);
    assert.is(second.code, 0, second.stderr);
    assert.equal(await bench.agents(), made);

    await bench.sh('docker stop -t 5 consul-server2');
    const drifted = await bench.runbook('status');
    assert.is(drifted.code, 4, drifted.stdout);
    assert.match(drifted.stdout, 'server2');

    const run = JSON.parse((await bench.runbook('runs', '--json')).stdout)[0].run;
    const repaired = await bench.runbook('resume', run);
    assert.is(repaired.code, 0, repaired.stderr);
    const after = await bench.agents();
    assert.is(after['consul-server1'], made['consul-server1']);
    assert.is(
      after['consul-server2']?.split(' ')[0],
      made['consul-server2']?.split(' ')[0],
      'the same container, started',
    );
    assert.is((await bench.runbook('status')).code, 0);
    await proveCluster(bench);
  }),
);

onEngine(
  'is taken back by undo, from another process',
  clusterTest(async (bench) => {
    assert.is((await bench.runbook(...RUN_CONSUL)).code, 0);

    const undone = await bench.runbook('undo', '--yes');

    assert.is(undone.code, 0, undone.stderr);
    assert.equal(await bench.agents(), {});
    assert.is((await bench.sh('docker network ls -q --filter name=^runbook$')).stdout, '');
  }),
);

onEngine(
  'completes after kill -9 at any moment, and starts no server twice',
  clusterTest(async (bench) => {
    for (const delayMs of [700, 1500, 2300, 3400, 4600]) {
      await bench.wipe();
      await bench.rig.runbook([], {command: ['rm', '-rf', '.runbook']});
      const live = bench.start(...RUN_CONSUL);
      await sleep(delayMs);
      live.signal('SIGKILL');
      await live.ended;
      const before = await bench.agents();

      const unfinished = (await bench.runbook('runs')).stdout.includes('consul-cluster');
      const resumed = unfinished ? await bench.runbook('resume') : await bench.runbook(...RUN_CONSUL);

      // killed after its last step, there is nothing to go on with
      assert.ok(
        resumed.code === 0 || resumed.stderr.includes('nothing unfinished'),
        `${delayMs} ms: ${resumed.stderr}`,
      );
      const after = await bench.agents();
      assert.equal(Object.keys(after).sort(), AGENTS);
      for (const [name, made] of Object.entries(before)) {
        if (made.endsWith('running')) assert.is(after[name], made, `${name} was started again after ${delayMs} ms`);
      }
      await proveCluster(bench);
    }
  }),
);

onEngine(
  'is removed by cleanup, which leaves what belongs to a stranger',
  clusterTest(async (bench) => {
    assert.is((await bench.runbook(...RUN_CONSUL)).code, 0);
    await bench.sh(`docker rm -f -v consul-server3 && docker run -d --name consul-server3 ${STRANGER} sleep 600`);

    const asked = await bench.runbook('run', 'cleanup');
    assert.is(asked.code, 1, 'without a terminal and without --yes nothing is removed');
    assert.equal(Object.keys(await bench.agents()).sort(), AGENTS);
    const cleaned = await bench.runbook('run', 'cleanup', '--yes');

    assert.is(cleaned.code, 0, cleaned.stderr);
    assert.equal(Object.keys(await bench.agents()), ['consul-server3']);
    assert.match(cleaned.stderr + cleaned.stdout, 'consul-server3');
  }),
);

onEngine(
  'refuses a name that a stranger has, and goes on once it is free',
  clusterTest(async (bench) => {
    await bench.sh(`docker run -d --name consul-server2 ${STRANGER} sleep 600`);

    const refused = await bench.runbook(...RUN_CONSUL);
    assert.is(refused.code, 1);
    assert.match(refused.stderr, 'name-taken');
    assert.match(refused.stderr, 'runbook resume');
    await bench.sh('docker rm -f consul-server2');
    const resumed = await bench.runbook('resume');

    assert.is(resumed.code, 0, resumed.stderr);
    await proveCluster(bench);
  }),
);

test.run();
