import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site, StepError} from '../engine/step-type.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {addressOf, addressTemplate, type Container, findContainer} from './clients/docker-containers.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {findImage} from './clients/docker-images.ts';

const options = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.description('Name or id')),
  kind: v.optional(
    v.pipe(v.picklist(['container', 'image', 'network', 'volume']), v.description('What it names')),
    'container',
  ),
  show: v.optional(
    v.pipe(
      v.picklist(['json', 'ip']),
      v.description('What the command line prints: everything, or a container’s address'),
    ),
    'json',
  ),
  network: v.optional(v.pipe(v.string(), v.description('The network whose address is meant; the first when left out'))),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  json: v.pipe(v.any(), v.description('Everything that Docker tells of it')),
  id: v.string(),
  ip: v.optional(v.pipe(v.string(), v.description('A container’s address; empty when it has none'))),
  running: v.optional(v.pipe(v.boolean(), v.description('Whether a container runs'))),
  image: v.optional(v.pipe(v.string(), v.description('The image a container was made from'))),
});
type Outputs = v.InferOutput<typeof outputs>;

const look = (docker: Docker, {kind, name}: Options): Promise<unknown> => {
  if (kind === 'container') return findContainer(docker, name);
  if (kind === 'image') return findImage(docker, name);
  if (kind === 'network') return docker.find((api) => api.getNetwork(encodeURIComponent(name)).inspect());
  return docker.find((api) => api.getVolume(encodeURIComponent(name)).inspect());
};

const CODES = {container: 'no-such-container', image: 'image-not-found', network: 'step-failed', volume: 'step-failed'};

const read = ({kind, network}: Options, json: unknown): Outputs => {
  const {Id: id = ''} = json as {Id?: string};
  if (kind !== 'container') return {json, id};
  const container = json as Container;
  const {State: state, Config: config} = container;
  return {json, id, ip: addressOf(container, network), running: state.Running, image: config.Image};
};

const inspect = ({kind, name}: Options, site: Site, template?: string): string => {
  const words = kind === 'container' ? ['inspect'] : [kind, 'inspect'];
  return sh`${dockerCommand(site)} ${words} ${template === undefined ? [] : ['-f', template]} ${name}`;
};

/** What Docker tells of a container, image, network or volume. */
export default defineStepType({
  name: 'docker.inspect',
  about: 'Looks at a container, image, network or volume.',
  options,
  outputs,
  effect: 'reads',

  command: (given, site) => inspect(given, site, given.show === 'ip' ? addressTemplate(given.network) : undefined),

  async run(given, context) {
    const {kind, name} = given;
    const json = await look(await dockerClient(context), given);
    if (json === undefined) throw new StepError(`there is no ${kind} "${name}"`, {code: CODES[kind]});
    const found = read(given, json);
    context.output(given.show === 'ip' ? `${found.ip ?? ''}\n` : `${JSON.stringify([json], null, 4)}\n`);
    return found;
  },

  changes: ({kind, name}, context) => dockerEvents(context, {type: [kind], [kind]: [name]}),

  shell: {
    outputs: {
      json: (given, site) => inspect(given, site, '{{json .}}'),
      id: (given, site) => inspect(given, site, '{{.Id}}'),
      ip: (given, site) => inspect(given, site, addressTemplate(given.network)),
      running: (given, site) => inspect(given, site, '{{.State.Running}}'),
      image: (given, site) => inspect(given, site, '{{.Config.Image}}'),
    },
  },
});
