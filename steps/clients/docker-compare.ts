import {sh} from '../../engine/sh.ts';
import type {Container} from './docker-containers.ts';
import type {Image} from './docker-images.ts';
import type {RunOptions} from './docker-run-options.ts';
import {bindSource, environment, isAnonymous, parsePort, UNMASKED} from './docker-run-spec.ts';

/** A container's configuration in a form that compares as text, by the names of the options. */
type Configuration = Readonly<Record<string, string>>;

/** One thing in which a container is not what is wanted. */
export interface Difference {
  readonly option: string;
  readonly wanted: string;
  readonly found: string;
}

const list = (values: readonly string[] | null | undefined): string => [...new Set(values ?? [])].sort().join(', ');
const words = (values: string | readonly string[] | null | undefined): string =>
  sh`${typeof values === 'string' ? [values] : (values ?? [])}`;
const capability = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');
const address = (text: string): string => (text === '' || text === '::' ? '0.0.0.0' : text);
const portText = (at: string, host: string, inside: string): string => `${address(at)}:${host || '*'}->${inside}`;

// "ro,z" and "z,ro" are the same, and "rw" is what there is without.
const bind = (text: string): string => {
  const [source, target, mode = ''] = text.split(':');
  const modes = mode.split(',').filter((each) => each !== '' && each !== 'rw');
  return [source, target, ...(modes.length > 0 ? [modes.sort().join(',')] : [])].join(':');
};

const restart = (name: string | undefined, count: number | undefined): string =>
  `${name || 'no'}${count ? `:${count}` : ''}`;

// Defaults that a later file or flag overrides, as Docker merges them.
const mergedEnv = (...sources: readonly (readonly string[] | null | undefined)[]): string[] => {
  const merged = new Map<string, string>();
  for (const entry of sources.flatMap((source) => source ?? [])) merged.set(entry.split('=')[0] ?? '', entry);
  return [...merged.values()];
};

const networkName = (name: string | undefined): string => (name === undefined || name === 'default' ? 'bridge' : name);

const wantedConfiguration = (given: RunOptions, image: Image, dir: string): Configuration => ({
  image: image.Id,
  command: words(given.command?.map(String) ?? (given.entrypoint === undefined ? image.Config.Cmd : [])),
  entrypoint: words(given.entrypoint ?? image.Config.Entrypoint),
  ports: list(given.ports.map(parsePort).map((port) => portText(port.address, port.host, port.inside))),
  volumes: list([
    ...given.volumes.filter((volume) => !isAnonymous(volume)).map((volume) => bind(bindSource(volume, dir))),
    ...given.volumes.filter(isAnonymous),
    ...Object.keys(image.Config.Volumes ?? {}),
  ]),
  network: networkName(given.network),
  restart: given.restart,
  user: given.user ?? image.Config.User ?? '',
  workdir: given.workdir ?? image.Config.WorkingDir ?? '',
  privileged: String(given.privileged),
  cap_add: list(given.cap_add.map(capability)),
  cap_drop: list(given.cap_drop.map(capability)),
  security_opt: list(given.security_opt),
  tmpfs: list(given.tmpfs.map((entry) => entry.replace(/:$/, ''))),
  extra_hosts: list(given.extra_hosts),
  init: String(given.init),
  tty: String(given.tty),
  interactive: String(given.interactive),
  device_cgroup_rules: list(given.device_cgroup_rules),
  ...(given.cgroupns !== undefined && {cgroupns: given.cgroupns}),
  ...(given.hostname !== undefined && {hostname: given.hostname}),
  ...(given.ip !== undefined && {ip: given.ip}),
  ...(given.health_cmd !== undefined && {health_cmd: given.health_cmd}),
});

const foundPorts = (
  bindings: Readonly<Record<string, readonly {HostIp?: string; HostPort?: string}[] | null>>,
): string[] =>
  Object.entries(bindings).flatMap(([inside, at]) =>
    (at ?? []).map(({HostIp = '', HostPort = ''}) => portText(HostIp, HostPort, inside)),
  );

const foundNetwork = (container: Container, wanted: string): string => {
  const mode = networkName(container.HostConfig.NetworkMode);
  return wanted in container.NetworkSettings.Networks ? wanted : mode;
};

// An unprivileged container without masked paths was asked for with this option; the daemon keeps only what it means.
const foundSecurity = ({HostConfig: host}: Container): string[] => {
  const asked: string[] = host.SecurityOpt ?? [];
  // A privileged container gets this one from the daemon.
  const own = host.Privileged ? asked.filter((option) => option !== 'label=disable') : asked;
  return !host.Privileged && host.MaskedPaths?.length === 0 ? [...own, UNMASKED] : own;
};

