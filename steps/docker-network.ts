import {setTimeout as sleep} from 'node:timers/promises';
import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type Site, type StepContext} from '../engine/step-type.ts';
import {ACT_MS, type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {findNetwork, type Network, removeNetwork} from './clients/docker-networks.ts';
import {objectName} from './clients/docker-run-options.ts';
import {madeByRun, madeByStep} from './clients/labels.ts';
import {networks} from './clients/owned/networks.ts';

const options = v.strictObject({
  name: v.pipe(objectName, v.description('The network’s name')),
  driver: v.optional(v.pipe(v.string(), v.description('bridge, overlay, macvlan, ...')), 'bridge'),
  subnet: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/),
      v.description('Such as 192.168.99.0/24; a free one when left out'),
    ),
  ),
  internal: v.optional(v.pipe(v.boolean(), v.description('Without a way to the outside')), false),
  fixed_addresses: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        'Containers may have addresses of their own choice (`ip:`) in the upper half of its subnet; Docker gives out the lower half',
      ),
    ),
    false,
  ),
  attachable: v.optional(v.pipe(v.boolean(), v.description('Containers may join an overlay by hand')), false),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  id: v.string(),
  name: v.string(),
  subnet: v.pipe(v.string(), v.description('Such as 172.18.0.0/16')),
  gateway: v.pipe(v.string(), v.description('The host’s address on it')),
});
type Outputs = v.InferOutput<typeof outputs>;

const read = ({Id, Name, IPAM: ipam}: Network): Outputs => {
  const {Subnet = '', Gateway = ''} = ipam?.Config?.[0] ?? {};
  return {id: Id, name: Name, subnet: Subnet, gateway: Gateway};
};

/** What makes one network unlike another, as text. */
const traits = ({driver, subnet, internal, attachable, fixed_addresses: fixed}: Omit<Options, 'name'>): string =>
  [
    driver,
    ...(subnet ? [subnet] : []),
    ...(internal ? ['internal'] : []),
    ...(attachable ? ['attachable'] : []),
    ...(fixed ? ['fixed addresses'] : []),
  ].join(' ');

// A subnet that nobody asked for is any, and so is what it is divided into.
const foundTraits = (network: Network, given: Options): string =>
  traits({
    driver: network.Driver,
    subnet: given.subnet && read(network).subnet,
    internal: network.Internal,
    attachable: network.Attachable,
    fixed_addresses: given.fixed_addresses && network.IPAM?.Config?.[0]?.IPRange !== undefined,
  });

const flags = ({driver, internal, attachable}: Options): string[] => [
  ...(driver === 'bridge' ? [] : ['-d', driver]),
  ...(internal ? ['--internal'] : []),
  ...(attachable ? ['--attachable'] : []),
];

const createLine = (given: Options, site: Site, subnet = given.subnet): string =>
  sh`${dockerCommand(site)} network create ${flags(given)} ${subnet === undefined ? [] : ['--subnet', subnet]} ${given.name}`;

// Docker lets containers choose their addresses only where the subnet was given; so let it find a free one, and give that.
const fixedLines = (given: Options, site: Site): string => {
  const {name, subnet} = given;
  const docker = dockerCommand(site);
  const gateway = subnet === undefined ? '"$gateway"' : firstAddress(subnet);
  const ranges = `--subnet "$subnet" --gateway ${gateway} --ip-range "\${subnet%/*}/$((\${subnet#*/} + 1))"`;
  return [
    ...(subnet === undefined
      ? [
          `${createLine(given, site)} >/dev/null`,
          `subnet=$(${inspect(given, site, '{{(index .IPAM.Config 0).Subnet}}')})`,
          `gateway=$(${inspect(given, site, '{{(index .IPAM.Config 0).Gateway}}')})`,
          `${sh`${docker} network rm ${name}`} >/dev/null`,
        ]
      : [sh`subnet=${subnet}`]),
    `${sh`${docker} network create ${flags(given)}`} ${ranges} ${name}`,
  ].join('\n');
};

/** What Docker itself takes for the gateway: `192.168.99.1` of `192.168.99.0/24`. */
const firstAddress = (subnet: string): string =>
  (subnet.split('/')[0] ?? '').replace(/\d+$/, (last) => `${Number(last) + 1}`);

const refuse = (given: Options, found: Network): PermanentError =>
  new PermanentError(`there is another network "${given.name}"`, {
    code: 'name-taken',
    expected: traits(given),
    found: foundTraits(found, given),
    next: `remove it (docker network rm ${given.name}), or take another name`,
  });

