import type Dockerode from 'dockerode';
import {PermanentError, type StepContext} from '../../engine/step-type.ts';
import {pathOf} from './compose-file.ts';
import type {Docker} from './docker.ts';
import {dockerCli, type Variables} from './docker-cli.ts';

const PROJECT = 'com.docker.compose.project';
const SERVICE = 'com.docker.compose.service';
const HASH = 'com.docker.compose.config-hash';
const FILES = 'com.docker.compose.project.config_files';
const ONE_OFF = 'com.docker.compose.oneoff';

type Container = Dockerode.ContainerInfo;

/** A project of Compose: its name, and the file that describes it. */
export interface Project {
  readonly project: string;
  readonly file: string;
  readonly env: Variables;
}

const labelled = (project: string) => JSON.stringify({label: [`${PROJECT}=${project}`]});

/** The containers of a project, running or not, by name; what `compose run` made aside. */
export const containersOf = async (docker: Docker, project: string): Promise<Container[]> => {
  const all = await docker.ask((api) => api.listContainers({all: true, filters: labelled(project)}));
  return all.filter(({Labels}) => Labels[ONE_OFF] !== 'True').sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
};

export const nameOf = ({Names: [name = '']}: Container): string => name.replace(/^\//, '');
export const serviceOf = ({Labels}: Container): string => Labels[SERVICE] ?? '';

/** The names of a project's volumes. */
export const volumesOf = async (docker: Docker, project: string): Promise<string[]> => {
  const {Volumes: volumes} = await docker.ask((api) => api.listVolumes({filters: labelled(project)}));
  return (volumes ?? []).map(({Name}) => Name).sort();
};

/** What there is of a project, by name; its volumes only where they are asked for. */
export const remainsOf = async (docker: Docker, project: string, volumes: boolean): Promise<string[]> => {
  const [containers, networks, names] = await Promise.all([
    containersOf(docker, project),
    docker.ask((api) => api.listNetworks({filters: labelled(project)})),
    volumes ? volumesOf(docker, project) : [],
  ]);
  return [
    ...containers.map((one) => `container ${nameOf(one)}`),
    ...networks.map(({Name}) => `network ${Name}`),
    ...names.map((name) => `volume ${name}`),
  ];
};

const projectArgs = ({file, project}: Project, context: StepContext): string[] => [
  ...['compose', '-f', pathOf(file, context)],
  ...['-p', project],
];

/** Runs a command of Compose on a project. */
export const compose = (
  project: Project,
  args: readonly string[],
  context: StepContext,
  output?: StepContext['output'],
): Promise<string> =>
  dockerCli([...projectArgs(project, context), ...args], context, {env: project.env, ...(output && {output})});

/** What the file wants of each service: how many containers, and the hash of their configuration. */
export const wantedServices = async (
  project: Project,
  context: StepContext,
): Promise<Map<string, {readonly hash: string; readonly count: number}>> => {
  const [hashes, config] = await Promise.all([
    compose(project, ['config', '--hash', '*'], context),
    compose(project, ['config', '--format', 'json'], context),
  ]);
  const {services} = JSON.parse(config) as {
    services: Record<string, {readonly scale?: number; readonly deploy?: {readonly replicas?: number}}>;
  };
  const lines = hashes.trim().split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [name = '', hash = ''] = line.split(' ');
      return [name, {hash, count: services[name]?.scale ?? services[name]?.deploy?.replicas ?? 1}];
    }),
  );
};

/** What is wrong, and whether it is `up` that mends it, or time. */
export interface Trouble {
  readonly found: string;
  readonly partial?: 'underway' | 'incomplete';
}

/** Of several: what one of them is no part of, none is; and as long as `up` has anything to do, waiting does not suffice. */
export const sumOf = (troubles: readonly Trouble[]): Trouble | undefined => {
  const isOther = troubles.find(({partial}) => partial === undefined);
  return isOther ?? troubles.find(({partial}) => partial === 'incomplete') ?? troubles[0];
};

/** What keeps a service's containers from being what the file wants; undefined when nothing does. */
export const containerTrouble = (
  name: string,
  {hash, count}: {readonly hash: string; readonly count: number},
  containers: readonly Container[],
): Trouble | undefined => {
  const own = containers.filter((one) => serviceOf(one) === name);
  const other = own.find(({Labels}) => Labels[HASH] !== hash);
  if (other !== undefined) return {found: `${nameOf(other)} was made from another configuration`};
  const still = own.find(({State}) => State !== 'running');
  if (still !== undefined)
    return {
      found: `${nameOf(still)} is ${still.State}: ${still.Status}`,
      ...(isStartable(still) && {partial: 'incomplete'}),
    };
  if (own.length !== count)
    return {found: `${own.length} of ${count} containers of service ${name} run`, partial: 'incomplete'};
  const sick = own.find(({Status}) => /unhealthy/.test(Status)) ?? own.find(({Status}) => isStarting(Status));
  if (sick === undefined) return undefined;
  const found = `${nameOf(sick)} is not healthy: ${sick.Status}`;
  return isStarting(sick.Status) ? {found, partial: 'underway'} : {found};
};

const isStartable = ({State}: Container): boolean => State === 'created' || State === 'exited';
const isStarting = (status: string): boolean => /health: starting/.test(status);

/** A project of that name that comes from another file belongs to somebody else. */
export const refuseStranger = (
  {project, file}: Project,
  containers: readonly Container[],
  context: StepContext,
): void => {
  const path = pathOf(file, context);
  const stranger = containers.find(({Labels}) => Labels[FILES] !== path);
  if (stranger === undefined) return;
  throw new PermanentError(`there is another project "${project}" of Docker Compose`, {
    code: 'name-taken',
    expected: path,
    found: stranger.Labels[FILES] ?? 'unknown',
    next: `remove it (docker compose -p ${project} down), or take another name`,
  });
};