const foundConfiguration = (container: Container, given: RunOptions): Configuration => {
  const {Config: config, HostConfig: host} = container;
  const network = container.NetworkSettings.Networks[networkName(given.network)];
  return {
    image: container.Image,
    command: words(config.Cmd),
    entrypoint: words(config.Entrypoint),
    ports: list(foundPorts(host.PortBindings ?? {})),
    volumes: list([...(host.Binds ?? []).map(bind), ...Object.keys(config.Volumes ?? {})]),
    network: foundNetwork(container, networkName(given.network)),
    restart: restart(host.RestartPolicy?.Name, host.RestartPolicy?.MaximumRetryCount),
    user: config.User ?? '',
    workdir: config.WorkingDir ?? '',
    privileged: String(host.Privileged ?? false),
    cap_add: list((host.CapAdd ?? []).map(capability)),
    cap_drop: list((host.CapDrop ?? []).map(capability)),
    security_opt: list(foundSecurity(container)),
    tmpfs: list(Object.entries(host.Tmpfs ?? {}).map(([path, how]) => (how === '' ? path : `${path}:${how}`))),
    extra_hosts: list(host.ExtraHosts ?? []),
    init: String(host.Init ?? false),
    tty: String(config.Tty),
    interactive: String(config.OpenStdin),
    device_cgroup_rules: list(host.DeviceCgroupRules),
    cgroupns: (host as {CgroupnsMode?: string}).CgroupnsMode ?? '',
    hostname: config.Hostname,
    ip: network?.IPAMConfig?.IPv4Address || network?.IPAMConfig?.IPv6Address || 'none of its own',
    health_cmd: config.Healthcheck?.Test?.slice(1).join(' ') ?? '',
  };
};

const plainDifferences = (wanted: Configuration, found: Configuration): Difference[] =>
  Object.entries(wanted)
    .map(([option, value]) => ({option, wanted: value || 'none', found: found[option] || 'none'}))
    .filter((each) => each.wanted !== each.found);

const shortImage = (name: string, id: string): string => `${name} (${id.replace('sha256:', '').slice(0, 12)})`;

const named = (difference: Difference, given: RunOptions, container: Container): Difference =>
  difference.option === 'image'
    ? {
        option: 'image',
        wanted: shortImage(given.image, difference.wanted),
        found: shortImage(container.Config.Image, difference.found),
      }
    : difference;

/** Only the names: what a stranger's variables hold is nobody's business. */
const envDifferences = (given: RunOptions, image: Image, container: Container): Difference[] => {
  const wanted = new Set(mergedEnv(image.Config.Env, environment(given.env)));
  const found = new Set(container.Config.Env ?? []);
  const nameOf = (entry: string): string => entry.split('=')[0] ?? '';
  const names = [...wanted]
    .filter((entry) => !found.has(entry))
    .concat([...found].filter((entry) => !wanted.has(entry)));
  const has = (entries: Set<string>, name: string): boolean => [...entries].some((entry) => nameOf(entry) === name);
  return [...new Set(names.map(nameOf))].map((name) => ({
    option: `env ${name}`,
    wanted: has(wanted, name) ? 'set' : 'not set',
    found: !has(found, name) ? 'not set' : has(wanted, name) ? 'set to another value' : 'set',
  }));
};

const labelDifferences = (given: RunOptions, container: Container): Difference[] =>
  Object.entries(given.labels)
    .map(([name, value]) => ({
      option: `label ${name}`,
      wanted: String(value),
      found: container.Config.Labels?.[name] ?? 'none',
    }))
    .filter((each) => each.wanted !== each.found);

const aliasDifferences = (given: RunOptions, container: Container): Difference[] => {
  const has: readonly string[] = container.NetworkSettings.Networks[networkName(given.network)]?.Aliases ?? [];
  const missing = given.aliases.filter((alias) => !has.includes(alias));
  return missing.length === 0 ? [] : [{option: 'aliases', wanted: list(given.aliases), found: list(has) || 'none'}];
};

/**
 * In what a container differs from the wanted configuration. Our own labels, further networks and further labels do not
 * count; whether it runs is another question.
 */
export const differences = (given: RunOptions, image: Image, container: Container, dir: string): Difference[] => [
  ...plainDifferences(wantedConfiguration(given, image, dir), foundConfiguration(container, given)).map((each) =>
    named(each, given, container),
  ),
  ...envDifferences(given, image, container),
  ...labelDifferences(given, container),
  ...aliasDifferences(given, container),
];

/** `ports 0.0.0.0:80->80/tcp, user root`: one side of the differences as text. */
export const sideOf = (side: 'wanted' | 'found', all: readonly Difference[]): string =>
  all.map((each) => `${each.option}: ${each[side]}`).join('; ');
