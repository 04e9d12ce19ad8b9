import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {StepContext} from '../../engine/step-type.ts';
import dockerImage from '../../steps/docker-image.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('docker.image');
const withEngine = engineTest(test);

const BUILD = `set -eu
echo "building $1"
printf 'FROM ${IMAGE}\\nENV BUILT=%s\\n' "$1" | docker build -q -t "$1" \${RUNBOOK_LABELS:+--label "$(printf '%s' "$RUNBOOK_LABELS" | head -n 1)"} -`;

/** A project with a definition in env/images, and the context of a step of a runbook in it. */
const project = async (rig: StepRig, script = BUILD): Promise<StepContext> => {
  await mkdir(join(rig.dir, 'env/images/app'), {recursive: true});
  await mkdir(join(rig.dir, 'runbooks'));
  await writeFile(join(rig.dir, 'env/images/app/build.sh'), script);
  rig.cleanup(() => rig.sh(`docker rmi -f runbook/${rig.unique}:1`));
  return rig.context({dir: join(rig.dir, 'runbooks')});
};

const image = (rig: StepRig, options: object = {}) =>
  step(dockerImage, {
    image: 'nosuch.invalid/app:1',
    build: {definition: 'app', tag: `runbook/${rig.unique}:1`},
    ...options,
  });

withEngine(
  'takes the image that is here',
  dockerTest(async (rig) => {
    const outputs = await step(dockerImage, {image: IMAGE}).run(rig.context());

    assert.is(outputs.ref, IMAGE);
    assert.is(outputs.source, 'local');
  }),
);

withEngine(
  'builds it when no registry answers, says so, and takes the built one from then on',
  dockerTest(async (rig) => {
    const context = await project(rig);
    assert.not.ok((await image(rig).verdict(context)).ok);

    const outputs = await image(rig).run(context);

    assert.is(outputs.ref, `runbook/${rig.unique}:1`);
    assert.is(outputs.source, 'built');
    assert.match(rig.printed(), 'its registry cannot be reached');
    assert.match(rig.printed(), `building runbook/${rig.unique}:1`);
    assert.equal(await image(rig).verdict(context), {ok: true, outputs});
    const next = await image(rig).run({...context, remember: (_, make) => make()});
    assert.is(next.source, 'local');
  }),
);

withEngine(
  'labels what it builds, and removes it on undo',
  dockerTest(async (rig) => {
    const context = await project(rig);
    const {ref} = await image(rig).run(context);
    assert.is(await docker(rig, `image inspect -f '{{index .Config.Labels "io.runbook.run"}}' ${ref}`), rig.unique);

    await image(rig).undo(context);
    await image(rig).undo(context);

    assert.not.ok((await image(rig).verdict(context)).ok);
  }),
);

withEngine(
  'has the same effect as its command line',
  dockerTest(async (rig) => {
    const context = await project(rig);
    const line = image(rig).command(context);

    const {code, stderr} = await rig.sh(line, {RUNBOOK_LABELS: ''});

    assert.is(line, `docker pull nosuch.invalid/app:1 || sh env/images/app/build.sh runbook/${rig.unique}:1`);
    assert.is(code, 0, stderr);
    assert.ok((await image(rig).verdict(context)).ok);
  }),
);

withEngine(
  'says why it can neither be pulled nor built',
  dockerTest(async (rig) => {
    const context = await project(rig, 'echo "no apt here" >&2; exit 1');

    const failed = await failureOf(image(rig).run(context));
    const unbuilt = await failureOf(image(rig, {build: undefined}).run(context));
    const unknown = await failureOf(
      image(rig, {build: {definition: 'other', tag: `runbook/${rig.unique}:1`}}).run(context),
    );
    const unasked = await failureOf(image(rig, {build: undefined, pull: false}).run(context));

    assert.is(failed.details.code, 'command-failed');
    assert.match(rig.printed(), 'no apt here');
    assert.is(unbuilt.details.code, 'registry-unreachable');
    assert.is(unknown.details.code, 'file-failed');
    assert.is(unasked.details.code, 'image-not-found');
  }),
);

withEngine(
  'ends the build when it is aborted',
  dockerTest(async (rig) => {
    const context = await project(rig, 'echo $$ >pid; sleep 1000');
    const signal = AbortSignal.timeout(3000);

    await image(rig, {pull: false})
      .run({...context, signal})
      .then(
        () => assert.unreachable(),
        (error) => assert.is(error, signal.reason),
      );

    assert.is.not((await rig.sh('kill -0 "$(cat pid)"')).code, 0);
  }),
);

test('shows the engine of another context in its command line', () => {
  const site = {on: 'far', dir: '/project/runbooks', cwd: '/elsewhere'};
  const {options} = step(dockerImage, {image: 'app:1', build: {definition: 'app', tag: 'runbook/app:1'}});

  assert.is(
    dockerImage.command(options, site),
    'docker --context far pull app:1 || DOCKER_HOST= DOCKER_CONTEXT=far sh /project/env/images/app/build.sh runbook/app:1',
  );
});

test.run();
