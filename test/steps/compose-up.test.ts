import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {variable} from '../../engine/sh.ts';
import composeUp from '../../steps/compose-up.ts';
import {composeTest} from '../compose-rig.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('compose.up');
const withEngine = engineTest(test);

const FILE = `services:
  web:
    image: ${IMAGE}
    init: true
    command: sleep \${SECONDS:-1000}
    ports: ["127.0.0.1:18096:80"]
    environment: {TOKEN: "\${TOKEN:-}"}
    volumes: [data:/data]
    depends_on: [db]
  db:
    image: ${IMAGE}
    init: true
    command: sleep 1000
    deploy: {replicas: 2}
volumes: {data: {}}
`;

const shop = async (rig: StepRig, options: object = {}, file = FILE) => {
  await writeFile(join(rig.dir, 'shop.yml'), file);
  return step(composeUp, {project: rig.unique, file: 'shop.yml', ...options});
};

withEngine(
  'starts the containers of a file, makes those anew that changed, and undo takes all of it back',
  composeTest(async (rig) => {
    await docker(rig, `volume create --label com.docker.compose.project=${rig.unique} ${rig.unique}_kept`);
    const one = await shop(rig);

    const before = await one.verdict(rig.context());
    const outputs = await one.run(rig.context());
    const during = await one.verdict(rig.context());
    const slower = await shop(rig, {env: {SECONDS: 2000}});
    const stale = await slower.verdict(rig.context());
    await slower.run(rig.context());

    assert.is(before.ok ? '' : before.found, 'no container of that project');
    assert.equal(outputs, {
      project: rig.unique,
      services: ['db', 'web'],
      containers: ['db-1', 'db-2', 'web-1'].map((name) => `${rig.unique}-${name}`),
    });
    assert.equal(during, {ok: true, outputs});
    assert.is(stale.ok ? '' : stale.found, `${rig.unique}-web-1 was made from another configuration`);
    assert.ok((await slower.verdict(rig.context())).ok);

    await docker(rig, `stop -t 0 ${rig.unique}-db-2`);
    const stopped = await slower.verdict(rig.context());
    assert.match(stopped.ok ? '' : stopped.found, new RegExp(`^${rig.unique}-db-2 is exited`));
    assert.is(stopped.ok ? '' : stopped.partial, 'incomplete');
    assert.is(stale.ok ? '' : stale.partial, undefined);

    await slower.undo(rig.context());
    await slower.undo(rig.context());
    for (const list of ['ps -aq', 'network ls -q'])
      assert.is(await docker(rig, `${list} --filter name=${rig.unique}`), '');
    assert.is(await docker(rig, `volume ls -q --filter name=${rig.unique}`), `${rig.unique}_kept`);
  }),
);

withEngine(
  'has the same effect as its command line, also for some services only',
  composeTest(async (rig) => {
    const some = await shop(rig, {services: ['db']});
    await some.prove(rig);
    assert.is((await docker(rig, `ps -q --filter name=${rig.unique}`)).split('\n').length, 2);

    const all = await shop(rig, {env: {TOKEN: "it's me"}});
    assert.is(all.command(rig.context()), `TOKEN='it'\\''s me' docker compose -f shop.yml -p ${rig.unique} up -d`);
    await all.prove(rig);
    assert.is((await rig.sh(composeUp.shell?.check?.(all.options, rig.context()) ?? 'false')).code, 0);
  }),
);

withEngine(
  'tells what is there in part: up completes it, or only time is missing',
  composeTest(async (rig) => {
    const healthcheck = 'healthcheck: {test: [CMD, test, -e, /tmp/up], interval: 1s, retries: 60}';
    const one = await shop(rig, {}, FILE.replace('command: sleep 1000', `command: sleep 1000\n    ${healthcheck}`));
    const partOf = async () => {
      const verdict = await one.verdict(rig.context());
      return verdict.ok ? 'all' : verdict.partial;
    };
    assert.is(await partOf(), undefined, 'nothing is there');

    await one.run(rig.context());
    assert.is(await partOf(), 'underway');
    await docker(rig, `rm -f ${rig.unique}-web-1`);
    assert.is(await partOf(), 'incomplete', 'as long as up has anything to do, time alone does not suffice');
  }),
);

withEngine(
  'passes a secret by the environment',
  composeTest(async (rig) => {
    const line = (await shop(rig, {env: {TOKEN: variable('TOKEN_TOKEN')}})).command(rig.context());
    const {code, stderr} = await rig.sh(line, {TOKEN_TOKEN: 'hunter2'});

    assert.match(line, /^TOKEN="\$TOKEN_TOKEN" docker compose/);
    assert.is(code, 0, stderr);
    const given = await shop(rig, {env: {TOKEN: 'hunter2'}});
    assert.ok((await given.verdict(rig.context())).ok);
    await given.run(rig.context());
    assert.is(rig.printed().includes('hunter2'), false);
  }),
);

withEngine(
  'refuses a project of that name from another file, and says who holds a port',
  composeTest(async (rig) => {
    await (await shop(rig)).run(rig.context());
    await mkdir(join(rig.dir, 'other'));
    await writeFile(join(rig.dir, 'other/shop.yml'), FILE);
    const other = step(composeUp, {project: rig.unique, file: 'other/shop.yml'});
    const neighbour = step(composeUp, {project: `${rig.unique}-too`, file: 'other/shop.yml'});
    rig.cleanup(() => rig.sh(`docker compose -p ${rig.unique}-too down -v`));

    const error = await failureOf(other.run(rig.context()));
    const undone = await failureOf(Promise.resolve(other.undo(rig.context())));
    const port = await failureOf(neighbour.run(rig.context()));

    assert.is(error.details.code, 'name-taken');
    assert.is(error.details.found, join(rig.dir, 'shop.yml'));
    assert.is(undone.details.code, 'name-taken');
    assert.is(port.details.code, 'port-taken');
    assert.is(port.message, 'port 18096 is in use');
  }),
);

withEngine(
  'says that Compose is missing, and where the file is wrong',
  composeTest(async (rig) => {
    // the plugin may be there for all users: this docker does not know it by its name
    const {stdout: real} = await rig.sh('command -v docker');
    await mkdir(join(rig.dir, 'bin'));
    const script = `#!/bin/sh\n[ "$1" = compose ] && { shift; set -- no-compose "$@"; }\nexec ${real.trim()} "$@"\n`;
    await writeFile(join(rig.dir, 'bin/docker'), script, {mode: 0o755});
    const {env: own} = rig.context();
    const env = {...own, PATH: `${join(rig.dir, 'bin')}:${own.PATH}`};
    const missing = await failureOf((await shop(rig)).run(rig.context({env})));
    const broken = await failureOf((await shop(rig, {}, 'services: {web: {imag: x}}\n')).run(rig.context()));

    assert.is(missing.details.code, 'requirement-missing');
    assert.match(missing.message, /^Docker Compose 2/);
    assert.match(broken.message, /^docker compose up exited with code/);
    assert.match(broken.details.found ?? '', /imag/);
  }),
);

test.run();
