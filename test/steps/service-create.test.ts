import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {variable} from '../../engine/sh.ts';
import serviceCreate from '../../steps/service-create.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';
import {formSwarm, joinAll, type SwarmNode, startNodes, swarmTest} from '../swarm-rig.ts';

const test = suite('service.create');
const withEngine = engineTest(test);

const SLEEP = {image: IMAGE, command: ['sleep', 1000], init: true};
const service = (rig: StepRig, options: object = {}) => step(serviceCreate, {name: rig.unique, ...SLEEP, ...options});

withEngine(
  'starts a service with our labels, and holds when its tasks run',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    const one = service(rig, {replicas: 2, env: {MODE: 'quiet'}});

    const {id, name} = await one.run(rig.context());
    const atOnce = await one.verdict(rig.context());
    await rig.until(async () => (await one.verdict(rig.context())).ok);

    assert.match(atOnce.ok ? '' : atOnce.found, /^[01] of 2 tasks run/);
    assert.is(atOnce.ok ? '' : atOnce.partial, 'underway', 'the managers see to it');
    assert.equal(await one.verdict(rig.context()), {ok: true, outputs: {id, name}});
    assert.is(
      await docker(rig, `service inspect -f '{{index .Spec.Labels "io.runbook.run"}}' ${rig.unique}`),
      rig.unique,
    );
    assert.equal(await one.run(rig.context()), {id, name});
    assert.is((await rig.sh(serviceCreate.shell?.check?.(one.options, rig.context()) ?? 'false')).code, 0);
  }),
);

withEngine(
  'has the same effect as its command line, with every option',
  swarmTest(async (rig) => {
    const node = await formSwarm(rig);
    await docker(rig, `network create -d overlay ${rig.unique}-net`);
    const all = service(rig, {
      replicas: 1,
      publish: [
        {published: 18090, target: 80},
        {target: 53, protocol: 'udp'},
      ],
      constraints: [`node.hostname == ${node}`],
      max_replicas_per_node: 2,
      env: {GREETING: 'hello world', NUMBER: 7},
      endpoint_mode: 'dnsrr',
      networks: [`${rig.unique}-net`],
      restart: 'on-failure',
      mounts: ['/etc:/mnt/etc:ro', `${rig.unique}-data:/data`],
      labels: {tier: 'front end'},
      container_labels: {team: 'web'},
      hostname: '{{.Node.Hostname}}-web',
      user: '0',
      workdir: '/tmp',
      tty: true,
      entrypoint: 'env',
    });
    rig.cleanup(() => rig.sh(`docker volume rm -f ${rig.unique}-data`));

    await all.prove(rig);

    const check = serviceCreate.shell?.check?.(all.options, rig.context()) ?? 'false';
    assert.is((await rig.sh(check)).code, 0, check);
    await all.undo(rig.context());
    assert.is((await rig.sh(check)).code, 1);
    await all.run(rig.context());
    await rig.until(async () => (await all.verdict(rig.context())).ok);
    await all.undo(rig.context());
  }),
);

withEngine(
  'runs one task on every node when it is global, as its command line does',
  swarmTest(async (rig) => {
    await formSwarm(rig);

    await service(rig, {global: true}).prove(rig);

    const error = await failureOf(service(rig, {global: true, replicas: 2}).run(rig.context()));
    assert.match(error.message, /no number of replicas/);
  }),
);

withEngine(
  'keeps a secret out of the command line and out of what it says of a difference',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    const line = service(rig, {env: {TOKEN: variable('TOKEN')}}).command(rig.context());
    const {code, stderr} = await rig.sh(line, {TOKEN: 'hunter2'});
    const given = service(rig, {env: {TOKEN: 'hunter2'}});

    assert.match(line, /^TOKEN="\$TOKEN" docker service create .*--env TOKEN /s);
    assert.is(code, 0, stderr);
    assert.ok((await given.verdict(rig.context())).ok);
    const other = await service(rig, {env: {TOKEN: 'hunter3'}}).verdict(rig.context());
    assert.equal(other, {ok: false, expected: 'env TOKEN: set', found: 'env TOKEN: set to another value'});
  }),
);

withEngine(
  'refuses a service of that name with another configuration, and replaces its own',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await docker(rig, `service create -d --name ${rig.unique} --no-resolve-image --replicas 3 ${IMAGE} sleep 500`);
    const one = service(rig, {init: false});

    const error = await failureOf(one.run(rig.context()));
    const undone = await failureOf(Promise.resolve(one.undo(rig.context())));
    await docker(rig, `service rm ${rig.unique}`);
    await one.run(rig.context());
    await service(rig, {env: {A: 1}}).run(rig.context());

    assert.is(error.details.code, 'name-taken');
    assert.is(error.details.expected, 'replicas: 1; command: sleep 1000');
    assert.is(error.details.found, 'replicas: 3; command: sleep 500');
    assert.is(undone.details.code, 'name-taken');
    await rig.until(async () => (await service(rig, {env: {A: 1}}).verdict(rig.context())).ok);
  }),
);

withEngine(
  'says why its tasks do not run',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    const nowhere = service(rig, {constraints: ['node.labels.role==web']});
    const found = async () => {
      const verdict = await nowhere.verdict(rig.context());
      return verdict.ok ? '' : verdict.found;
    };

    await nowhere.run(rig.context());
    await rig.until(async () => /no suitable node/.test(await found()));

    assert.match(
      await found(),
      new RegExp(`^0 of 1 tasks run; ${rig.unique}.1 is pending: no suitable node \\(scheduling constraints`),
    );
    await nowhere.undo(rig.context());
    await nowhere.undo(rig.context());
    assert.is((await nowhere.verdict(rig.context())).ok, false);
  }),
);

withEngine(
  'places instances on the nodes with the label, answers there in host mode, and moves one whose node is lost',
  swarmTest(async (rig) => {
    const names = ['swarm-master', 'swarm-agent-00', 'swarm-agent-01'];
    const nodes = (await startNodes(rig, names)) as [SwarmNode, SwarmNode, SwarmNode];
    await joinAll(rig, nodes);
    const [master, first, second] = nodes;
    const on = rig.context({env: master.env});
    await rig.sh(
      'docker node update --label-add role=web swarm-agent-00; docker node update --label-add role=web swarm-agent-01',
      master.env,
    );
    const web = service(rig, {
      image: IMAGE,
      replicas: 2,
      constraints: ['node.labels.role==web'],
      max_replicas_per_node: 1,
      publish: [{published: 5000, target: 5000}],
      endpoint_mode: 'dnsrr',
      command: ['sh', '-c', 'mkdir /www; printf "Hello world!" >/www/index.html; httpd -f -p 5000 -h /www'],
    });

    await web.run(on);
    await rig.until(async () => (await web.verdict(on)).ok);
    for (const {address} of [first, second])
      assert.is(await master.inside(`curl -s -m 5 http://${address}:5000/`), 'Hello world!');
    await second.stop();
    await rig.until(async () => !(await web.verdict(on)).ok);
    await rig.sh('docker node update --label-add role=web swarm-master', master.env);
    await rig.until(async () => (await web.verdict(on)).ok);

    assert.is(await master.inside(`curl -s -m 5 http://${master.address}:5000/`), 'Hello world!');
  }),
);

test.run();
