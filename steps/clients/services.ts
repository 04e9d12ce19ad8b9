import {isDeepStrictEqual} from 'node:util';
import {sh} from '../../engine/sh.ts';
import {type Site, type StepContext, StepError} from '../../engine/step-type.ts';
import {ACT_MS, type Docker, dockerCommand} from './docker.ts';
import {isMissing} from './docker-errors.ts';
import {dockerEvents} from './docker-events.ts';
import type {ServiceSpec} from './service-spec.ts';
import {listNodes} from './swarm-nodes.ts';
import {isActive, runs, type Task, taskName, tasksOf} from './swarm-tasks.ts';

/** A service as a manager tells it; only what is read here. */
export interface Service {
  readonly ID: string;
  readonly Version: {readonly Index: number};
  readonly Spec: ServiceSpec;
  readonly UpdateStatus?: {readonly State?: string; readonly Message?: string};
}

/** The service of that name, if there is one; the daemon itself would also take the beginning of an id. */
export const findService = async (docker: Docker, name: string): Promise<Service | undefined> => {
  const found = (await docker.find((api) => api.getService(encodeURIComponent(name)).inspect())) as Service | undefined;
  return found?.Spec.Name === name ? found : undefined;
};

/** The service of that name. */
export const getService = async (docker: Docker, name: string): Promise<Service> => {
  const found = await findService(docker, name);
  if (found !== undefined) return found;
  throw new StepError(`the swarm has no service "${name}"`, {next: 'see which there are: docker service ls'});
};

/** Networks by their ids, by which the daemon tells what a service joins. */
export const networkNames = async (docker: Docker, {TaskTemplate}: ServiceSpec): Promise<Map<string, string>> => {
  if (!TaskTemplate.Networks?.length) return new Map();
  const networks = await docker.ask((api) => api.listNetworks());
  return new Map(networks.map(({Id, Name}) => [Id, Name]));
};

/** Changes a service; managers change it at the same time. */
export const updateService = async (
  docker: Docker,
  name: string,
  change: (spec: ServiceSpec) => ServiceSpec,
): Promise<void> => {
  for (let tries = 1; ; tries++) {
    const {ID, Version, Spec} = await getService(docker, name);
    const changed = change(Spec);
    if (isDeepStrictEqual(changed, Spec)) return;
    // dockerode would write all of it into the address as well, where logs keep it
    const request = {_query: {version: Version.Index}, _body: changed};
    try {
      await docker.ask((api) => api.getService(ID).update(request), ACT_MS);
      return;
    } catch (error) {
      if (tries === 5 || !/out of sequence/.test((error as Error).message)) throw error;
    }
  }
};

const PAUSE_MS = 200;

/** Removes it, and waits until nothing of it is left, or the step's time is up. */
export const removeService = async (docker: Docker, {ID}: Pick<Service, 'ID'>, signal: AbortSignal): Promise<void> => {
  await docker
    .tidy((api) => api.getService(ID).remove())
    .catch((error) => {
      if (!isMissing(error)) throw error;
    });
  const isGone = async (): Promise<boolean> => {
    const tasks = await tasksOnReadyNodes(docker);
    return (
      tasks.every(({ServiceID}) => ServiceID !== ID) &&
      !(await hasContainers(docker, `com.docker.swarm.service.id=${ID}`))
    );
  };
  while (!signal.aborted && !(await isGone())) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
};

/** Tasks on nodes that can tell: what a node does that is down, nobody knows. */
export const tasksOnReadyNodes = async (docker: Docker): Promise<Task[]> => {
  const [tasks, nodes] = await Promise.all([
    docker.ask((api) => api.listTasks()) as Promise<Task[]>,
    listNodes(docker),
  ]);
  const ready = new Set(nodes.filter(({Status}) => Status.State === 'ready').map(({ID}) => ID));
  return tasks.filter(({NodeID = ''}) => ready.has(NodeID));
};

/** Whether this engine has a container with that label: one that has ended goes a moment after its task. */
export const hasContainers = async (docker: Docker, label: string): Promise<boolean> => {
  const filters = JSON.stringify({label: [label]});
  return (await docker.ask((api) => api.listContainers({all: true, filters}))).length > 0;
};

/** A task of the service as it is wanted now, not as it was before an update. */
const isCurrent = ({Spec: spec}: Service, task: Task): boolean =>
  isDeepStrictEqual(task.Spec.ContainerSpec, spec.TaskTemplate.ContainerSpec) &&
  (task.Spec.ForceUpdate ?? 0) === (spec.TaskTemplate.ForceUpdate ?? 0);

const AT_REST = new Set([undefined, '', 'completed', 'rollback_completed']);

/** What the newest tasks of a service that does not run complain of. */
const complaint = (name: string, tasks: readonly Task[]): string => {
  const [task] = tasks.filter(({Status}) => Status.Err);
  if (task !== undefined) return `; ${taskName(name, task)} is ${task.Status.State}: ${task.Status.Err}`;
  const [waiting] = tasks.filter((each) => each.DesiredState === 'running' && each.Status.State !== 'running');
  return waiting === undefined ? '' : `; ${taskName(name, waiting)} is ${waiting.Status.State}`;
};

/** What keeps a service from running as it is wanted; undefined when nothing does. */
export const serviceTrouble = async (docker: Docker, service: Service): Promise<string | undefined> => {
  const {Spec: spec, UpdateStatus: update} = service;
  if (!AT_REST.has(update?.State)) return `its update is ${update?.State}: ${update?.Message ?? ''}`;
  const tasks = await tasksOf(docker, service.ID);
  const running = tasks.filter((task) => runs(task) && isCurrent(service, task)).length;
  const wanted = spec.Mode.Replicated
    ? (spec.Mode.Replicated.Replicas ?? 1)
    : Math.max(1, tasks.filter(({DesiredState}) => DesiredState === 'running').length);
  if (running !== wanted) return `${running} of ${wanted} tasks run${complaint(spec.Name, tasks)}`;
  const leaving = (await tasksOnReadyNodes(docker)).filter(
    (task) => task.ServiceID === service.ID && isActive(task) && task.DesiredState !== 'running',
  );
  return leaving.length === 0 ? undefined : `${taskName(spec.Name, leaving[0] as Task)} has not ended yet`;
};

/** It is as it is wanted, and its managers see to the rest; unless they have given up. */
export const underway = ({UpdateStatus: update}: Service): {readonly partial?: 'underway'} =>
  update?.State?.endsWith('paused') ? {} : {partial: 'underway'};

/** In shell: as many of its tasks run as are wanted. */
export const serviceCheck = (name: string, site: Site): string =>
  sh`${dockerCommand(site)} service ls --format '{{.Name}} {{.Replicas}}' | grep -q ${`^${name.replaceAll('.', '[.]')} \\([0-9]*\\)/\\1\\( .*\\)*$`}`;

interface Named {
  readonly name: string;
}

/** Its id and name, and whether it is as it is wanted, in shell. */
export const serviceInShell = {
  check: ({name}: Named, site: Site): string => serviceCheck(name, site),
  outputs: {
    id: ({name}: Named, site: Site): string => sh`${dockerCommand(site)} service inspect -f '{{.ID}}' ${name}`,
    name: ({name}: Named): string => sh`echo ${name}`,
  },
};

/** Yields when the tasks of a service may have changed. */
export const serviceChanges = (context: StepContext): AsyncIterable<unknown> =>
  dockerEvents(context, {type: ['service', 'node', 'container']});
