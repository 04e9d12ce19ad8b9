import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type Site} from '../engine/step-type.ts';
import {ACT_MS, dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {findNetwork, type Network, removeNetwork} from './clients/docker-networks.ts';
import {objectName} from './clients/docker-run-options.ts';

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

const traits = (driver: string, subnet: string | undefined, internal: boolean, attachable: boolean): string =>
  [driver, ...(subnet ? [subnet] : []), ...(internal ? ['internal'] : []), ...(attachable ? ['attachable'] : [])].join(
    ' ',
  );

const wantedTraits = ({driver, subnet, internal, attachable}: Options): string =>
  traits(driver, subnet, internal, attachable);

// A subnet that nobody asked for is any.
const foundTraits = (network: Network, {subnet}: Options): string =>
  traits(network.Driver, subnet && read(network).subnet, network.Internal, network.Attachable);

const flags = ({driver, subnet, internal, attachable}: Options): string[] => [
  ...(driver === 'bridge' ? [] : ['-d', driver]),
  ...(subnet === undefined ? [] : ['--subnet', subnet]),
  ...(internal ? ['--internal'] : []),
  ...(attachable ? ['--attachable'] : []),
];

const refuse = (given: Options, found: Network): PermanentError =>
  new PermanentError(`there is another network "${given.name}"`, {
    code: 'name-taken',
    expected: wantedTraits(given),
    found: foundTraits(found, given),
    next: `remove it (docker network rm ${given.name}), or take another name`,
  });

const inspect = ({name}: Options, site: Site, template: string): string =>
  sh`${dockerCommand(site)} network inspect -f ${template} ${name}`;

/** A network of that name and kind is there. */
export default defineStepType({
  name: 'docker.network',
  about: 'Makes a network, or adopts one of that name and kind.',
  options,
  outputs,
  effect: 'converges',

  command: (given, site) => sh`${dockerCommand(site)} network create ${flags(given)} ${given.name}`,

  async run(given, context) {
    const docker = await dockerClient(context);
    const {name, driver, subnet, internal, attachable} = given;
    const found = await findNetwork(docker, name);
    if (found && wantedTraits(given) !== foundTraits(found, given)) throw refuse(given, found);
    if (found) return read(found);
    const ipam = subnet === undefined ? {} : {IPAM: {Config: [{Subnet: subnet}]}};
    const labels = {...context.labels};
    const spec = {Name: name, Driver: driver, Internal: internal, Attachable: attachable, Labels: labels, ...ipam};
    // Without this, engines before 25 make a second network of the same name.
    const {id} = await docker.ask((api) => api.createNetwork({...spec, CheckDuplicate: true}), ACT_MS);
    return read(await docker.ask((api) => api.getNetwork(id).inspect()));
  },

  async verify(given, context) {
    const found = await findNetwork(await dockerClient(context), given.name);
    const expected = `network "${given.name}": ${wantedTraits(given)}`;
    if (!found) return {ok: false, expected, found: 'no network of that name'};
    const has = foundTraits(found, given);
    return has === wantedTraits(given) ? {ok: true, outputs: read(found)} : {ok: false, expected, found: has};
  },

  undoCommand: ({name}, site) => sh`${dockerCommand(site)} network rm ${name}`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    const found = await findNetwork(docker, given.name);
    if (!found) return;
    const ours = found.Labels?.['io.runbook.run'] === context.labels['io.runbook.run'];
    if (!ours && wantedTraits(given) !== foundTraits(found, given)) throw refuse(given, found);
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
