import type {Docker} from './docker.ts';
import {ago} from './docker-table.ts';
import type {SwarmNode} from './swarm-nodes.ts';
import {textTable} from './text-table.ts';

interface TaskPort {
  readonly Protocol: string;
  readonly TargetPort: number;
  readonly PublishedPort: number;
}

/** One run of a service on a node, as a manager tells it; only what is read here. */
export interface Task {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly ServiceID: string;
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly Spec: {
    readonly ContainerSpec: {readonly Image: string; readonly Labels?: Readonly<Record<string, string>> | null};
    readonly ForceUpdate?: number;
  };
  readonly Status: {
    readonly State: string;
    readonly Timestamp: string;
    readonly Message?: string;
    readonly Err?: string;
    readonly PortStatus?: {readonly Ports?: readonly TaskPort[] | null};
  };
  readonly DesiredState: string;
}

const newestFirst = (a: Task, b: Task): number => (a.CreatedAt < b.CreatedAt ? 1 : -1);

/** The tasks of a service, newest first; by its id, since one that is gone is no longer known by name. */
export const tasksOf = async (docker: Docker, service: string): Promise<Task[]> => {
  const all = (await docker.ask((api) => api.listTasks())) as Task[];
  return all.filter(({ServiceID}) => ServiceID === service).sort(newestFirst);
};

/** A task that has a container, or is getting one. */
const ACTIVE = new Set(['assigned', 'accepted', 'preparing', 'ready', 'starting', 'running']);
export const isActive = ({Status}: Task): boolean => ACTIVE.has(Status.State);

/** Whether this task does its work, and shall go on. */
export const runs = ({Status, DesiredState}: Task): boolean => Status.State === 'running' && DesiredState === 'running';

/** What still runs on a node that is asked to let everything go; a node that is down tells nothing any more. */
export const leavingTasks = async (docker: Docker, node: SwarmNode): Promise<string[]> => {
  if (node.Status.State !== 'ready') return [];
  const all = (await docker.ask((api) => api.listTasks())) as Task[];
  return all.filter((task) => task.NodeID === node.ID && isActive(task)).map(({ID}) => `task ${ID.slice(0, 12)}`);
};

/** `web.2`, or for a global service `web.NODE`. */
export const taskName = (service: string, {Slot: slot, NodeID: node = ''}: Task): string =>
  `${service}.${slot ? slot : node}`;

export const portText = ({Status}: Task): string => {
  const ports = Status.PortStatus?.Ports ?? [];
  // each is told twice: for IPv4 and IPv6
  return [...new Set(ports.map((port) => `*:${port.PublishedPort}->${port.TargetPort}/${port.Protocol}`))].join(', ');
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const HEAD = ['ID', 'NAME', 'IMAGE', 'NODE', 'DESIRED STATE', 'CURRENT STATE', 'ERROR', 'PORTS'];

const row = (service: string, task: Task, isLatest: boolean, nodes: ReadonlyMap<string, SwarmNode>): string[] => {
  const since = Math.floor((Date.now() - Date.parse(task.Status.Timestamp)) / 1000);
  return [
    task.ID.slice(0, 12),
    `${isLatest ? '' : ' \\_ '}${taskName(service, task)}`,
    task.Spec.ContainerSpec.Image,
    nodes.get(task.NodeID ?? '')?.Description.Hostname ?? '',
    capital(task.DesiredState),
    `${capital(task.Status.State)} ${ago(since)}`,
    task.Status.Err ? `"${task.Status.Err}"` : '',
    portText(task),
  ];
};

/** The tasks in the order of `docker service ps`: by slot, in each the newest first. */
export const inOrder = (tasks: readonly Task[]): Task[] =>
  tasks.toSorted((a, b) => {
    const [one, other] = [a, b].map((task) => (task.Slot ? '' : (task.NodeID ?? ''))) as [string, string];
    return (a.Slot ?? 0) - (b.Slot ?? 0) || one.localeCompare(other) || newestFirst(a, b);
  });

/** The table of `docker service ps`; what came before in a slot is set off. */
export const taskTable = (service: string, tasks: readonly Task[], nodes: ReadonlyMap<string, SwarmNode>): string => {
  const seen = new Set<string>();
  const rows = inOrder(tasks).map((task) => {
    const name = taskName(service, task);
    const isLatest = !seen.has(name);
    seen.add(name);
    return row(service, task, isLatest, nodes);
  });
  return textTable(HEAD, rows);
};