const inspect = ({name}: Options, site: Site, template: string): string =>
  sh`${dockerCommand(site)} network inspect -f ${template} ${name}`;

interface Ranges {
  readonly Subnet: string;
  readonly Gateway?: string;
  readonly IPRange?: string;
}

const create = async (docker: Docker, given: Options, context: StepContext, ranges?: Ranges): Promise<Network> => {
  const {name, driver, internal, attachable, subnet} = given;
  const config = ranges ?? (subnet === undefined ? undefined : {Subnet: subnet});
  const ipam = config && {IPAM: {Config: [config]}};
  const labels = {...context.labels};
  const spec = {Name: name, Driver: driver, Internal: internal, Attachable: attachable, Labels: labels, ...ipam};
  // Without this, engines before 25 make a second network of the same name.
  const {id} = await docker.ask((api) => api.createNetwork({...spec, CheckDuplicate: true}), ACT_MS);
  return docker.ask((api) => api.getNetwork(id).inspect());
};

const divided = (subnet: string, gateway: string): Ranges => {
  const [address = '', bits = ''] = subnet.split('/');
  return {Subnet: subnet, Gateway: gateway, IPRange: `${address}/${Number(bits) + 1}`};
};

const createFixed = async (docker: Docker, given: Options, context: StepContext): Promise<Network> => {
  if (given.subnet !== undefined) {
    return create(docker, given, context, divided(given.subnet, firstAddress(given.subnet)));
  }
  for (let tries = 1; ; tries++) {
    // an internal one takes a third of the time less: there is less for a firewall to be told
    const found = await create(docker, {...given, internal: true}, context);
    const {subnet, gateway} = read(found);
    await removeNetwork(docker, found);
    try {
      return await create(docker, given, context, divided(subnet, gateway));
    } catch (error) {
      // Somebody else's network has been given the subnet in between.
      if (tries === 3 || !/overlaps/.test(String(error))) throw error;
    }
  }
};

/** An attempt that was killed may have asked for it: the daemon would make a second one of that name beside it. */
const ARRIVAL_MS = 1000;

/** A network of that name and kind is there. */
export default defineStepType({
  name: 'docker.network',
  about: 'Makes a network, or adopts one of that name and kind.',
  options,
  outputs,
  effect: 'converges',
  owns: [networks],

  command: (given, site) => (given.fixed_addresses ? fixedLines : createLine)(given, site),

  async run(given, context) {
    const docker = await dockerClient(context);
    for (let tries = 1; ; tries++) {
      const found = await findNetwork(docker, given.name);
      if (found && traits(given) === foundTraits(found, given)) return read(found);
      if (!found && tries === 1 && context.attempt > 1) {
        await sleep(ARRIVAL_MS, undefined, {signal: context.signal});
        continue;
      }
      // An earlier attempt of this very step found a subnet by it, and was ended then.
      if (found && !madeByStep(found.Labels, context)) throw refuse(given, found);
      if (found) await removeNetwork(docker, found);
      try {
        return read(await (given.fixed_addresses ? createFixed : create)(docker, given, context));
      } catch (error) {
        // Made since that look: by somebody, or by a request of an attempt that was killed.
        if (tries === 3 || !/already exists/.test(String(error))) throw error;
      }
    }
  },

  async verify(given, context) {
    const found = await findNetwork(await dockerClient(context), given.name);
    const expected = `network "${given.name}": ${traits(given)}`;
    if (!found) return {ok: false, expected, found: 'no network of that name'};
    const has = foundTraits(found, given);
    return has === traits(given) ? {ok: true, outputs: read(found)} : {ok: false, expected, found: has};
  },

  undoCommand: ({name}, site) => sh`${dockerCommand(site)} network rm ${name}`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    const found = await findNetwork(docker, given.name);
    if (!found) return;
    if (!madeByRun(found.Labels, context) && traits(given) !== foundTraits(found, given)) throw refuse(given, found);
    await removeNetwork(docker, found);
  },

  changes: ({name}, context) => dockerEvents(context, {type: ['network'], network: [name]}),

  shell: {
    check: (given, site) => `[ "$(${inspect(given, site, '{{.Driver}}')})" = ${given.driver} ]`,
    outputs: {
      id: (given, site) => inspect(given, site, '{{.Id}}'),
      name: ({name}) => sh`echo ${name}`,
      subnet: (given, site) => inspect(given, site, '{{(index .IPAM.Config 0).Subnet}}'),
      gateway: (given, site) => inspect(given, site, '{{(index .IPAM.Config 0).Gateway}}'),
    },
  },
});
