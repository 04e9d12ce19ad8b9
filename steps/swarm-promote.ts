import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type StepContext} from '../engine/step-type.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {getNode, updateNode} from './clients/swarm-nodes.ts';

const role = v.picklist(['manager', 'worker']);
const options = v.strictObject({
  node: v.pipe(v.string(), v.minLength(1), v.description('Host name or id of the node')),
  role: v.optional(v.pipe(role, v.description('manager promotes it, worker demotes it')), 'manager'),
});
type Options = v.InferOutput<typeof options>;
type Role = v.InferOutput<typeof role>;

const VERBS: Readonly<Record<Role, string>> = {manager: 'promote', worker: 'demote'};

const before = (docker: Docker, {node}: Options, context: StepContext): Promise<Role> =>
  context.remember<Role>('role', async () => (await getNode(docker, node)).Spec.Role);

const become = (docker: Docker, node: string, Role: Role): Promise<void> =>
  updateNode(docker, node, (spec) => ({...spec, Role}));

/** A node is a manager, or is none. */
export default defineStepType({
  name: 'swarm.promote',
  about: 'Makes a node of the swarm a manager, or a mere worker; undo gives it the role that it had.',
  options,
  outputs: v.object({id: v.string()}),
  effect: 'converges',

  command: ({node, role}, site) => sh`${dockerCommand(site)} node ${VERBS[role]} ${node}`,

  prepare: async (given, context) => void (await before(await dockerClient(context), given, context)),

  async run(given, context) {
    const docker = await dockerClient(context);
    await before(docker, given, context);
    await become(docker, given.node, given.role);
    return {id: (await getNode(docker, given.node)).ID};
  },

  async verify(given, context) {
    const {ID, Spec, ManagerStatus: status} = await getNode(await dockerClient(context), given.node);
    const isManager = status !== undefined;
    const expected = given.role === 'manager' ? `"${given.node}" manages the swarm` : `"${given.node}" is a worker`;
    if (Spec.Role !== given.role) return {ok: false, expected, found: `it is to be a ${Spec.Role}`};
    // wanted is one thing: it takes a moment until the managers count it in, or out
    if (isManager !== (given.role === 'manager'))
      return {ok: false, expected, found: isManager ? 'it still takes part' : 'it does not take part yet'};
    if (isManager && status.Reachability !== 'reachable') return {ok: false, expected, found: status.Reachability};
    return {ok: true, outputs: {id: ID}};
  },

  undoCommand: ({node, role}, site) =>
    sh`${dockerCommand(site)} node ${VERBS[role === 'manager' ? 'worker' : 'manager']} ${node}`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    const role = await before(docker, given, context);
    await become(docker, given.node, role);
    return role === given.role ? {stays: `${given.node} stays: it was a ${role} before`} : undefined;
  },

  changes: (_, context) => dockerEvents(context, {type: ['node']}),

  shell: {
    check: ({node, role}, site) =>
      sh`[ "$(${dockerCommand(site)} node inspect -f '{{.Spec.Role}}' ${node})" = ${role} ]`,
    outputs: {id: ({node}, site) => sh`${dockerCommand(site)} node inspect -f '{{.ID}}' ${node}`},
  },
});
