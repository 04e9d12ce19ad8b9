import {resolve} from 'node:path';
import type Dockerode from 'dockerode';
import type {StepContext} from '../../engine/step-type.ts';
import type {RunOptions} from './docker-run-options.ts';

/** A published port, taken apart: `127.0.0.1:8600:8600/udp`. */
interface PublishedPort {
  readonly address: string;
  readonly host: string;
  /** Such as `8600/udp`. */
  readonly inside: string;
}

export const parsePort = (text: string): PublishedPort => {
  const [, address = '', host = '', container = '', protocol = 'tcp'] =
    /^(?:(?:(\[.*\]|[\d.]+):)?(\d*):)?(\d+)(?:\/(\w+))?$/.exec(text) ?? [];
  return {address: address.replace(/[[\]]/g, ''), host, inside: `${container}/${protocol}`};
};

/** A volume whose folder is relative to the runbook's file, with the folder's full path. */
export const bindSource = (volume: string, dir: string): string => {
  const [source = '', ...rest] = volume.split(':');
  return /^\.{1,2}(\/|$)/.test(source) ? [resolve(dir, source), ...rest].join(':') : volume;
};

/** Whether a volume has no source: Docker makes one without a name. */
export const isAnonymous = (volume: string): boolean => !volume.includes(':');

export const environment = (env: RunOptions['env']): string[] =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`);

const texts = (settings: RunOptions['labels']): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));

const NANOSECONDS: Readonly<Record<string, number>> = {ms: 1e6, s: 1e9, m: 60e9};

const nanoseconds = (duration: string): number => {
  const [, count = '0', unit = 's'] = /^(\d+)(\w+)$/.exec(duration) ?? [];
  return Number(count) * (NANOSECONDS[unit] ?? 0);
};

const health = (given: RunOptions): object =>
  given.health_cmd === undefined
    ? {}
    : {Healthcheck: {Test: ['CMD-SHELL', given.health_cmd], Interval: nanoseconds(given.health_interval)}};

const networking = (given: RunOptions): object => {
  if (given.aliases.length === 0 && given.ip === undefined) return {};
  const family = given.ip?.includes(':') ? 'IPv6Address' : 'IPv4Address';
  const settings = {
    Aliases: given.aliases,
    ...(given.ip !== undefined && {IPAMConfig: {[family]: given.ip}}),
  };
  return {NetworkingConfig: {EndpointsConfig: {[given.network ?? 'bridge']: settings}}};
};

const portBindings = (ports: readonly string[]): Record<string, {HostIp: string; HostPort: string}[]> => {
  const bindings: Record<string, {HostIp: string; HostPort: string}[]> = {};
  for (const {address, host, inside} of ports.map(parsePort)) {
    (bindings[inside] ??= []).push({HostIp: address, HostPort: host});
  }
  return bindings;
};

const mark = <T>(keys: readonly string[], value: T): Record<string, T> =>
  Object.fromEntries(keys.map((key) => [key, value]));

// The docker command handles this one itself; the daemon does not know it.
export const UNMASKED = 'systempaths=unconfined';

const security = (options: readonly string[]): object => ({
  SecurityOpt: options.filter((option) => option !== UNMASKED),
  ...(options.includes(UNMASKED) && {MaskedPaths: [], ReadonlyPaths: []}),
});

const restartPolicy = (restart: string): {Name: string; MaximumRetryCount: number} => {
  const [name = 'no', count = '0'] = restart.split(':');
  return {Name: name, MaximumRetryCount: Number(count)};
};

const hostConfig = (given: RunOptions, dir: string): Dockerode.HostConfig => ({
  NetworkMode: given.network ?? 'default',
  PortBindings: portBindings(given.ports),
  Binds: given.volumes.filter((volume) => !isAnonymous(volume)).map((volume) => bindSource(volume, dir)),
  Tmpfs: Object.fromEntries(
    given.tmpfs.map((entry) => entry.split(/:(.*)/s).slice(0, 2)).map(([path, how = '']) => [path, how]),
  ),
  RestartPolicy: restartPolicy(given.restart),
  Privileged: given.privileged,
  CapAdd: given.cap_add,
  CapDrop: given.cap_drop,
  ExtraHosts: given.extra_hosts,
  ...(given.cgroupns !== undefined && {CgroupnsMode: given.cgroupns}),
  ...(given.device_cgroup_rules.length > 0 && {DeviceCgroupRules: given.device_cgroup_rules}),
  ...(given.init && {Init: true}),
  ...security(given.security_opt),
});

/** The daemon's own words for what the options want. */
export const createSpec = (given: RunOptions, {dir, labels}: StepContext): Dockerode.ContainerCreateOptions => {
  const bindings = portBindings(given.ports);
  return {
    name: given.name,
    Image: given.image,
    Env: environment(given.env),
    Labels: {...texts(given.labels), ...labels},
    ExposedPorts: mark(Object.keys(bindings), {}),
    Volumes: mark(given.volumes.filter(isAnonymous), {}),
    Tty: given.tty,
    OpenStdin: given.interactive,
    ...(given.command && {Cmd: given.command.map(String)}),
    ...(given.entrypoint !== undefined && {Entrypoint: [given.entrypoint]}),
    ...(given.hostname !== undefined && {Hostname: given.hostname}),
    ...(given.user !== undefined && {User: given.user}),
    ...(given.workdir !== undefined && {WorkingDir: given.workdir}),
    ...health(given),
    ...networking(given),
    HostConfig: hostConfig(given, dir),
  };
};
