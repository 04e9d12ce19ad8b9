import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {membershipOf} from './clients/swarm.ts';
import {nodesThrough} from './clients/swarm-in-shell.ts';
import {listNodes, nodeAddress, nodeTable, type SwarmNode} from './clients/swarm-nodes.ts';

const names = (about: string) => v.pipe(v.array(v.string()), v.description(about));

const node = v.object({
  id: v.string(),
  hostname: v.string(),
  status: v.pipe(v.string(), v.description('ready, down, unknown or disconnected')),
  availability: v.pipe(v.string(), v.description('active, pause or drain')),
  role: v.pipe(v.string(), v.description('manager or worker')),
  leader: v.boolean(),
  reachable: v.pipe(v.boolean(), v.description('For a manager: whether it takes part in decisions')),
  address: v.string(),
  engine: v.pipe(v.string(), v.description('The version of its engine')),
  labels: v.record(v.string(), v.string()),
});

const outputs = v.object({
  nodes: v.array(node),
  ready: names('Host names of those that are ready, sorted'),
  managers: names('Host names of the managers that can be reached, sorted'),
  leader: v.pipe(v.string(), v.description('Host name of the manager that leads')),
});

const tell = (found: SwarmNode): v.InferOutput<typeof node> => {
  const {ID, Spec, Description, Status, ManagerStatus: manager} = found;
  return {
    id: ID,
    hostname: Description.Hostname,
    status: Status.State,
    availability: Spec.Availability,
    role: Spec.Role,
    leader: manager?.Leader ?? false,
    reachable: manager?.Reachability === 'reachable',
    address: nodeAddress(found),
    engine: Description.Engine.EngineVersion,
    labels: {...Spec.Labels},
  };
};

/** Which nodes the swarm has. */
export default defineStepType({
  name: 'swarm.nodes',
  about: 'Lists the nodes of this manager’s swarm.',
  options: v.strictObject({}),
  outputs,
  effect: 'reads',

  command: (_, site) => sh`${dockerCommand(site)} node ls`,

  async run(_, context) {
    const docker = await dockerClient(context);
    const [found, {NodeID}] = await Promise.all([listNodes(docker), membershipOf(docker)]);
    context.output(nodeTable(found, NodeID));
    const nodes = found.map(tell);
    const namesOf = (holds: (one: v.InferOutput<typeof node>) => boolean): string[] =>
      nodes
        .filter(holds)
        .map(({hostname}) => hostname)
        .sort();
    return {
      nodes,
      ready: namesOf(({status}) => status === 'ready'),
      managers: namesOf(({reachable}) => reachable),
      leader: namesOf(({leader}) => leader)[0] ?? '',
    };
  },

  changes: (_, context) => dockerEvents(context, {type: ['node']}),

  shell: {
    outputs: {
      nodes: nodesThrough('.'),
      ready: nodesThrough('map(select(.status == "ready") | .hostname) | sort'),
      managers: nodesThrough('map(select(.reachable) | .hostname) | sort'),
      leader: nodesThrough('map(select(.leader) | .hostname) | .[0] // ""', '-r'),
    },
  },
});
