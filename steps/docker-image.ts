import {access} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import * as v from 'valibot';
import {quote, sh} from '../engine/sh.ts';
import {
  defineStepType,
  PermanentError,
  type Site,
  type Stays,
  type StepContext,
  StepError,
  type Verdict,
} from '../engine/step-type.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {findImage, type Image, imageRef, pullImage, removeImage, wasHereBefore} from './clients/docker-images.ts';
import {imageLabel} from './clients/labels.ts';
import {images} from './clients/owned/images.ts';
import {runProcess} from './clients/process.ts';

const options = v.strictObject({
  image: v.pipe(imageRef, v.description('The image, such as hashicorp/consul:1.21')),
  build: v.optional(
    v.pipe(
      v.strictObject({
        definition: v.pipe(
          v.string(),
          v.regex(/^[\w.-]+$/),
          v.description('Folder of env/images, beside the runbook’s folder, with a build.sh'),
        ),
        tag: v.pipe(
          imageRef,
          v.description('What the built image is called: a name of ours, such as runbook/consul:1.8.7'),
        ),
      }),
      v.description('What to build when the image cannot be pulled'),
    ),
  ),
  pull: v.optional(v.pipe(v.boolean(), v.description('Whether a registry is asked')), true),
});
type Options = v.InferOutput<typeof options>;
type Definition = NonNullable<Options['build']>;

const outputs = v.object({
  ref: v.pipe(v.string(), v.description('The image to use: the one asked for, or the tag of the built one')),
  id: v.pipe(v.string(), v.description('sha256:...')),
  source: v.pipe(v.picklist(['local', 'pulled', 'built']), v.description('Where it came from')),
});
type Outputs = v.InferOutput<typeof outputs>;

/** Every name under which the image may be here, the one asked for first. */
const refs = ({image, build}: Options): string[] => [image, ...(build ? [build.tag] : [])];

const findAny = async (docker: Docker, given: Options): Promise<{ref: string; found: Image} | undefined> => {
  for (const ref of refs(given)) {
    const found = await findImage(docker, ref);
    if (found) return {ref, found};
  }
  return undefined;
};

const scriptOf = (definition: string, {dir}: Site): string =>
  join(dirname(dir), 'env', 'images', definition, 'build.sh');

/** A path inside the working directory is shown from there. */
const shown = (path: string, {cwd}: Site): string => {
  const short = relative(cwd, path);
  return short.startsWith('..') ? path : short;
};

const scriptEnvironment = ({env, on, labels}: StepContext, tag: string): StepContext['env'] => ({
  ...env,
  ...(on !== undefined && {DOCKER_CONTEXT: on, DOCKER_HOST: ''}),
  RUNBOOK_LABELS: Object.entries({...labels, ...imageLabel(tag)})
    .map(([name, value]) => `${name}=${value}`)
    .join('\n'),
});

const build = async (docker: Docker, {definition, tag}: Definition, context: StepContext): Promise<Image> => {
  const script = scriptOf(definition, context);
  await access(script).catch(() => {
    throw new PermanentError(`there is no image definition "${definition}"`, {code: 'file-failed', expected: script});
  });
  const {cwd, signal, output} = context;
  const done = await runProcess({
    file: 'sh',
    args: [script, tag],
    cwd,
    env: scriptEnvironment(context, tag),
    signal,
    output,
  });
  if (done.exitCode !== 0) {
    throw new StepError(`building "${tag}" failed with exit code ${done.exitCode}`, {
      code: 'command-failed',
      next: `build it by hand to see why: ${buildLine({definition, tag}, context)}`,
    });
  }
  return docker.ask((api) => api.getImage(tag).inspect());
};

const pullOrBuild = async (docker: Docker, given: Options, context: StepContext): Promise<Outputs> => {
  const {image, build: definition} = given;
  try {
    if (!given.pull)
      throw new PermanentError(`image "${image}" is not here`, {code: 'image-not-found', next: `docker pull ${image}`});
    return {ref: image, id: (await pullImage(docker, image, context)).Id, source: 'pulled'};
  } catch (error) {
    context.signal.throwIfAborted();
    if (!definition || !(error instanceof StepError) || error.details.code === 'docker-unreachable') throw error;
    const why = error.details.found === undefined ? '' : ` (${error.details.found})`;
    context.output(`${error.message}${why}\nbuilding ${definition.tag} from env/images/${definition.definition}\n`);
    return {ref: definition.tag, id: (await build(docker, definition, context)).Id, source: 'built'};
  }
};

/** Under which name it was here when the step first looked; empty when it was not. */
const before = (docker: Docker, given: Options, context: StepContext): Promise<string> =>
  context.remember('before', async () => (await findAny(docker, given))?.ref ?? '');

const sourceOf = (ref: string, hereBefore: string, {image}: Options): Outputs['source'] => {
  if (hereBefore !== '') return 'local';
  return ref === image ? 'pulled' : 'built';
};

const buildLine = ({definition, tag}: Definition, site: Site): string =>
  sh`sh ${shown(scriptOf(definition, site), site)} ${tag}`;

const command = (given: Options, site: Site): string => {
  const docker = dockerCommand(site);
  const {image, build: definition, pull} = given;
  const prefix = site.on === undefined ? '' : `DOCKER_HOST= DOCKER_CONTEXT=${quote(site.on)} `;
  return [
    ...(pull && definition ? [] : [sh`${docker} image inspect ${image} >/dev/null`]),
    ...(pull ? [sh`${docker} pull ${image}`] : []),
    ...(definition ? [prefix + buildLine(definition, site)] : []),
  ].join(' || ');
};

/** An image of that kind is here, from wherever it can be had. */
export default defineStepType({
  name: 'docker.image',
  about: 'Has an image: the one that is here, else pulled, else built from a definition in env/images.',
  options,
  outputs,
  effect: 'converges',
  owns: [images],
  command,

  prepare: async (given, context) => void (await before(await dockerClient(context), given, context)),

  async run(given, context): Promise<Outputs> {
    const docker = await dockerClient(context);
    await before(docker, given, context);
    const here = await findAny(docker, given);
    return here ? {ref: here.ref, id: here.found.Id, source: 'local'} : pullOrBuild(docker, given, context);
  },

  async verify(given, context): Promise<Verdict<Outputs>> {
    const docker = await dockerClient(context);
    const hereBefore = await before(docker, given, context);
    const here = await findAny(docker, given);
    if (!here) return {ok: false, expected: `image ${refs(given).join(' or ')}`, found: 'no such image'};
    return {ok: true, outputs: {ref: here.ref, id: here.found.Id, source: sourceOf(here.ref, hereBefore, given)}};
  },

  async undo(given, context) {
    const docker = await dockerClient(context);
    // What was here before the run stays.
    const hereBefore = await before(docker, given, context);
    if (hereBefore !== '') return wasHereBefore(hereBefore);
    let left: Stays | undefined;
    for (const ref of refs(given)) left = (await removeImage(docker, ref)) ?? left;
    return left;
  },

  changes: (_, context) => dockerEvents(context, {type: ['image']}),

  shell: {
    check: (given, site) =>
      `{ ${refs(given)
        .map((ref) => sh`${dockerCommand(site)} image inspect ${ref} >/dev/null 2>&1`)
        .join(' || ')}; }`,
    outputs: {
      ref: (given, site) =>
        `{ ${refs(given)
          .map((ref) => `{ ${sh`${dockerCommand(site)} image inspect ${ref} >/dev/null 2>&1`} && ${sh`echo ${ref}`}; }`)
          .join(' || ')}; }`,
    },
  },
});
