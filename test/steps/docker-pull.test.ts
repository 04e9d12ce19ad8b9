import {spawn} from 'node:child_process';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerPull from '../../steps/docker-pull.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {docker, dockerEnv, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('docker.pull');
const withEngine = engineTest(test);

/** Starts a registry in the engine's network and gives its address. */
const registry = async (rig: StepRig, access = 'public'): Promise<string> => {
  const {inside} = await testEngine();
  const program = fileURLToPath(new URL('../registry.ts', import.meta.url));
  const [file = '', ...args] = [...inside, process.execPath, '--import', 'tsx', program, access];
  const child = spawn(file, args, {stdio: ['pipe', 'pipe', 'inherit']});
  rig.cleanup(() => child.stdin.end());
  const [port] = await new Promise<string[]>((resolve) =>
    child.stdout.once('data', (data) => resolve([String(data).trim()])),
  );
  const address = `127.0.0.1:${port}`;
  rig.cleanup(() => rig.sh(`docker rmi -f ${address}/app:1`));
  return address;
};

withEngine(
  'pulls an image, shows how, and removes it on undo',
  dockerTest(async (rig) => {
    const image = `${await registry(rig)}/app:1`;
    const pull = step(dockerPull, {image});
    assert.not.ok((await pull.verdict(rig.context())).ok);

    const outputs = await pull.run(rig.context());

    assert.is(outputs.id, await docker(rig, `image inspect -f '{{.Id}}' ${image}`));
    assert.match(rig.printed(), `Status: Downloaded newer image for ${image}`);
    assert.equal(await pull.verdict(rig.context()), {ok: true, outputs});
    await pull.undo(rig.context());
    assert.not.ok((await pull.verdict(rig.context())).ok);
  }),
);

withEngine(
  'leaves on undo an image that was here before, and one that a container uses',
  dockerTest(async (rig) => {
    const address = await registry(rig);
    const ours = step(dockerPull, {image: `${address}/app:1`});
    await ours.run(rig.context());
    await docker(rig, `create --name ${rig.unique} ${address}/app:1`);

    const used = await ours.undo(rig.context());

    assert.ok((await ours.verdict(rig.context())).ok);
    assert.equal(used, {stays: `image ${address}/app:1 stays: a container uses it`});
    const before = step(dockerPull, {image: IMAGE});
    const kept = await before.undo(rig.context({remember: (_, make) => make()}));
    assert.ok((await before.verdict(rig.context())).ok);
    assert.equal(kept, {stays: `image ${IMAGE} stays: it was here before`});
  }),
);

withEngine(
  'waits on undo for the containers of a service that was removed a moment ago',
  dockerTest(async (rig) => {
    const image = `${await registry(rig)}/app:1`;
    const pull = step(dockerPull, {image});
    await pull.run(rig.context());
    await docker(rig, `create --name ${rig.unique} --label com.docker.swarm.task= ${image}`);

    const undone = pull.undo(rig.context());
    await docker(rig, `rm ${rig.unique}`);
    await undone;

    assert.not.ok((await pull.verdict(rig.context())).ok);
  }),
);

withEngine(
  'has the same effect as its command line',
  dockerTest(async (rig) => {
    await step(dockerPull, {image: `${await registry(rig)}/app:1`}).prove(rig);
  }),
);

withEngine(
  'says that an image does not exist, and that no further attempt will help',
  dockerTest(async (rig) => {
    const address = await registry(rig);

    for (const name of ['app:2', 'nosuch:1']) {
      const error = await failureOf(step(dockerPull, {image: `${address}/${name}`}).run(rig.context()));
      assert.is(error.details.code, 'image-not-found');
      assert.is(error.name, 'PermanentError');
    }
  }),
);

withEngine(
  'uses the credentials of docker login',
  dockerTest(async (rig) => {
    const address = await registry(rig, 'private');
    const pull = step(dockerPull, {image: `${address}/app:1`});
    const refused = await failureOf(pull.run(rig.context()));
    const auth = Buffer.from('user:password').toString('base64');
    await mkdir(join(rig.dir, 'config'));
    await writeFile(join(rig.dir, 'config/config.json'), JSON.stringify({auths: {[address]: {auth}}}));

    const env = {...(await dockerEnv()), DOCKER_CONFIG: join(rig.dir, 'config')};
    const outputs = await pull.run(rig.context({env}));

    assert.is(refused.details.code, 'image-not-found');
    assert.match(refused.details.next ?? '', 'docker login');
    assert.match(outputs.id, 'sha256:');
  }),
);

withEngine(
  'fails in seconds when the registry cannot be reached, and says what to do',
  dockerTest(async (rig) => {
    for (const image of ['nosuch.invalid/app:1', '127.0.0.1:9/app:1']) {
      const error = await failureOf(step(dockerPull, {image}).run(rig.context()));
      assert.is(error.details.code, 'registry-unreachable');
      assert.match(error.details.next ?? '', 'docker.image');
    }
  }),
);

withEngine(
  'does not take an image of another platform for the one that is wanted',
  dockerTest(async (rig) => {
    const verdict = await step(dockerPull, {image: IMAGE, platform: 'linux/s390x'}).verdict(rig.context());

    assert.not.ok(verdict.ok);
    assert.is(
      step(dockerPull, {image: IMAGE, platform: 'linux/s390x'}).command(rig.context()),
      `docker pull --platform linux/s390x ${IMAGE}`,
    );
  }),
);

test.run();
