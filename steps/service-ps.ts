import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {objectName} from './clients/docker-run-options.ts';
import {getService} from './clients/services.ts';
import {tasksThrough} from './clients/swarm-in-shell.ts';
import {listNodes, nodeAddress} from './clients/swarm-nodes.ts';
import {inOrder, portText, runs, taskName, tasksOf, taskTable} from './clients/swarm-tasks.ts';

const options = v.strictObject({name: v.pipe(objectName, v.description('The service’s name'))});

const task = v.object({
  id: v.string(),
  name: v.pipe(v.string(), v.description('web.1; for a global service web.NODE')),
  node: v.pipe(v.string(), v.description('Host name of the node; empty while none was found')),
  address: v.pipe(v.string(), v.description('That node’s address')),
  state: v.pipe(v.string(), v.description('running, pending, failed, shutdown, ...')),
  desired: v.pipe(v.string(), v.description('What it shall come to: running, shutdown')),
  image: v.string(),
  ports: v.pipe(v.string(), v.description('Ports published on the node: *:5000->5000/tcp')),
  error: v.string(),
});

const outputs = v.object({
  tasks: v.pipe(v.array(task), v.description('Those of the past too')),
  running: v.pipe(v.number(), v.description('How many run')),
  nodes: v.pipe(v.array(v.string()), v.description('Host names of the nodes where one runs, sorted')),
  addresses: v.pipe(v.array(v.string()), v.description('Addresses of these nodes, sorted')),
  spread: v.pipe(v.record(v.string(), v.number()), v.description('How many run on each of them')),
});

const RUNNING = 'map(select(.state == "running" and .desired == "running"))';

const countsOf = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** Where the tasks of a service run. */
export default defineStepType({
  name: 'service.ps',
  about: 'Lists the tasks of a service, and on which nodes they run.',
  options,
  outputs,
  effect: 'reads',

  command: ({name}, site) => sh`${dockerCommand(site)} service ps ${name}`,

  async run({name}, context) {
    const docker = await dockerClient(context);
    const {ID} = await getService(docker, name);
    const [ofService, all] = await Promise.all([tasksOf(docker, ID), listNodes(docker)]);
    const nodes = new Map(all.map((node) => [node.ID, node]));
    context.output(taskTable(name, ofService, nodes));
    const found = inOrder(ofService);
    const tasks = found.map((each) => {
      const node = nodes.get(each.NodeID ?? '');
      return {
        id: each.ID,
        name: taskName(name, each),
        node: node?.Description.Hostname ?? '',
        address: node === undefined ? '' : nodeAddress(node),
        state: each.Status.State,
        desired: each.DesiredState,
        image: each.Spec.ContainerSpec.Image,
        ports: portText(each),
        error: each.Status.Err ?? '',
      };
    });
    const live = new Set(found.filter(runs).map((each) => each.ID));
    const running = tasks.filter(({id}) => live.has(id));
    const spread = countsOf(running.map(({node}) => node));
    const addresses = [...new Set(running.map(({address}) => address))].sort();
    return {tasks, running: running.length, nodes: Object.keys(spread).sort(), addresses, spread};
  },

  changes: (_, context) => dockerEvents(context, {type: ['service', 'node', 'container']}),

  shell: {
    outputs: {
      tasks: tasksThrough('.'),
      running: tasksThrough(`${RUNNING} | length`),
      nodes: tasksThrough(`${RUNNING} | map(.node) | unique`),
      addresses: tasksThrough(`${RUNNING} | map(.address) | unique`),
      spread: tasksThrough(`${RUNNING} | group_by(.node) | map({key: .[0].node, value: length}) | from_entries`),
    },
  },
});
