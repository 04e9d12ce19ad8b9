import {PermanentError, StepError} from '../../engine/step-type.ts';
import {ACT_MS, type Docker} from './docker.ts';
import {textTable} from './text-table.ts';

type Spec = {
  readonly Role: 'manager' | 'worker';
  readonly Availability: 'active' | 'pause' | 'drain';
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Name?: string;
};

/** A node as a manager tells it; only what is read here. */
export interface SwarmNode {
  readonly ID: string;
  readonly Version: {readonly Index: number};
  readonly Spec: Spec;
  readonly Description: {readonly Hostname: string; readonly Engine: {readonly EngineVersion: string}};
  readonly Status: {readonly State: string; readonly Addr: string};
  readonly ManagerStatus?: {readonly Leader?: boolean; readonly Reachability: string; readonly Addr: string};
}

/** The nodes of the swarm that this engine manages, by their host names. */
export const listNodes = async (docker: Docker): Promise<SwarmNode[]> => {
  const nodes = (await docker.ask((api) => api.listNodes())) as unknown as SwarmNode[];
  const nameOf = ({Description}: SwarmNode): string => Description.Hostname;
  return nodes.sort((a, b) => nameOf(a).localeCompare(nameOf(b), 'en', {numeric: true}));
};

const ambiguous = (name: string, found: readonly SwarmNode[]): PermanentError => {
  const gone = found.find(({Status}) => Status.State === 'down');
  return new PermanentError(`the swarm has ${found.length} nodes of the name "${name}"`, {
    found: found.map(({ID, Status}) => `${ID} (${Status.State})`).join(', '),
    next:
      gone === undefined
        ? 'name the one that is meant by its id'
        : `remove the one that left: docker node rm ${gone.ID}`,
  });
};

/** The node of that host name or id. */
export const getNode = async (docker: Docker, name: string): Promise<SwarmNode> => {
  const nodes = await listNodes(docker);
  const found = nodes.filter(({ID, Description}) => ID === name || Description.Hostname === name);
  const [node] = found;
  if (found.length > 1) throw ambiguous(name, found);
  if (node !== undefined) return node;
  throw new StepError(`the swarm has no node "${name}"`, {
    found: nodes.map(({Description}) => Description.Hostname).join(', '),
    next: 'see which there are: docker node ls',
  });
};

/** Changes a node's settings; those that are not given stay. Others may change it at the same time. */
export const updateNode = async (docker: Docker, name: string, change: (spec: Spec) => Spec): Promise<void> => {
  for (let tries = 1; ; tries++) {
    const {ID, Version, Spec: spec} = await getNode(docker, name);
    const request = {_query: {version: Version.Index}, _body: change(spec)};
    try {
      await docker.ask((api) => api.getNode(ID).update(request), ACT_MS);
      return;
    } catch (error) {
      if (tries === 5 || !/out of sequence/.test((error as Error).message)) throw error;
    }
  }
};

/** The address by which other nodes reach it; what a manager says of itself may be 0.0.0.0 or 127.0.0.1. */
export const nodeAddress = ({Status, ManagerStatus: manager}: SwarmNode): string =>
  manager?.Addr.replace(/:\d+$/, '') ?? Status.Addr;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const managerStatus = ({ManagerStatus: status}: SwarmNode): string =>
  status?.Leader ? 'Leader' : status === undefined ? '' : capital(status.Reachability);

const HEAD = ['ID', 'HOSTNAME', 'STATUS', 'AVAILABILITY', 'MANAGER STATUS', 'ENGINE VERSION'];

/** The table of `docker node ls`. */
export const nodeTable = (nodes: readonly SwarmNode[], self: string): string =>
  textTable(
    HEAD,
    nodes.map((node) => [
      `${node.ID} ${node.ID === self ? '*' : ''}`,
      node.Description.Hostname,
      capital(node.Status.State),
      capital(node.Spec.Availability),
      managerStatus(node),
      node.Description.Engine.EngineVersion,
    ]),
  );
