import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerBuild from '../../steps/docker-build.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('docker.build');
const withEngine = engineTest(test);

const write = async (rig: StepRig, tree: Record<string, string>): Promise<void> => {
  for (const [path, text] of Object.entries(tree)) {
    await mkdir(join(rig.dir, path, '..'), {recursive: true});
    await writeFile(join(rig.dir, path), text);
  }
  rig.cleanup(() => rig.sh(`docker rmi -f runbook/${rig.unique}:1`));
};

const APP = {
  'app/Dockerfile': `FROM ${IMAGE}\nARG WHO=world\nRUN echo "hello $WHO" >/greeting\nCOPY . /app\n`,
  'app/keep/a file.txt': 'kept\n',
  'app/notes.log': 'ignored\n',
  'app/.dockerignore': '# what the image needs not\n**/*.log\nDockerfile\n',
};

const build = (rig: StepRig, options: object = {}) =>
  step(dockerBuild, {tag: `runbook/${rig.unique}:1`, context: 'app', ...options});

withEngine(
  'builds an image from a folder, with arguments and without what is to be ignored',
  dockerTest(async (rig) => {
    await write(rig, APP);

    const outputs = await build(rig, {args: {WHO: 'you'}}).run(rig.context());

    assert.match(rig.printed(), 'hello $WHO');
    assert.is(await docker(rig, `run --rm ${outputs.ref} cat /greeting '/app/keep/a file.txt'`), 'hello you\nkept');
    assert.not.match(await docker(rig, `run --rm ${outputs.ref} ls /app`), 'notes.log');
    assert.is(
      await docker(rig, `image inspect -f '{{index .Config.Labels "io.runbook.run"}}' ${outputs.ref}`),
      rig.unique,
    );
    assert.equal(await build(rig, {args: {WHO: 'you'}}).verdict(rig.context()), {ok: true, outputs});
  }),
);

withEngine(
  'has the same effect as its command line',
  dockerTest(async (rig) => {
    await write(rig, APP);
    await build(rig, {args: {WHO: 'you'}, labels: {a: 'b c'}}).prove(rig);
  }),
);

withEngine(
  'notices a changed file and another argument, but no change that the build cannot see',
  dockerTest(async (rig) => {
    await write(rig, APP);
    await build(rig).run(rig.context());

    await write(rig, {'app/notes.log': 'more\n'});
    assert.ok((await build(rig).verdict(rig.context())).ok);
    assert.not.ok((await build(rig, {args: {WHO: 'you'}}).verdict(rig.context())).ok);
    await write(rig, {'app/keep/a file.txt': 'changed\n'});
    assert.not.ok((await build(rig).verdict(rig.context())).ok);

    await build(rig).run(rig.context());
    assert.ok((await build(rig).verdict(rig.context())).ok);
  }),
);

withEngine(
  'shows what failed in the build, and removes on undo what it made',
  dockerTest(async (rig) => {
    await write(rig, {...APP, 'bad/Dockerfile': `FROM ${IMAGE}\nRUN echo broken; exit 3\n`});

    const failed = await failureOf(build(rig, {context: 'bad'}).run(rig.context()));
    const nothing = await failureOf(build(rig, {context: 'none'}).run(rig.context()));
    await build(rig).run(rig.context());
    await build(rig).undo(rig.context());

    assert.is(failed.details.code, 'command-failed');
    assert.match(failed.message, 'returned a non-zero code: 3');
    assert.match(rig.printed(), 'broken');
    assert.is(nothing.details.code, 'file-failed');
    assert.not.ok((await build(rig).verdict(rig.context())).ok);
  }),
);

test.run();
