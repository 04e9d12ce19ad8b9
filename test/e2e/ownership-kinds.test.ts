/** `runbook ps` and `runbook clean` of machines, projects, stacks and services. */
import {existsSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {installCompose} from '../compose-rig.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {IMAGE} from '../docker-rig.ts';
import {MACHINE_IMAGE} from '../machine-rig.ts';
import {engineRig, type Listing, type Rig} from '../ownership-rig.ts';

const test = suite('ps and clean of what has parts');
const withEngine = engineTest(test);

const machineEnv = (rig: Rig): Record<string, string> => ({
  ...rig.env,
  DOCKER_CONFIG: join(rig.dir, 'docker'),
  XDG_DATA_HOME: join(rig.dir, 'data'),
});

const MACHINES = `name: machines
title: Two machines, and something on one of them
steps:
  - {id: net, uses: docker.network, with: {name: rbc-net, fixed_addresses: true}}
  - id: m1
    uses: machine.create
    with: {name: rbc-m1, image: "${MACHINE_IMAGE}", network: rbc-net}
  - id: m2
    uses: machine.create
    needs: [net]
    with: {name: rbc-m2, image: "${MACHINE_IMAGE}", network: rbc-net}
  - {id: inner, uses: docker.network, on: rbc-m1, with: {name: rbc-inner}}
`;

withEngine(
  'machines: looks into those that answer, names one that does not, and takes all of them away with keys and contexts',
  engineRig(async (rig) => {
    const engine = await testEngine();
    await engine.load(MACHINE_IMAGE);
    rig.env = machineEnv(rig);
    await rig.write({'machines.yaml': MACHINES, 'docker/config.json': '{}'});
    const made = await rig.call('run', './machines.yaml');
    assert.is(made.code, 0, made.stderr);
    const {run = ''} = (await rig.runs())[0] ?? {};
    await rig.docker('context create rbc-mine --docker host=unix:///nowhere.sock');

    // Its engine hangs: connections are taken, and nothing answers.
    await rig.docker('pause rbc-m2');
    const listing = JSON.parse((await rig.call('ps', '--json')).stdout) as Listing;
    const things = listing.runs.find((one) => one.run === run)?.things.map(({kind, name}) => `${kind} ${name}`);
    assert.equal(things?.sort(), ['machine rbc-m1', 'machine rbc-m2', 'network rbc-inner', 'network rbc-net']);
    assert.equal(
      listing.unseen.map(({on, message}) => `${on}: ${message}`),
      ['rbc-m2: no answer within 5 s'],
    );
    assert.match((await rig.call('ps')).stderr, /! machine "rbc-m2" was not looked at \(no answer within 5 s\)/);
    rmSync(join(rig.dir, '.runbook'), {recursive: true});
    const cleaned = await rig.call('clean', '--yes', '--json');

    assert.is(cleaned.code, 0, cleaned.stderr);
    const {removed} = JSON.parse(cleaned.stdout) as {removed: {name: string}[]};
    assert.equal(
      removed
        .map(({name}) => name)
        .filter((name) => name.startsWith('rbc-'))
        .sort(),
      ['rbc-inner', 'rbc-m1', 'rbc-m2', 'rbc-net'],
    );
    assert.equal(await rig.there(), []);
    assert.not.ok(existsSync(join(rig.dir, 'data/runbook')), 'keys');
    assert.is(await rig.docker("context ls --format '{{.Name}}' | grep rbc"), 'rbc-mine');
    assert.is(await rig.docker('volume ls -q --filter label=io.runbook.run'), '');
  }, 300_000),
);

withEngine(
  'of a machine whose container is gone, keys and context go, too',
  engineRig(async (rig) => {
    await (await testEngine()).load(MACHINE_IMAGE);
    rig.env = machineEnv(rig);
    await rig.write({'machines.yaml': MACHINES, 'docker/config.json': '{}'});
    const made = await rig.call('run', './machines.yaml', '--until', 'm1');
    assert.is(made.code, 0, made.stderr);
    await rig.docker('rm -f rbc-m1');
    rmSync(join(rig.dir, '.runbook'), {recursive: true});
    // Somebody has cleared the data folder, too: the context alone says whose it was.
    rmSync(join(rig.dir, 'data/runbook/machines/rbc-m1'), {recursive: true});

    const listing = await rig.ps();
    const all = listing.runs.flatMap(({things}) => things).filter(({name}) => name.startsWith('rbc-'));
    assert.equal(all.map(({kind, name}) => `${kind} ${name}`).sort(), ['machine rbc-m1', 'network rbc-net']);
    const cleaned = await rig.call('clean', '--yes');

    assert.is(cleaned.code, 0, cleaned.stderr);
    assert.is(await rig.docker("context ls --format '{{.Name}}' | grep rbc || true"), '');
    assert.equal(await rig.there(), []);
    assert.is(await rig.docker('volume ls -q --filter label=io.runbook.run'), '', 'its data, which had no name');
  }, 300_000),
);

const SHOP = `services:
  web: {image: "${IMAGE}", init: true, command: sleep 1000, volumes: ["data:/data"]}
volumes: {data: {}}
`;
const SWARM = `name: swarm
title: Compose, a stack and a service
steps:
  - {id: project, uses: compose.up, with: {project: rbc-project, file: shop.yml}}
  - {id: form, uses: shell, with: {run: docker swarm init --advertise-addr 127.0.0.1}, undo: {run: docker swarm leave --force}}
  - {id: stack, uses: stack.deploy, with: {name: rbc-stack, file: shop.yml}}
  - {id: service, uses: service.create, with: {name: rbc-service, image: "${IMAGE}", command: [sleep, "1000"], init: true, mounts: ["rbc-mount:/data"]}}
`;

withEngine(
  'Compose projects, stacks and services, with their networks and volumes',
  engineRig(async (rig) => {
    await installCompose();
    await rig.write({'swarm.yaml': SWARM, 'shop.yml': SHOP});
    try {
      const made = await rig.call('run', './swarm.yaml');
      assert.is(made.code, 0, made.stderr);
      const {run = ''} = (await rig.runs())[0] ?? {};
      rmSync(join(rig.dir, '.runbook'), {recursive: true});
      const listing = await rig.ps(run);
      const [own] = listing.runs;
      assert.equal(own?.things.map(({kind, name}) => `${kind} ${name}`).sort(), [
        'container rbc-project-web-1',
        'network rbc-project_default',
        'service rbc-service',
        'stack rbc-stack',
        'volume rbc-mount',
        'volume rbc-project_data',
        'volume rbc-stack_data',
      ]);
      const cleaned = await rig.call('clean', '--yes');

      assert.is(cleaned.code, 0, cleaned.stderr);
      assert.equal(await rig.there(), []);
      assert.is(await rig.docker('service ls -q'), '');
    } finally {
      await rig.docker('swarm leave --force || true');
    }
  }, 240_000),
);

test.run();
