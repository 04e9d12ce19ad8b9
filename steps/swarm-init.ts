import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type StepContext} from '../engine/step-type.ts';
import {ACT_MS, type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {
  leaveSwarm,
  type Membership,
  managerAddress,
  memberFlags,
  memberOptions,
  memberSpec,
  membershipOf,
  membershipText,
  resolved,
  wrongSwarm,
} from './clients/swarm.ts';
import {getNode, updateNode} from './clients/swarm-nodes.ts';

const options = v.strictObject(memberOptions);
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  node_id: v.string(),
  cluster_id: v.pipe(v.string(), v.description('The swarm’s id')),
  manager_address: v.pipe(v.string(), v.description('What the other nodes join: 192.168.99.102:2377')),
});
type Outputs = v.InferOutput<typeof outputs>;

const read = (found: Membership): Outputs => ({
  node_id: found.NodeID,
  cluster_id: found.Cluster?.ID ?? '',
  manager_address: managerAddress(found),
});

const hostOf = (address: string): string => address.replace(/:\d+$/, '');

/** Which address it has, if that was asked for by number; the address of an interface is for the engine to know. */
const isReachedBy = async (wanted: string | undefined, found: Membership): Promise<boolean> => {
  if (wanted === undefined || !/[.:]/.test(wanted)) return true;
  return hostOf(await resolved(wanted)) === hostOf(managerAddress(found));
};

const wish = ({advertise_addr: at, availability}: Options): string =>
  ['a manager', at && `at ${at}`, availability && `with availability ${availability}`].filter(Boolean).join(' ');

const isManager = ({LocalNodeState: state, ControlAvailable}: Membership): boolean =>
  state === 'active' && ControlAvailable;

const availabilityOf = async (docker: Docker, {NodeID}: Membership): Promise<string> =>
  (await getNode(docker, NodeID)).Spec.Availability;

/** Which swarm was formed: undo leaves no other. */
const formed = (found: Membership, context: StepContext): Promise<string> =>
  context.remember('cluster', async () => found.Cluster?.ID ?? '');

/** This engine manages a swarm. */
export default defineStepType({
  name: 'swarm.init',
  about: 'Forms a swarm of this engine alone, as its first manager; undo takes it apart.',
  options,
  outputs,
  effect: 'converges',

  command: (given, site) => sh`${dockerCommand(site)} swarm init ${memberFlags(given)}`,

  async run(given, context) {
    const docker = await dockerClient(context);
    const before = await membershipOf(docker);
    if (before.LocalNodeState === 'inactive') {
      await docker.ask((api) => api.swarmInit({...memberSpec(given), ForceNewCluster: false, Spec: {}}), ACT_MS);
    } else if (!isManager(before) || !(await isReachedBy(given.advertise_addr, before))) {
      throw wrongSwarm(wish(given), before);
    }
    const found = await membershipOf(docker);
    await formed(found, context);
    const {availability} = given;
    if (availability !== undefined && (await availabilityOf(docker, found)) !== availability)
      await updateNode(docker, found.NodeID, (spec) => ({...spec, Availability: availability}));
    return read(found);
  },

  async verify(given, context) {
    const docker = await dockerClient(context);
    const found = await membershipOf(docker);
    const not = (text: string) => ({ok: false, expected: wish(given), found: text}) as const;
    if (!isManager(found)) return not(membershipText(found));
    if (!(await isReachedBy(given.advertise_addr, found))) return not(membershipText(found));
    const availability = given.availability && (await availabilityOf(docker, found));
    if (availability !== given.availability)
      return {...not(`its availability is ${availability}`), partial: 'incomplete'} as const;
    return {ok: true, outputs: read(found)};
  },

  undoCommand: (_, site) => sh`${dockerCommand(site)} swarm leave --force`,

  async undo(_, context) {
    const docker = await dockerClient(context);
    const found = await membershipOf(docker);
    if (found.LocalNodeState === 'inactive') return undefined;
    if ((await formed(found, context)) !== (found.Cluster?.ID ?? ''))
      return {stays: 'the swarm stays: it is not the one that was formed'};
    await leaveSwarm(docker, true);
    return undefined;
  },

  changes: (_, context) => dockerEvents(context, {type: ['node']}),

  shell: {
    // it prints a token, which is a secret
    run: (given, site) => sh`${dockerCommand(site)} swarm init ${memberFlags(given)} >/dev/null`,
    check: (_, site) =>
      sh`[ "$(${dockerCommand(site)} info -f '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}')" = 'active true' ]`,
    outputs: {
      node_id: (_, site) => sh`${dockerCommand(site)} info -f '{{.Swarm.NodeID}}'`,
      cluster_id: (_, site) => sh`${dockerCommand(site)} info -f '{{.Swarm.Cluster.ID}}'`,
      manager_address: (_, site) => sh`${dockerCommand(site)} node inspect -f '{{.ManagerStatus.Addr}}' self`,
    },
  },
});
