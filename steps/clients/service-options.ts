import * as v from 'valibot';
import {imageRef} from './docker-images.ts';
import {objectName, settings, word} from './docker-run-options.ts';

const text = (about: string) => v.optional(v.pipe(v.string(), v.minLength(1), v.description(about)));
const flag = (about: string) => v.optional(v.pipe(v.boolean(), v.description(about)));
const count = (about: string, least = 0) =>
  v.optional(v.pipe(v.number(), v.integer(), v.minValue(least), v.description(about)));
const list = (about: string) => v.optional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.description(about)));
const portNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const port = v.strictObject({
  published: v.optional(v.pipe(portNumber, v.description('On the node; a free one when left out'))),
  target: v.pipe(portNumber, v.description('In the container')),
  mode: v.optional(
    v.pipe(
      v.picklist(['host', 'ingress']),
      v.description('host: on the nodes where a task runs; ingress: on every node, where the kernel has IPVS'),
    ),
    'host',
  ),
  protocol: v.optional(v.picklist(['tcp', 'udp', 'sctp']), 'tcp'),
});

const mount = v.pipe(
  v.string(),
  v.regex(/^[^:]+:\/[^:]*(?::(?:ro|rw))?$/, 'a mount is volume:/path[:ro] or /folder/of/the/node:/path[:ro]'),
);

/** What `service.create` and `service.update` both know; their names are those of the docker command, or of Compose. */
export const serviceSettings = {
  image: v.optional(v.pipe(imageRef, v.description('The image; each node pulls it unless it is there'))),
  replicas: count('How many tasks run'),
  publish: v.optional(v.pipe(v.array(port), v.description('Published ports: {published: 5000, target: 5000}'))),
  constraints: list('Which nodes may run it: node.labels.role==web'),
  max_replicas_per_node: count('At most so many of its tasks on one node', 1),
  env: v.optional(v.pipe(settings, v.description('Environment variables'))),
  command: v.optional(
    v.pipe(v.array(word), v.description('What it runs, word by word; the image’s own when left out')),
  ),
  endpoint_mode: v.optional(
    v.pipe(
      v.picklist(['vip', 'dnsrr']),
      v.description('How its name resolves: to one virtual address, or to the tasks’'),
    ),
  ),
  restart: v.optional(
    v.pipe(v.picklist(['any', 'on-failure', 'none']), v.description('After which end of a task another one starts')),
  ),
  mounts: v.optional(v.pipe(v.array(mount), v.description('"data:/var/lib/data", "/srv/www:/www:ro"'))),
  labels: v.optional(v.pipe(settings, v.description('Labels of the service'))),
  container_labels: v.optional(v.pipe(settings, v.description('Labels of its containers'))),
};

/** The options of `service.create`. */
export const createOptions = v.strictObject({
  name: v.pipe(objectName, v.description('The service’s name')),
  ...serviceSettings,
  image: v.pipe(imageRef, v.description('The image; each node pulls it unless it is there')),
  replicas: count('How many tasks run; 1 when left out'),
  global: v.optional(v.pipe(v.boolean(), v.description('One task on every node that may run it')), false),
  networks: list('Networks that its containers join'),
  entrypoint: text('Replaces the image’s entrypoint; a single word'),
  hostname: text('The host name inside; {{.Node.Hostname}} for the node’s'),
  user: text('User, or user:group, that it runs as'),
  workdir: text('The working directory inside'),
  tty: flag('A terminal'),
  init: flag('A small init as process 1, which passes signals on and collects the dead'),
});
export type CreateOptions = v.InferOutput<typeof createOptions>;

/** The options of `service.update`; what is not given stays. */
export const updateOptions = v.strictObject({
  name: v.pipe(objectName, v.description('The service’s name')),
  ...serviceSettings,
});
export type UpdateOptions = v.InferOutput<typeof updateOptions>;

/** What can be wished of a service; what is not given stays as it is. */
export type Wishes = Omit<UpdateOptions, 'name'> & Partial<Omit<CreateOptions, 'name' | 'image'>>;
