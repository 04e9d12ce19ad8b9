import {lookup} from 'node:dns/promises';
import {isIP} from 'node:net';
import * as v from 'valibot';
import {PermanentError} from '../../engine/step-type.ts';
import type {Docker} from './docker.ts';

/** Where managers listen unless they are told otherwise. */
const PORT = 2377;

/** What an engine tells of the swarm that it is in; as `docker info` shows it. */
export interface Membership {
  readonly NodeID: string;
  readonly NodeAddr: string;
  readonly LocalNodeState: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  /** Whether it is a manager. */
  readonly ControlAvailable: boolean;
  readonly Error: string;
  readonly RemoteManagers: readonly {readonly NodeID: string; readonly Addr: string}[] | null;
  /** Told by managers. */
  readonly Cluster?: {readonly ID: string};
}

/** How an engine is reached by the other members, and how it takes part; the names are those of the docker command. */
export const memberOptions = {
  advertise_addr: v.optional(
    v.pipe(v.string(), v.minLength(1), v.description('Address or interface that the others reach it by, [:port]')),
  ),
  listen_addr: v.optional(
    v.pipe(v.string(), v.minLength(1), v.description('Address or interface that it listens on; 0.0.0.0:2377')),
  ),
  availability: v.optional(
    v.pipe(
      v.picklist(['active', 'drain']),
      v.description('Whether it also runs tasks; left as it is when left out, and active at first'),
    ),
  ),
};
export interface MemberOptions {
  readonly advertise_addr?: string | undefined;
  readonly listen_addr?: string | undefined;
  readonly availability?: 'active' | 'drain' | undefined;
}

export const memberFlags = ({advertise_addr, listen_addr, availability}: MemberOptions): string[] => [
  ...(advertise_addr === undefined ? [] : ['--advertise-addr', advertise_addr]),
  ...(listen_addr === undefined ? [] : ['--listen-addr', listen_addr]),
  ...(availability === undefined ? [] : ['--availability', availability]),
];

/** The same in the words of the API. */
export const memberSpec = ({advertise_addr = '', listen_addr = '0.0.0.0:2377', availability}: MemberOptions) => ({
  AdvertiseAddr: advertise_addr,
  ListenAddr: listen_addr,
  ...(availability !== undefined && {Availability: availability}),
});

/** Whether this engine is in a swarm, and which. */
export const membershipOf = async (docker: Docker): Promise<Membership> => {
  const {Swarm: swarm} = await docker.ask((api) => api.info());
  return swarm;
};

/** In words, for a verdict. */
export const membershipText = ({
  LocalNodeState: state,
  ControlAvailable,
  NodeAddr,
  Error: error,
}: Membership): string =>
  state === 'active'
    ? `it is a ${ControlAvailable ? 'manager' : 'worker'} at ${NodeAddr}`
    : state === 'inactive'
      ? 'it is in no swarm'
      : [`it is ${state}`, error].filter(Boolean).join(': ');

/** Its own address as a manager: what the others join. */
export const managerAddress = ({NodeID, NodeAddr, RemoteManagers: managers}: Membership): string =>
  managers?.find((manager) => manager.NodeID === NodeID)?.Addr ?? withPort(NodeAddr);

/** The same address with the port that is meant where none is given. */
export const withPort = (address: string): string =>
  /:\d+$/.test(address) && isIP(address) !== 6 ? address : `${isIP(address) === 6 ? `[${address}]` : address}:${PORT}`;

/** `host:port` with an IP address for a name, as engines tell each other; as it is where nobody knows the name. */
export const resolved = async (address: string): Promise<string> => {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(withPort(address)) ?? [];
  if (isIP(host) !== 0) return withPort(address);
  const found = await lookup(host, {family: 4}).catch(() => undefined);
  return found === undefined ? withPort(address) : `${found.address}:${port}`;
};

/** Leaves, whatever that means for the swarm, also after the step's time is up; nothing happens where there is none. */
export const leaveSwarm = (docker: Docker, force: boolean): Promise<unknown> =>
  docker
    .tidy((api) => api.swarmLeave({_query: {force}, _body: {}}))
    .catch((error) => {
      if (!/not part of a swarm/i.test(String(error.message))) throw error;
    });

/** The engine belongs to a swarm that is not the wanted one. */
export const wrongSwarm = (expected: string, found: Membership): PermanentError =>
  new PermanentError('this engine is in another swarm, and stays there', {
    code: 'wrong-swarm',
    expected,
    found: membershipText(found),
    next: 'take it out of that swarm first, if nobody needs it there: docker swarm leave --force',
  });
