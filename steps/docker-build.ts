import {stat} from 'node:fs/promises';
import {join, relative, resolve} from 'node:path';
import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type Site, type StepContext, StepError} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {hashContext, listContext, packContext} from './clients/docker-build-context.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {findImage, imageRef, removeImage, wasHereBefore} from './clients/docker-images.ts';
import {settings} from './clients/docker-run-options.ts';
import {progress} from './clients/docker-stream.ts';
import {imageLabel} from './clients/labels.ts';
import {images} from './clients/owned/images.ts';

const options = v.strictObject({
  tag: v.pipe(imageRef, v.description('What the image is called')),
  context: v.pipe(
    v.string(),
    v.minLength(1),
    v.description('The folder with the Dockerfile, relative to the runbook’s file'),
  ),
  dockerfile: v.optional(v.pipe(v.string(), v.description('The Dockerfile, relative to the folder')), 'Dockerfile'),
  args: v.optional(v.pipe(settings, v.description('Values of the Dockerfile’s ARGs')), {}),
  labels: v.optional(v.pipe(settings, v.description('Labels of your own, beside ours')), {}),
  target: v.optional(v.pipe(v.string(), v.description('The stage to stop at'))),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  ref: v.pipe(v.string(), v.description('The tag')),
  id: v.pipe(v.string(), v.description('sha256:...')),
});

/** Carries what the image was built from, so that a changed file is noticed. */
const CONTENT_LABEL = 'io.runbook.content';

const folder = ({context}: Options, {dir}: Site): string => resolve(dir, context);

const texts = (values: Options['args']): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

const readContext = async (given: Options, site: Site): Promise<{dir: string; files: string[]; content: string}> => {
  const dir = folder(given, site);
  const isFile = await stat(join(dir, given.dockerfile)).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) {
    throw new PermanentError(`there is no ${given.dockerfile} in ${dir}`, {code: 'file-failed'});
  }
  const files = await listContext(dir, given.dockerfile);
  const {dockerfile, args, labels, target} = given;
  return {dir, files, content: await hashContext(dir, files, {dockerfile, args, labels, target})};
};

const flags = ({dockerfile, context, args, labels, target}: Options): string[] => [
  ...(dockerfile === 'Dockerfile' ? [] : ['-f', join(context, dockerfile)]),
  ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
  ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
  ...(target === undefined ? [] : ['--target', target]),
];

const shown = (given: Options, site: Site): string => {
  const short = relative(site.cwd, folder(given, site)) || '.';
  return short.startsWith('..') ? folder(given, site) : short;
};

const build = async (given: Options, context: StepContext): Promise<void> => {
  const docker = await dockerClient(context);
  const {dir, files, content} = await readContext(given, context);
  const {tag, dockerfile, target} = given;
  const labels = {...texts(given.labels), ...context.labels, ...imageLabel(tag), [CONTENT_LABEL]: content};
  const wanted = {
    t: tag,
    dockerfile,
    labels,
    buildargs: texts(given.args),
    rm: true,
    forcerm: true,
    ...(target && {target}),
  };
  const stream = docker.stream((api) => api.buildImage(packContext(dir, files, context.signal), wanted));
  for await (const message of progress(stream)) {
    if (message.error) {
      throw new StepError(`building "${tag}" failed: ${message.error.trim()}`, {code: 'command-failed'});
    }
    context.output(message.stream ?? (message.status === undefined ? '' : `${message.status}\n`));
  }
};

const wasHere = (tag: string, context: StepContext): Promise<boolean> =>
  context.remember('wasHere', async () => (await findImage(await dockerClient(context), tag)) !== undefined);

/** An image built from a Dockerfile. Every run builds: Docker's cache makes that cheap, and only it knows what changed. */
export default defineStepType({
  name: 'docker.build',
  about: 'Builds an image from a Dockerfile.',
  options,
  outputs,
  effect: 'repeatable',
  owns: [images],

  command: (given, site) => {
    const context = shown(given, site);
    return sh`${dockerCommand(site)} build -t ${given.tag} ${flags({...given, context})} ${context}`;
  },

  prepare: async ({tag}, context) => void (await wasHere(tag, context)),

  async run(given, context) {
    const docker = await dockerClient(context);
    await wasHere(given.tag, context);
    await build(given, context);
    const {Id} = await docker.ask((api) => api.getImage(given.tag).inspect());
    return {ref: given.tag, id: Id};
  },

  async verify(given, context) {
    const found = await findImage(await dockerClient(context), given.tag);
    const expected = `image ${given.tag}, built from ${given.context} as it is now`;
    if (!found) return {ok: false, expected, found: 'no such image'};
    const from = found.Config.Labels?.[CONTENT_LABEL];
    // One that was built by hand does not tell what it was built from.
    if (from !== undefined && from !== (await readContext(given, context)).content) {
      return {ok: false, expected, found: 'one built from other files or arguments'};
    }
    return {ok: true, outputs: {ref: given.tag, id: found.Id}};
  },

  undoCommand: ({tag}, site) => sh`${dockerCommand(site)} rmi ${tag}`,

  async undo({tag}, context) {
    const docker = await dockerClient(context);
    return (await wasHere(tag, context)) ? wasHereBefore(tag) : removeImage(docker, tag);
  },

  changes: (_, context) => dockerEvents(context, {type: ['image']}),

  shell: {
    check: ({tag}, site) => sh`${dockerCommand(site)} image inspect ${tag} >/dev/null 2>&1`,
    outputs: {
      ref: ({tag}) => sh`echo ${tag}`,
      id: ({tag}, site) => sh`${dockerCommand(site)} image inspect -f '{{.Id}}' ${tag}`,
    },
  },
});
