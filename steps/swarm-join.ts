import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, StepError} from '../engine/step-type.ts';
import {ACT_MS, type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {
  leaveSwarm,
  type Membership,
  memberFlags,
  memberOptions,
  memberSpec,
  membershipOf,
  membershipText,
  resolved,
  withPort,
  wrongSwarm,
} from './clients/swarm.ts';

const options = v.strictObject({
  manager: v.pipe(v.string(), v.minLength(1), v.description('A manager of the swarm: 192.168.99.102, port 2377')),
  token: v.pipe(v.string(), v.minLength(1), v.description('What `swarm.join_token` reads; a secret')),
  role: v.optional(
    v.pipe(
      v.picklist(['worker', 'manager']),
      v.description('Checked where it is given; the token alone decides what the engine becomes'),
    ),
  ),
  ...memberOptions,
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  node_id: v.string(),
  address: v.pipe(v.string(), v.description('The address that the other nodes reach it by')),
});

const knows = async ({manager}: Options, {RemoteManagers: managers}: Membership): Promise<boolean> => {
  const address = await resolved(manager);
  return (managers ?? []).some(({Addr}) => Addr === address);
};

const roleOf = ({ControlAvailable}: Membership): string => (ControlAvailable ? 'manager' : 'worker');

const isStuck = ({LocalNodeState: state}: Membership): boolean => state === 'pending' || state === 'error';

const wish = ({manager, role}: Options): string => `a ${role ?? 'member'} of the swarm of ${withPort(manager)}`;

const wrongRole = ({role}: Options, found: Membership): PermanentError =>
  new PermanentError(`this engine is a ${roleOf(found)} of that swarm`, {
    expected: `a ${role}`,
    next: 'change that on a manager (uses: swarm.promote); a new node becomes what its token says',
  });

/** What a manager says to a token that is not its own, or not any more. */
const explain = (given: Options, error: Error): Error => {
  if (/remote CA does not match|fingerprint|invalid join token|join token is necessary/i.test(error.message))
    return new PermanentError(`the token is not one of the swarm of ${withPort(given.manager)}`, {
      code: 'wrong-swarm',
      next: 'read it from a manager of that swarm: docker swarm join-token worker',
      cause: error,
    });
  if (/deadline exceeded|connection refused|unavailable|timeout was reached|no route/i.test(error.message))
    return new StepError(`the manager ${withPort(given.manager)} does not answer`, {
      next: 'see that this engine can reach it: TCP 2377 and 7946, UDP 7946 and 4789',
      cause: error,
    });
  return error;
};

const join = async (docker: Docker, given: Options): Promise<void> => {
  const request = {...memberSpec(given), RemoteAddrs: [withPort(given.manager)], JoinToken: given.token};
  try {
    await docker.ask((api) => api.swarmJoin(request), ACT_MS);
  } catch (error) {
    // an engine whose join has failed goes on trying until it leaves
    await leaveSwarm(docker, true).catch(() => {});
    throw explain(given, error as Error);
  }
};

/**
 * This engine is a member of that swarm. The docker command has the token in its argv, and knows no other way; so `run`
 * asks the engine's API, where it is in a request's body. The line to paste reads it from a variable.
 */
export default defineStepType({
  name: 'swarm.join',
  about: 'Makes this engine a member of a swarm, as what the token says; undo leaves it.',
  options,
  outputs,
  effect: 'converges',
  secretOptions: ['token'],

  command: (given, site) =>
    sh`${dockerCommand(site)} swarm join --token ${given.token} ${memberFlags(given)} ${given.manager}`,

  async run(given, context) {
    const docker = await dockerClient(context);
    const before = await membershipOf(docker);
    if (before.LocalNodeState !== 'inactive' && !(await knows(given, before))) throw wrongSwarm(wish(given), before);
    if (isStuck(before)) await leaveSwarm(docker, true);
    if (isStuck(before) || before.LocalNodeState === 'inactive') await join(docker, given);
    const found = await membershipOf(docker);
    if (given.role !== undefined && found.LocalNodeState === 'active' && roleOf(found) !== given.role)
      throw wrongRole(given, found);
    return {node_id: found.NodeID, address: found.NodeAddr};
  },

  async verify(given, context) {
    const found = await membershipOf(await dockerClient(context));
    const expected = wish(given);
    // what an attempt has left that was killed half way
    const half = isStuck(found) ? ({partial: 'incomplete'} as const) : {};
    if (found.LocalNodeState !== 'active') return {ok: false, expected, found: membershipText(found), ...half};
    const managers = (found.RemoteManagers ?? []).map(({Addr}) => Addr).join(', ');
    if (!(await knows(given, found))) return {ok: false, expected, found: `its managers are ${managers}`};
    if ((given.role ?? roleOf(found)) !== roleOf(found)) return {ok: false, expected, found: membershipText(found)};
    return {ok: true, outputs: {node_id: found.NodeID, address: found.NodeAddr}};
  },

  undoCommand: (_, site) => sh`${dockerCommand(site)} swarm leave --force`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    const found = await membershipOf(docker);
    if (found.LocalNodeState === 'inactive') return;
    if (found.LocalNodeState === 'active' && !(await knows(given, found))) throw wrongSwarm(wish(given), found);
    await leaveSwarm(docker, true);
  },

  shell: {
    check: ({manager}, site) =>
      sh`${dockerCommand(site)} info -f '{{range .Swarm.RemoteManagers}}{{.Addr}} {{end}}' | grep -qwF ${manager}`,
    outputs: {
      node_id: (_, site) => sh`${dockerCommand(site)} info -f '{{.Swarm.NodeID}}'`,
      address: (_, site) => sh`${dockerCommand(site)} info -f '{{.Swarm.NodeAddr}}'`,
    },
  },
});
