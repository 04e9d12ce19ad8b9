import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import composeUp from '../../steps/compose-up.ts';
import dockerBuild from '../../steps/docker-build.ts';
import dockerImage from '../../steps/docker-image.ts';
import dockerNetwork from '../../steps/docker-network.ts';
import dockerRun from '../../steps/docker-run.ts';
import serviceCreate from '../../steps/service-create.ts';
import stackDeploy from '../../steps/stack-deploy.ts';
import {composeTest, copyCompose} from '../compose-rig.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, IMAGE, step} from '../docker-rig.ts';
import {machine, machineTest} from '../machine-rig.ts';
import type {StepRig} from '../step-rig.ts';
import {formSwarm, swarmTest} from '../swarm-rig.ts';

const test = suite('everything that steps make');
const withEngine = engineTest(test);

/** What there is of one kind with all of this step's labels, by name. */
const labelled = async (rig: StepRig, list: string, on = ''): Promise<string[]> => {
  const {labels} = rig.context();
  const filters = Object.entries(labels).map(([name, value]) => `--filter 'label=${name}=${value}'`);
  const lines = await docker(rig, `${on} ${list} ${filters.join(' ')}`);
  return lines.split('\n').filter(Boolean).sort();
};

const CONTAINERS = "ps -a --format '{{.Names}}'";
const NETWORKS = "network ls --format '{{.Name}}'";
const VOLUMES = 'volume ls -q';
const IMAGES = "images --format '{{.Repository}}'";
const SERVICES = "service ls --format '{{.Name}}'";

const removing = (rig: StepRig, ...lines: readonly string[]): void => {
  for (const line of lines) rig.cleanup(() => rig.sh(`docker ${line} || true`));
};

/** Volumes without a name are told apart by what they are mounted as. */
const volumeAt = (rig: StepRig, container: string, path: string): Promise<string> =>
  docker(
    rig,
    `inspect -f '{{range .Mounts}}{{if eq .Destination "${path}"}}{{.Name}}{{end}}{{end}}' ${rig.unique}${container}`,
  );

withEngine(
  'docker.run: the container, its named volumes, and those without a name, also the image’s own',
  dockerTest(async (rig) => {
    const image = `${rig.unique}:1`;
    await rig.sh(`printf 'FROM ${IMAGE}\\nVOLUME /own\\nVOLUME /both\\n' | docker build -q -t ${image} -`);
    removing(rig, `rmi ${image}`, `volume rm ${rig.unique}-data ${rig.unique}-old`);
    await docker(rig, `volume create ${rig.unique}-old`);
    const volumes = [`${rig.unique}-data:/data`, `${rig.unique}-old:/old:ro`, '/anonymous', './files:/both', '/own'];
    await mkdir(join(rig.dir, 'files'));
    const one = step(dockerRun, {name: rig.unique, image, command: ['sleep', '1000'], volumes: volumes.slice(0, 4)});

    await one.run(rig.context());
    const made = await labelled(rig, VOLUMES);

    assert.equal(await labelled(rig, CONTAINERS), [rig.unique]);
    const unnamed = await Promise.all(['/own', '/anonymous'].map((path) => volumeAt(rig, '', path)));
    assert.equal(made, [...unnamed, `${rig.unique}-data`].sort());
    assert.ok((await one.verdict(rig.context())).ok, 'labels are no part of the comparison');
    // what is asked for by hand is the same configuration
    await docker(rig, `rm -f -v ${rig.unique}`);
    assert.equal(await labelled(rig, VOLUMES), [`${rig.unique}-data`]);
    await one.prove(rig);
  }),
);

withEngine(
  'docker.network: the network, also with addresses of one’s choice',
  dockerTest(async (rig) => {
    await step(dockerNetwork, {name: `${rig.unique}-a`}).run(rig.context());
    await step(dockerNetwork, {name: `${rig.unique}-b`, fixed_addresses: true}).run(rig.context());

    assert.equal(await labelled(rig, NETWORKS), [`${rig.unique}-a`, `${rig.unique}-b`]);
  }),
);

withEngine(
  'docker.build and docker.image: the image that is built',
  dockerTest(async (rig) => {
    removing(rig, `rmi ${rig.unique}-a`, `rmi ${rig.unique}-b`);
    await writeFile(join(rig.dir, 'Dockerfile'), `FROM ${IMAGE}\nENV A=1\n`);
    await step(dockerBuild, {tag: `${rig.unique}-a`, context: '.'}).run(rig.context());
    const definition = join(rig.dir, 'env/images/mine');
    await mkdir(definition, {recursive: true});
    const build = `lines=$(mktemp); printf '%s\\n' "$RUNBOOK_LABELS" >"$lines"; set --  "$1"
      while IFS= read -r label; do set -- "$@" --label "$label"; done <"$lines"
      tag=$1; shift; printf 'FROM ${IMAGE}\\nENV B=1\\n' | docker build -q -t "$tag" "$@" -`;
    await writeFile(join(definition, 'build.sh'), build);
    const at = {dir: join(rig.dir, 'runbooks'), cwd: rig.dir};
    const given = {image: `${rig.unique}-c`, pull: false, build: {definition: 'mine', tag: `${rig.unique}-b`}};
    await step(dockerImage, given).run(rig.context(at));

    assert.equal(await labelled(rig, IMAGES), [`${rig.unique}-a`, `${rig.unique}-b`]);
  }),
);

