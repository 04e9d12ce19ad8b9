import {createHash} from 'node:crypto';
import * as v from 'valibot';
import type {Docker} from '../docker.ts';
import {type Difference, differences} from '../docker-compare.ts';
import type {Container} from '../docker-containers.ts';
import {findImage} from '../docker-images.ts';
import {type RunOptions, runOptions} from '../docker-run-options.ts';
import type {CreateOptions, MachineOutputs} from './options.ts';

/** By this label a container is a machine. */
export const LABEL = 'io.runbook.machine';
/** Where its engine answers. */
export const PORT = 2376;
/** Where it looks for its certificates; the path is docker-machine's own. */
export const CERTIFICATES = '/var/lib/boot2docker';

/**
 * What an engine in a container needs of the host, where --privileged is refused: a host that lacks a capability
 * itself can't give it to a container.
 */
const JUST_ENOUGH = {
  cap_add: ['ALL'],
  cap_drop: ['SYS_RESOURCE'],
  security_opt: ['seccomp=unconfined', 'apparmor=unconfined', 'systempaths=unconfined'],
  device_cgroup_rules: ['a *:* rwm'],
};

const flagsOf = (given: CreateOptions): string[] => [
  ...Object.entries(given.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
  ...(given.registry_mirror === undefined ? [] : ['--registry-mirror', given.registry_mirror]),
  ...given.engine_flags.map(String),
];

/** What a machine has of its host. */
export interface Placement {
  readonly ip: string | undefined;
  readonly port: number | undefined;
  readonly privileged: boolean;
}

// In a line that is only shown a value may be a variable, which would not pass for a name or an address.
const defaults = v.parse(runOptions, {name: 'machine', image: 'image'});

/** The machine as what it is for Docker: a container, with the options of docker.run. */
export const containerOf = (given: CreateOptions, {ip, port, privileged}: Placement): RunOptions => ({
  ...defaults,
  name: given.name,
  hostname: given.name,
  image: given.image ?? '',
  network: given.network,
  ...(ip !== undefined && {ip}),
  ports: port === undefined ? [] : [`127.0.0.1:${port}:${PORT}`],
  labels: {[LABEL]: given.name},
  env: given.engine_env,
  cgroupns: 'private',
  volumes: ['/var/lib/docker'],
  ...(privileged ? {privileged} : JUST_ENOUGH),
  command: flagsOf(given),
});

/** The same port for the same name, on every machine of a team. */
export const portFor = (name: string): number =>
  20_000 + (createHash('sha256').update(name).digest().readUInt16BE(0) % 10_000);

// Docker Desktop runs its engine in a virtual machine, whose networks the host does not reach.
export const isDesktop = process.platform === 'darwin' || process.platform === 'win32';

/** Where its engine answers, as a URL. */
export const urlOf = (ip: string, port: number | undefined): string =>
  port === undefined ? `tcp://${ip}:${PORT}` : `tcp://127.0.0.1:${port}`;

/** Whether a container of that name is a machine of ours. */
export const isMachine = ({Config: {Labels: labels}}: Container, name: string): boolean => labels?.[LABEL] === name;

/** What it has on its network. */
export const endpointOf = (found: Container, network: string) => found.NetworkSettings.Networks[network];

/** The address that it has asked for, and so has whenever it runs; undefined when it takes what it is given. */
export const fixedAddress = (found: Container, network: string): string | undefined =>
  endpointOf(found, network)?.IPAMConfig?.IPv4Address || undefined;

/** The port of 127.0.0.1 that leads to its engine. */
export const publishedPort = ({HostConfig: {PortBindings: bindings}}: Container): number | undefined => {
  const [binding] = (bindings as Record<string, {HostPort: string}[]> | undefined)?.[`${PORT}/tcp`] ?? [];
  return binding === undefined ? undefined : Number(binding.HostPort);
};

/** What later steps may read of it. */
export const outputsOf = ({name, network}: CreateOptions, found: Container): MachineOutputs => {
  const ip = fixedAddress(found, network) ?? endpointOf(found, network)?.IPAddress ?? '';
  return {name, ip, url: urlOf(ip, publishedPort(found)), context: name};
};

/** In what a machine's container differs from the wanted one. With which of both sets of privileges does not count. */
export const unlike = async (
  docker: Docker,
  given: CreateOptions,
  found: Container,
  dir: string,
): Promise<Difference[]> => {
  const {image: ref = ''} = given;
  const image = await findImage(docker, ref);
  const placement = {ip: given.ip, port: given.port ?? publishedPort(found)};
  const all = [true, false].map((privileged) => containerOf(given, {...placement, privileged}));
  const compared = all.map((each) =>
    image
      ? differences(each, image, found, dir)
      : found.Config.Image === ref
        ? []
        : [{option: 'image', wanted: ref, found: found.Config.Image}],
  );
  return compared.reduce((best, each) => (each.length < best.length ? each : best));
};
