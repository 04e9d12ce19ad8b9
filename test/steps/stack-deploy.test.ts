import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import stackDeploy from '../../steps/stack-deploy.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE, step} from '../docker-rig.ts';
import {formSwarm, type SwarmRig, swarmTest} from '../swarm-rig.ts';

const test = suite('stack.deploy');
const withEngine = engineTest(test);

const FILE = `version: "3.8"
services:
  web:
    image: ${IMAGE}
    init: true
    command: sleep \${SECONDS:-1000}
    environment: {GREETING: "\${GREETING:-}"}
    ports:
      - {target: 5000, published: 18093, mode: host, protocol: tcp}
    deploy:
      replicas: 1
      endpoint_mode: dnsrr
      placement: {max_replicas_per_node: 1, constraints: [node.role == manager]}
  db:
    image: ${IMAGE}
    init: true
    command: sleep 1000
    deploy: {replicas: 2}
`;

const stack = async (rig: SwarmRig, options: object = {}, file = FILE) => {
  await writeFile(join(rig.dir, 'shop.yml'), file);
  return step(stackDeploy, {name: rig.unique, file: 'shop.yml', ...options});
};

withEngine(
  'runs the services of a file, with our labels, and undo takes all of it back',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    const one = await stack(rig, {env: {GREETING: 'hello world'}});

    const before = await one.verdict(rig.context());
    const outputs = await one.run(rig.context());
    const atOnce = await one.verdict(rig.context());
    await rig.until(async () => (await one.verdict(rig.context())).ok);
    const tasks = await docker(rig, `service ps -q ${rig.unique}_web ${rig.unique}_db`);
    await one.run(rig.context());

    assert.is(before.ok ? '' : before.found, 'no service of that stack');
    assert.match(atOnce.ok ? '' : atOnce.found, /of \d tasks run/);
    assert.equal(await one.verdict(rig.context()), {ok: true, outputs});
    assert.equal(outputs, {name: rig.unique, services: [`${rig.unique}_db`, `${rig.unique}_web`]});
    assert.is(await docker(rig, `service ps -q ${rig.unique}_web ${rig.unique}_db`), tasks);
    const label = `service inspect -f '{{index .Spec.Labels "io.runbook.run"}}' ${rig.unique}_web`;
    assert.is(await docker(rig, label), rig.unique);

    await one.undo(rig.context());
    assert.is(await docker(rig, `ps -aq --filter label=com.docker.stack.namespace=${rig.unique}`), '');
    assert.is(await docker(rig, `network ls -q --filter name=${rig.unique}`), '');
    await one.undo(rig.context());
  }),
);

withEngine(
  'sees that the file or its variables have changed, and brings the services up to date',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    const old = await stack(rig, {env: {GREETING: 'one'}});
    await old.run(rig.context());
    const edited = await stack(rig, {env: {GREETING: 'two'}}, FILE.replace('replicas: 2', 'replicas: 1'));

    const verdict = await edited.verdict(rig.context());
    await edited.run(rig.context());
    await rig.until(async () => (await edited.verdict(rig.context())).ok);

    assert.is(
      verdict.ok ? '' : verdict.found,
      `${rig.unique}_db replicas: 2; ${rig.unique}_web env GREETING: set to another value`,
    );
    assert.not.ok((await old.verdict(rig.context())).ok);
    await edited.undo(rig.context());
  }),
);

withEngine(
  'has the same effect as its command line, and refuses a stack of others',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    const one = await stack(rig, {env: {GREETING: "it's me"}});
    const line = one.command(rig.context());
    assert.is(line, `GREETING='it'\\''s me' docker stack deploy --resolve-image never -c shop.yml ${rig.unique}`);
    const {code, stderr} = await rig.sh(line);
    assert.is(code, 0, stderr);
    await rig.until(async () => (await one.verdict(rig.context())).ok);
    assert.is((await rig.sh(stackDeploy.shell?.check?.(one.options, rig.context()) ?? 'false')).code, 0);

    const other = await stack(rig, {env: {GREETING: 'mine'}});
    const error = await failureOf(other.run(rig.context()));
    const undone = await failureOf(Promise.resolve(other.undo(rig.context())));

    assert.is(error.details.code, 'name-taken');
    assert.is(undone.details.code, 'name-taken', 'and undo does not touch it');
    await docker(rig, `stack rm ${rig.unique}`);
    await rig.until(async () => (await docker(rig, `ps -q --filter name=${rig.unique}`)) === '');
    assert.is((await rig.sh(stackDeploy.shell?.check?.(one.options, rig.context()) ?? 'true')).code, 1);
  }),
);

withEngine(
  'says what is wrong with the file',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    const broken = await stack(rig, {}, 'services: {web: {imag: x}}\n');

    const error = await failureOf(broken.run(rig.context()));

    assert.is(error.details.code, 'command-failed');
    assert.match(error.message, /^docker stack deploy exited with code/);
    assert.match(error.details.found ?? '', /imag/);
  }),
);

test.run();