const PROJECT = `services:
  web: {image: "${IMAGE}", init: true, command: sleep 1000, volumes: ["data:/data", "/anonymous"], networks: [front]}
  app: {build: ./app, init: true, command: sleep 1000, networks: [front]}
volumes: {data: {}}
networks: {front: {}}
`;

withEngine(
  'compose.up: containers, networks and volumes, and by hand the same file makes none of them anew',
  composeTest(async (rig) => {
    await mkdir(join(rig.dir, 'app'));
    await writeFile(join(rig.dir, 'app/Dockerfile'), `FROM ${IMAGE}\nENV C=1\n`);
    await writeFile(join(rig.dir, 'shop.yml'), PROJECT);
    removing(rig, `rmi ${rig.unique}-app`);
    const one = step(composeUp, {project: rig.unique, file: 'shop.yml'});

    await one.run(rig.context());
    const ids = await docker(rig, `ps -q --no-trunc --filter name=${rig.unique}`);
    await docker(rig, `compose -f shop.yml -p ${rig.unique} up -d`);

    assert.equal(await labelled(rig, CONTAINERS), [`${rig.unique}-app-1`, `${rig.unique}-web-1`]);
    assert.equal(await labelled(rig, NETWORKS), [`${rig.unique}_front`]);
    const unnamed = await volumeAt(rig, '-web-1', '/anonymous');
    assert.equal(await labelled(rig, VOLUMES), [unnamed, `${rig.unique}_data`].sort());
    assert.is(await docker(rig, `ps -q --no-trunc --filter name=${rig.unique}`), ids);
    assert.ok((await one.verdict(rig.context())).ok);
  }),
);

withEngine(
  'service.create: the service, and the volumes that its nodes make',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    removing(rig, `volume rm ${rig.unique}-data`);
    const given = {
      name: rig.unique,
      image: IMAGE,
      command: ['sleep', '1000'],
      init: true,
      mounts: [`${rig.unique}-data:/data`],
    };
    const one = step(serviceCreate, given);

    await one.run(rig.context());
    await rig.until(async () => (await one.verdict(rig.context())).ok);

    assert.equal(await labelled(rig, SERVICES), [rig.unique]);
    assert.equal(await labelled(rig, VOLUMES), [`${rig.unique}-data`]);
    await one.undo(rig.context());
  }),
);

const STACK = `version: "3.8"
services:
  web:
    image: ${IMAGE}
    init: true
    command: sleep 1000
    configs: [greeting]
    secrets: [token]
configs: {greeting: {file: ./greeting}}
secrets: {token: {file: ./greeting}}
`;

withEngine(
  'stack.deploy: services, networks, secrets and configs, from the moment on when they are there',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    await writeFile(join(rig.dir, 'greeting'), 'hello');
    await writeFile(join(rig.dir, 'shop.yml'), STACK);
    const one = step(stackDeploy, {name: rig.unique, file: 'shop.yml'});

    await one.run(rig.context());
    const previous = await docker(rig, `service inspect -f '{{json .PreviousSpec}}' ${rig.unique}_web`);

    assert.equal(await labelled(rig, SERVICES), [`${rig.unique}_web`]);
    assert.equal(await labelled(rig, NETWORKS), [`${rig.unique}_default`]);
    assert.equal(await labelled(rig, "secret ls --format '{{.Name}}'"), [`${rig.unique}_token`]);
    assert.equal(await labelled(rig, "config ls --format '{{.Name}}'"), [`${rig.unique}_greeting`]);
    assert.is(previous, 'null', 'made with its labels, not labelled afterwards');
    await one.undo(rig.context());
  }),
);

withEngine(
  'machine.create: the container, its data, its record and its Docker context',
  machineTest(async (rig) => {
    const {labels} = rig.context();
    const name = `${rig.unique}-m1`;

    await machine(rig).run(rig.context());

    assert.equal(await labelled(rig, CONTAINERS), [name]);
    assert.equal(await labelled(rig, VOLUMES), [await volumeAt(rig, '-m1', '/var/lib/docker')]);
    const record = JSON.parse(await readFile(join(rig.dir, 'data/runbook/machines', name, 'machine.json'), 'utf8'));
    assert.equal(record.labels, labels);
    const [context] = JSON.parse(await docker(rig, `context inspect ${name}`));
    assert.equal(context.Metadata, {Description: 'A machine of runbook', ...labels});
    await machine(rig).undo(rig.context());
  }),
);

withEngine(
  'compose.up on a machine, whose engine is reached over TLS',
  machineTest(async (rig) => {
    await copyCompose(rig);
    await machine(rig).run(rig.context());
    rig.cleanup(() => machine(rig).undo(rig.context()));
    const on = `--context ${rig.unique}-m1`;
    await rig.sh(`docker save ${IMAGE} | docker ${on} load`);
    await writeFile(join(rig.dir, 'shop.yml'), `services: {web: {image: "${IMAGE}", command: sleep 1000}}\n`);
    const one = step(composeUp, {project: rig.unique, file: 'shop.yml'});

    await one.run(rig.context({on: `${rig.unique}-m1`}));

    assert.equal(await labelled(rig, CONTAINERS, on), [`${rig.unique}-web-1`]);
    assert.ok((await one.verdict(rig.context({on: `${rig.unique}-m1`}))).ok);
  }),
);

test.run();
