/** A swarm of two engines by a runbook, run by the real program: formed, kept, looked at, and taken apart. */
import {readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {sh} from '../../engine/sh.ts';
import {program} from '../cli-rig.ts';
import {engineTest} from '../docker-engine.ts';
import {IMAGE} from '../docker-rig.ts';
import {type SwarmNode, type SwarmRig, startNodes, swarmTest} from '../swarm-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('a swarm by a runbook');
const onEngine = hasTools('curl', 'dig', 'jq') ? engineTest(test) : test.skip;

const RUNBOOK = `name: swarm
title: A swarm of two
inputs: {master: {}, agent: {}}
steps:
  - id: swarm
    uses: swarm.init
    on: swarm-master
    with: {advertise_addr: "\${{ inputs.master }}"}
  - id: token
    uses: swarm.join_token
    on: swarm-master
  - id: join
    uses: swarm.join
    on: swarm-agent-00
    with:
      manager: \${{ steps.swarm.outputs.manager_address }}
      token: \${{ steps.token.outputs.token }}
      advertise_addr: \${{ inputs.agent }}
  - id: nodes
    uses: swarm.nodes
    on: swarm-master
    expect: result.ready == ["swarm-agent-00", "swarm-master"]
    within: 30s
  - id: label
    uses: swarm.node
    on: swarm-master
    with: {node: swarm-agent-00, labels: {role: web}}
  - id: web
    uses: service.create
    on: swarm-master
    with: {name: web, image: "${IMAGE}", init: true, command: [sleep, 1000], constraints: [node.labels.role==web]}
  - id: where
    uses: service.ps
    on: swarm-master
    with: {name: web}
    expect: result.nodes == ["swarm-agent-00"]
`;

const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, {recursive: true, withFileTypes: true}))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

class Bench {
  readonly #rig: SwarmRig;
  readonly #env: NodeJS.ProcessEnv;
  printed = '';

  constructor(rig: SwarmRig) {
    this.#rig = rig;
    this.#env = {DOCKER_CONFIG: join(rig.dir, 'docker'), DOCKER_HOST: ''};
  }

  async docker(line: string): Promise<string> {
    const {stdout, stderr, code} = await this.#rig.sh(`docker ${line}`, this.#env);
    assert.is(code, 0, `docker ${line}\n${stderr}`);
    return stdout.trim();
  }

  async runbook(...args: string[]): Promise<string> {
    const {stdout, stderr, code} = await this.#rig.sh(sh`${[...program, ...args]}`, this.#env);
    assert.is(code, 0, stdout + stderr);
    this.printed += stdout + stderr;
    return stdout + stderr;
  }

  async kept(): Promise<string> {
    const files = await filesBelow(join(this.#rig.dir, '.runbook'));
    return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
  }
}

onEngine(
  'is formed with a token that nobody sees, kept by a resume, repaired, and taken apart by undo',
  swarmTest(async (rig) => {
    const [master, agent] = (await startNodes(rig, ['swarm-master', 'swarm-agent-00'])) as [SwarmNode, SwarmNode];
    const bench = new Bench(rig);
    for (const {name, env} of [master, agent])
      await bench.docker(`context create ${name} --docker host=${env.DOCKER_HOST}`);
    await writeFile(join(rig.dir, 'swarm.yaml'), RUNBOOK);
    const inputs = ['--set', `master=${master.address}`, '--set', `agent=${agent.address}`];

    await bench.runbook('run', './swarm.yaml', ...inputs);
    const [run = ''] = await readdir(join(rig.dir, '.runbook/runs'));
    const nodes = await bench.docker("--context swarm-master node ls --format '{{.Hostname}} {{.Status}}'");
    const again = await bench.runbook('run', './swarm.yaml', ...inputs);
    const token = await bench.docker('--context swarm-master swarm join-token -q worker');

    assert.is(nodes, 'swarm-agent-00 Ready\nswarm-master Ready');
    assert.match(again, /already true/);

    await bench.docker('--context swarm-agent-00 swarm leave');
    await bench.docker('--context swarm-master service rm web');
    await rig.until(async () =>
      /Down/.test(await bench.docker("--context swarm-master node ls --format '{{.Status}}'")),
    );
    await bench.docker('--context swarm-master node rm swarm-agent-00');
    await bench.runbook('resume', run);
    assert.is(
      await bench.docker("--context swarm-master service ps -f desired-state=running web --format '{{.Node}}'"),
      'swarm-agent-00',
    );

    await bench.runbook('status', run);
    await bench.runbook('undo', run, '--yes');
    for (const {name} of [master, agent]) {
      assert.is(await bench.docker(`--context ${name} info -f '{{.Swarm.LocalNodeState}}'`), 'inactive');
      assert.is(await bench.docker(`--context ${name} ps -aq`), '');
    }
    const secret = token.split('-').slice(3).join('-');
    assert.ok(secret.length > 10);
    assert.is((bench.printed + (await bench.kept())).includes(secret), false);
    assert.match(await bench.kept(), /TOKEN_TOKEN/);
  }),
);

test.run();
