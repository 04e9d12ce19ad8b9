import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type StepContext, type Verdict} from '../engine/step-type.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {findImage, type Image, imageRef, pullImage, removeImage, wasHereBefore} from './clients/docker-images.ts';

const options = v.strictObject({
  image: v.pipe(imageRef, v.description('The image, such as nginx:1.27')),
  platform: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[a-z0-9]+(\/[a-z0-9]+){0,2}$/),
      v.description('Such as linux/arm64; the engine’s own when left out'),
    ),
  ),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  ref: v.pipe(v.string(), v.description('The image as it was asked for')),
  id: v.pipe(v.string(), v.description('sha256:...')),
});
type Outputs = v.InferOutput<typeof outputs>;

const flags = ({platform}: Options): string[] => (platform === undefined ? [] : ['--platform', platform]);

const platformOf = ({Os, Architecture, Variant}: Image): string =>
  [Os, Architecture, Variant].filter(Boolean).join('/');

const judge = ({image, platform = ''}: Options, found: Image | undefined): Verdict<Outputs> => {
  const expected = `image ${[image, platform].filter(Boolean).join(' for ')}`;
  if (!found) return {ok: false, expected, found: 'no such image'};
  const has = platformOf(found);
  // linux/arm64 is satisfied by linux/arm64/v8
  if (platform !== '' && has !== platform && !has.startsWith(`${platform}/`))
    return {ok: false, expected, found: `${image} for ${has}`};
  return {ok: true, outputs: {ref: image, id: found.Id}};
};

const wasHere = (docker: Docker, {image}: Options, context: StepContext): Promise<boolean> =>
  context.remember('wasHere', async () => (await findImage(docker, image)) !== undefined);

/** The image is here; what was pulled before is not pulled again. */
export default defineStepType({
  name: 'docker.pull',
  about: 'Pulls an image from its registry, unless it is here.',
  options,
  outputs,
  effect: 'converges',

  command: (given, site) => sh`${dockerCommand(site)} pull ${flags(given)} ${given.image}`,

  prepare: async (given, context) => void (await wasHere(await dockerClient(context), given, context)),

  async run(given, context) {
    const docker = await dockerClient(context);
    await wasHere(docker, given, context);
    const {Id} = await pullImage(docker, given.image, context, given.platform);
    return {ref: given.image, id: Id};
  },

  async verify(given, context) {
    return judge(given, await findImage(await dockerClient(context), given.image));
  },

  undoCommand: ({image}, site) => sh`${dockerCommand(site)} rmi ${image}`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    if (await wasHere(docker, given, context)) return wasHereBefore(given.image);
    return removeImage(docker, given.image);
  },

  changes: (_, context) => dockerEvents(context, {type: ['image']}),

  shell: {
    check: ({image}, site) => sh`${dockerCommand(site)} image inspect ${image} >/dev/null`,
    outputs: {
      ref: ({image}) => sh`echo ${image}`,
      id: ({image}, site) => sh`${dockerCommand(site)} image inspect -f '{{.Id}}' ${image}`,
    },
  },
});
