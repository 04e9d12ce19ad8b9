import * as v from 'valibot';
import {imageRef} from './docker-images.ts';

/** A container's or network's name, as Docker allows it. */
export const objectName = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, 'a name has two or more of a-z, A-Z, 0-9, "_", "." and "-"'),
);

/** One word of a command line; YAML makes numbers of some. */
export const word = v.union([v.string(), v.number()]);
/** Environment variables or labels. */
export const settings = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

const text = (about: string) => v.optional(v.pipe(v.string(), v.minLength(1), v.description(about)));
const flag = (about: string) => v.optional(v.pipe(v.boolean(), v.description(about)), false);
const list = (about: string) =>
  v.optional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.description(about)), []);

const port = v.pipe(
  v.string(),
  v.regex(
    /^(?:(?:(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):)?\d{0,5}:)?\d{1,5}(?:\/(?:tcp|udp|sctp))?$/,
    'a port is [[address:]host:]container[/udp], such as 8600:8600/udp',
  ),
);

const volume = v.pipe(
  v.string(),
  v.regex(/^(?:[^:]+:)?\/[^:]*(?::[a-zA-Z,]+)?$/, 'a volume is [folder or name:]/path/in/container[:ro]'),
);

/** The options of `docker.run`; their names are those of the docker command's flags, or of Compose. */
export const runOptions = v.strictObject({
  name: v.pipe(objectName, v.description('The container’s name')),
  image: v.pipe(imageRef, v.description('The image; pulled when it is not here')),
  command: v.optional(
    v.pipe(v.array(word), v.description('What it runs, word by word; the image’s own when left out')),
  ),
  entrypoint: text('Replaces the image’s entrypoint; a single word'),
  hostname: text('The host name inside'),
  env: v.optional(v.pipe(settings, v.description('Environment variables')), {}),
  ports: v.optional(
    v.pipe(v.array(port), v.description('Published ports: "8500:8500", "127.0.0.1:8600:8600/udp"')),
    [],
  ),
  volumes: v.optional(
    v.pipe(
      v.array(volume),
      v.description('"name:/data", "./folder:/srv:ro" (relative to the runbook’s file) or "/data" (anonymous)'),
    ),
    [],
  ),
  network: text('The network it joins; the default bridge when left out'),
  aliases: list('Further names by which the network knows it'),
  ip: v.optional(
    v.pipe(v.string(), v.regex(/^[0-9a-fA-F.:]+$/, 'not an address'), v.description('Its address on the network')),
  ),
  restart: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(no|always|unless-stopped|on-failure(:\d+)?)$/),
      v.description('When Docker starts it again by itself'),
    ),
    'no',
  ),
  labels: v.optional(v.pipe(settings, v.description('Labels of your own, beside ours')), {}),
  user: text('User, or user:group, that it runs as'),
  workdir: text('The working directory inside'),
  privileged: flag('All of the host’s privileges'),
  cap_add: list('Capabilities to add, such as NET_ADMIN'),
  cap_drop: list('Capabilities to drop'),
  security_opt: list('Security options, such as no-new-privileges'),
  cgroupns: v.optional(
    v.pipe(
      v.picklist(['host', 'private']),
      v.description('Whose control groups it sees: the host’s, or its own; what the engine prefers when left out'),
    ),
  ),
  device_cgroup_rules: list('Devices it may use, such as "c 1:3 mr" or "a *:* rwm"'),
  tmpfs: list('File systems in memory: "/run" or "/run:size=10m"'),
  extra_hosts: list('Lines for /etc/hosts: "name:address"'),
  init: flag('A small init as process 1, which passes signals on and collects the dead'),
  tty: flag('A terminal'),
  interactive: flag('Keeps standard input open'),
  health_cmd: text('Shell command inside that tells whether it is healthy; the step holds only when it is'),
  health_interval: v.optional(
    v.pipe(v.string(), v.regex(/^\d+(ms|s|m)$/), v.description('How often `health_cmd` is asked')),
    '1s',
  ),
  healthy: flag('The step holds only when the image’s own health check says so'),
});

export type RunOptions = v.InferOutput<typeof runOptions>;
