import * as v from 'valibot';
import {imageRef} from '../docker-images.ts';
import {objectName, settings, word} from '../docker-run-options.ts';

const text = (about: string) => v.optional(v.pipe(v.string(), v.minLength(1), v.description(about)));
const list = (about: string) => v.optional(v.pipe(v.array(word), v.description(about)), []);

/** The name of a machine, and of its Docker context. */
export const machineName = v.pipe(objectName, v.description('The machine’s name, and that of its Docker context'));

export const driverName = v.picklist(['docker', 'ssh', 'docker-machine']);

/** `user@host[:port]`; whatever ssh takes for a host, such as a name of `~/.ssh/config`. */
export const sshHost = v.pipe(
  v.string(),
  v.regex(/^(?:[\w.][\w.-]*@)?[A-Za-z0-9][\w.-]*(?::\d{1,5})?$/, 'user@host, host or user@host:port'),
);

const ssh = v.pipe(
  v.strictObject({
    host: v.pipe(sshHost, v.description('The host, as user@host[:port], or as `~/.ssh/config` calls it')),
    install: v.optional(
      v.pipe(v.boolean(), v.description('Installs and starts Docker there, where it is missing')),
      false,
    ),
    tls: v.optional(
      v.pipe(
        v.boolean(),
        v.description('Has its engine answer on port 2376, over mutual TLS; without it Docker goes by ssh'),
      ),
      false,
    ),
  }),
  v.description('For driver ssh: a host that exists'),
);

const machine = v.pipe(
  v.strictObject({
    driver: v.pipe(v.string(), v.minLength(1), v.description('virtualbox, amazonec2, generic, ...')),
    flags: list('Further flags of docker-machine create, word by word'),
  }),
  v.description('For driver docker-machine: which of its drivers, and how'),
);

const neededBy = {docker: 'image', ssh: 'ssh', 'docker-machine': 'machine'} as const;

/** The options of `machine.create`. */
export const createOptions = v.pipe(
  v.strictObject({
    name: machineName,
    driver: v.optional(
      v.pipe(
        driverName,
        v.description(
          'docker: a container with an engine of its own; ssh: a host that exists; docker-machine: that tool',
        ),
      ),
      'docker',
    ),
    image: v.optional(v.pipe(imageRef, v.description('For driver docker: the machine’s image, of env/images/machine'))),
    network: v.optional(
      v.pipe(
        objectName,
        v.description('For driver docker: the network that joins the machines; made with `fixed_addresses`'),
      ),
      'runbook',
    ),
    ip: v.optional(
      v.pipe(
        v.string(),
        v.ipv4('an IPv4 address'),
        v.description('Its address; for driver docker a free one is chosen, and kept, when left out'),
      ),
    ),
    port: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(65535),
        v.description(
          'For driver docker: publishes its engine on 127.0.0.1 at this port, and goes there. Chosen from the name where containers’ addresses cannot be reached (Docker Desktop)',
        ),
      ),
    ),
    privileged: v.optional(
      v.pipe(
        v.boolean(),
        v.description(
          'For driver docker: starts it with --privileged; false: with just the capabilities that it needs, as is done, too, where --privileged is refused',
        ),
      ),
      true,
    ),
    engine_flags: list('Further flags of its dockerd, word by word: [--insecure-registry, "registry:5000"]'),
    engine_env: v.optional(
      v.pipe(settings, v.description('Environment of its dockerd: {HTTP_PROXY: "http://proxy:3128"}')),
      {},
    ),
    registry_mirror: text('Where its engine looks for images first: http://registry:5000'),
    labels: v.optional(v.pipe(settings, v.description('Labels of its engine: {role: web}')), {}),
    ssh: v.optional(ssh),
    machine: v.optional(machine),
  }),
  v.check(
    (given) => given[neededBy[given.driver]] !== undefined,
    'given `image` for driver docker, `ssh` for driver ssh, `machine` for driver docker-machine',
  ),
);
export type CreateOptions = v.InferOutput<typeof createOptions>;

/** Which machine a step is about. The driver stands in the file, because what a person would type depends on it. */
const selection = {
  name: v.pipe(objectName, v.description('The machine’s name')),
  driver: v.optional(v.pipe(driverName, v.description('As machine.create has it')), 'docker'),
  host: v.optional(v.pipe(sshHost, v.description('For driver ssh: the host, as machine.create has it'))),
};

/** Options by which a step names a machine, and further ones. */
export const machineOptions = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(
    v.strictObject({...selection, ...entries}),
    v.check((given) => {
      const {driver, host} = given as Selection;
      return driver !== 'ssh' || host !== undefined;
    }, 'given `host` for driver ssh'),
  );

export interface Selection {
  readonly name: string;
  readonly driver: v.InferOutput<typeof driverName>;
  readonly host?: string | undefined;
}

/** What later steps read of a machine. */
export const machineOutputs = v.object({
  name: v.string(),
  ip: v.pipe(v.string(), v.description('Its address, as the other machines reach it')),
  url: v.pipe(v.string(), v.description('Where its engine answers, such as tcp://192.168.99.102:2376')),
  context: v.pipe(v.string(), v.description('The Docker context that leads there, for `on:`')),
});
export type MachineOutputs = v.InferOutput<typeof machineOutputs>;
