import {spawnSync} from 'node:child_process';

/** What others use for the like. None is a dependency: what is on the PATH is measured, the rest is named. */
const PEERS = {
  bash: ['bash', '--version'],
  make: ['make', '--version'],
  'ansible-playbook': ['ansible-playbook', '--version'],
  wireit: ['wireit', '--version'],
  'npm-run-all2': ['run-s', '--version'],
  'docker compose': ['docker', 'compose', 'version'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type PeerName = keyof typeof PEERS;

/** wireit has no `--version`: that it can be started is enough. */
const isHere = ([command, ...args]: readonly [string, ...string[]]): boolean => {
  const {error, status} = spawnSync(command, args, {encoding: 'utf8'});
  return error === undefined && (command === 'wireit' || status === 0);
};

export const findPeers = (): ReadonlySet<PeerName> =>
  new Set((Object.keys(PEERS) as PeerName[]).filter((name) => isHere(PEERS[name])));

export const absentPeers = (found: ReadonlySet<PeerName>): readonly PeerName[] =>
  (Object.keys(PEERS) as PeerName[]).filter((name) => !found.has(name));
