import {quote, sh} from '../../engine/sh.ts';
import type {Site} from '../../engine/step-type.ts';
import {dockerCommand} from './docker.ts';
import {envFlags, fold, secretAssignments} from './docker-run-flags.ts';
import type {CreateOptions, UpdateOptions, Wishes} from './service-options.ts';
import {type Mount, type Port, toMount, toPort} from './service-spec.ts';

type Flag = readonly string[];
type Settings = Wishes['labels'];

const one = (name: string, value: string | number | undefined): Flag[] =>
  value === undefined ? [] : [[name, String(value)]];
const each = (name: string, values: readonly string[] | undefined): Flag[] =>
  (values ?? []).map((value) => [name, value]);
const on = (name: string, given: boolean | undefined): Flag[] => (given ? [[name]] : []);
const pairs = (settings: Settings): string[] => Object.entries(settings ?? {}).map((pair) => pair.join('='));

const portText = ({PublishMode, PublishedPort, TargetPort, Protocol = 'tcp'}: Port): string =>
  [
    `mode=${PublishMode}`,
    ...(PublishedPort === undefined ? [] : [`published=${PublishedPort}`]),
    `target=${TargetPort}`,
    ...(Protocol === 'tcp' ? [] : [`protocol=${Protocol}`]),
  ].join(',');

const mountText = ({Type, Source, Target, ReadOnly}: Mount): string =>
  `type=${Type},source=${Source},target=${Target}${ReadOnly ? ',readonly' : ''}`;

/** Flags that `create` and `update` share but for the ending of their names. */
const shared = (given: Wishes, add: '' | '-add'): Flag[] => [
  ...one('--replicas', given.replicas),
  ...each(`--constraint${add}`, given.constraints),
  ...one('--replicas-max-per-node', given.max_replicas_per_node),
  ...each(`--publish${add}`, given.publish?.map(toPort).map(portText)),
  ...one('--endpoint-mode', given.endpoint_mode),
  ...envFlags(given.env ?? {}).map(([, value = '']) => [`--env${add}`, value]),
  ...each(`--mount${add}`, given.mounts?.map(toMount).map(mountText)),
  ...each(`--label${add}`, pairs(given.labels)),
  ...each(`--container-label${add}`, pairs(given.container_labels)),
  ...one('--restart-condition', given.restart),
];

const OFFLINE: Flag = ['--no-resolve-image'];

const line = (
  verb: string,
  flags: readonly Flag[],
  rest: readonly string[],
  env: Wishes['env'],
  site: Site,
): string => {
  const words = [...flags, OFFLINE].map((flag) => sh`${flag}`);
  return (
    secretAssignments(env ?? {}) + fold([sh`${dockerCommand(site)} service ${verb}`, ...words, ...rest.map(quote)])
  );
};

/** The `docker service create` line that makes this service. */
export const createCommand = (given: CreateOptions, site: Site): string => {
  const flags = [
    ['--name', given.name],
    ...(given.global ? [['--mode', 'global']] : []),
    ...shared(given, ''),
    ...each('--network', given.networks),
    ...one('--entrypoint', given.entrypoint === undefined ? undefined : sh`${given.entrypoint}`),
    ...one('--hostname', given.hostname),
    ...one('--user', given.user),
    ...one('--workdir', given.workdir),
    ...on('--tty', given.tty),
    ...on('--init', given.init),
  ];
  return line('create', flags, [given.image, ...(given.command ?? []).map(String)], given.env, site);
};

/** The `docker service update` line that changes it. */
export const updateCommand = (given: UpdateOptions, site: Site): string => {
  const args = given.command === undefined ? undefined : sh`${given.command}`;
  const flags = [...one('--image', given.image), ...one('--args', args), ...shared(given, '-add')];
  return line('update', flags, [given.name], given.env, site);
};
