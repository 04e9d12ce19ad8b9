import {parse} from 'yaml';
import {sh} from '../../engine/sh.ts';
import type {Site, StepContext} from '../../engine/step-type.ts';
import {pathOf} from './compose-file.ts';
import {type Docker, dockerCommand} from './docker.ts';
import {dockerCli, type Variables} from './docker-cli.ts';
import type {Difference} from './docker-compare.ts';
import type {Network} from './docker-networks.ts';
import {serviceDifferences} from './service-compare.ts';
import type {Wishes} from './service-options.ts';
import {amend, emptySpec} from './service-spec.ts';
import {hasContainers, type Service, tasksOnReadyNodes} from './services.ts';

const NAMESPACE = 'com.docker.stack.namespace';

const labelled = (name: string) => ({filters: JSON.stringify({label: [`${NAMESPACE}=${name}`]})});

export const servicesOf = (docker: Docker, stack: string): Promise<Service[]> =>
  docker
    .ask((api) => api.listServices(labelled(stack)))
    .then((found) => (found as unknown as Service[]).toSorted((a, b) => (a.Spec.Name < b.Spec.Name ? -1 : 1)));

/** What there is of a stack, by name. */
export const remainsOf = async (docker: Docker, stack: string): Promise<string[]> => {
  const label = `${NAMESPACE}=${stack}`;
  const [services, networks, tasks, containers] = await Promise.all([
    servicesOf(docker, stack),
    docker.ask((api) => api.listNetworks(labelled(stack))) as Promise<Network[]>,
    tasksOnReadyNodes(docker),
    hasContainers(docker, label),
  ]);
  const left = tasks.filter((task) => task.Spec.ContainerSpec.Labels?.[NAMESPACE] === stack);
  return [
    ...services.map(({Spec}) => `service ${Spec.Name}`),
    ...networks.map(({Name}) => `network ${Name}`),
    ...(left.length > 0 || containers ? [left.length > 1 ? `${left.length} tasks` : 'a task'] : []),
  ];
};

/** A service as `docker stack config` prints it: variables filled in, short forms written out. */
interface FileService {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: Wishes['publish'];
  readonly hostname?: string;
  readonly user?: string;
  readonly working_dir?: string;
  readonly tty?: boolean;
  readonly init?: boolean;
  readonly deploy?: {
    readonly mode?: string;
    readonly replicas?: number;
    readonly endpoint_mode?: 'vip' | 'dnsrr';
    readonly placement?: {readonly constraints?: string[]; readonly max_replicas_per_node?: number};
    readonly restart_policy?: {readonly condition?: 'any' | 'on-failure' | 'none'};
  };
}

// What a file says in another way than our options do is not compared: networks and volumes get the stack's name.
const COMPARED =
  /^(image|replicas|command|publish|endpoint_mode|constraints|max_replicas_per_node|hostname|user|workdir|tty|init|env .*)$/;

const published = (ports: Wishes['publish']): Wishes['publish'] =>
  ports?.map((port) => ({...port, mode: port.mode ?? 'ingress', protocol: port.protocol ?? 'tcp'}));

const wishesOf = (given: FileService): Wishes => {
  const {deploy = {}} = given;
  const env = Object.entries(given.environment ?? {}).filter((entry): entry is [string, string] => entry[1] !== null);
  return {
    image: given.image,
    command: given.command === undefined ? undefined : [...given.command],
    env: Object.fromEntries(env),
    publish: published(given.ports),
    hostname: given.hostname,
    user: given.user,
    workdir: given.working_dir,
    tty: given.tty,
    init: given.init,
    global: deploy.mode === 'global',
    replicas: deploy.replicas,
    endpoint_mode: deploy.endpoint_mode,
    constraints: deploy.placement?.constraints,
    max_replicas_per_node: deploy.placement?.max_replicas_per_node,
  };
};

/** The services that a file describes, by name; undefined where the docker command is too old to tell (before 23). */
export const readStack = async (
  file: string,
  env: Variables,
  context: StepContext,
): Promise<ReadonlyMap<string, FileService> | undefined> => {
  try {
    const text = await dockerCli(['stack', 'config', '-c', pathOf(file, context)], context, {env});
    return new Map(Object.entries((parse(text) as {services: Record<string, FileService>}).services));
  } catch (error) {
    if (/unknown (?:shorthand )?flag|Usage:/.test((error as {details?: {found?: string}}).details?.found ?? ''))
      return undefined;
    throw error;
  }
};

/** In what a running service differs from what the file says. */
export const stackDifferences = (given: FileService, {Spec}: Service): Difference[] =>
  serviceDifferences(amend(emptySpec(Spec.Name), wishesOf(given)), Spec, new Map())
    .filter(({option}) => COMPARED.test(option))
    .map((each) => ({...each, option: `${Spec.Name} ${each.option}`}));

const PAUSE_MS = 200;

/** Removes it, and waits until nothing of it is left; nothing happens where there is none. */
export const removeStack = async (docker: Docker, name: string, context: StepContext): Promise<void> => {
  if ((await remainsOf(docker, name)).length === 0) return;
  await dockerCli(['stack', 'rm', name], context, {output: context.output});
  while (!context.signal.aborted && (await remainsOf(docker, name)).length > 0)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
};

/** In shell: it has services, and of each as many tasks run as are wanted. */
export const stackCheck = (name: string, site: Site): string =>
  sh`${dockerCommand(site)} stack services --format '{{.Replicas}}' ${name} 2>/dev/null | awk '{split($1, n, "/"); if (n[1] != n[2]) bad = 1} END {exit bad || NR == 0}'`;
