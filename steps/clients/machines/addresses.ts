import {mkdir, open, readdir, readFile, stat, unlink} from 'node:fs/promises';
import {join} from 'node:path';
import {type StepContext, StepError} from '../../../engine/step-type.ts';
import type {Docker} from '../docker.ts';
import type {Network} from '../docker-networks.ts';
import {machinesDir, readRecord} from './store.ts';
import {privateFolder} from './whole-file.ts';

/** A claim that is older than this belongs to a machine that has a record. */
const SETTLED_MS = 60_000;

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toText = (number: number): string => [24, 16, 8, 0].map((bits) => (number >>> bits) & 255).join('.');

/** First and last address of `192.168.99.0/24`. */
const bounds = (subnet: string): {first: number; last: number} => {
  const [address = '', bits = '32'] = subnet.split('/');
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(toNumber(address) / size) * size;
  return {first, last: first + size - 1};
};

const subnetOf = ({Name, IPAM: ipam}: Network): string => {
  const found = ipam?.Config?.map(({Subnet}) => Subnet ?? '').find((subnet) => /^[\d.]+\/\d+$/.test(subnet));
  if (found === undefined) throw new StepError(`network "${Name}" has no IPv4 subnet`);
  return found;
};

/** Addresses that Docker does not give out by itself: those of the upper half, but for ones that look like a subnet's. */
function* candidates(network: Network): Generator<string> {
  const {first, last} = bounds(subnetOf(network));
  const half = first + (last - first + 1) / 2;
  const gateway = network.IPAM?.Config?.[0]?.Gateway;
  for (let each = half; each < last; each++) {
    const text = toText(each);
    if (each % 256 !== 0 && each % 256 !== 255 && text !== gateway) yield text;
  }
}

interface Endpoint {
  readonly IPAddress?: string;
  readonly IPAMConfig?: {readonly IPv4Address?: string} | null;
}

/** The addresses that containers have or will have, stopped ones too, but for the container `name`. */
const takenAddresses = async (docker: Docker, network: Network, name: string): Promise<Set<string>> => {
  const filters = JSON.stringify({network: [network.Id]});
  const containers = await docker.ask((api) => api.listContainers({all: true, filters}));
  const others = containers.filter(({Names}) => !Names.includes(`/${name}`));
  const endpoints = others.map(({NetworkSettings: {Networks: all}}) => all[network.Name] as Endpoint | undefined);
  return new Set(
    endpoints.flatMap((one) => [one?.IPAddress, one?.IPAMConfig?.IPv4Address].filter((ip) => ip)) as string[],
  );
};

/** Whether a machine can have this address on the network. */
const isUsable = (address: string, network: Network, taken: ReadonlySet<string>): boolean => {
  const {first, last} = bounds(subnetOf(network));
  const number = toNumber(address);
  return number > first && number < last && !taken.has(address);
};

const claimOf = (env: StepContext['env'], address: string): string => join(machinesDir(env), '.addresses', address);

/** One file an address: of several machines that are made at once, the first one has it. */
const claim = async (env: StepContext['env'], address: string, name: string): Promise<boolean> => {
  const path = claimOf(env, address);
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(name).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = await readFile(path, 'utf8').catch(() => '');
    return owner === name;
  }
};

/** Every address that is claimed, and by which machine. */
export const claims = async (env: StepContext['env']): Promise<{address: string; owner: string}[]> => {
  const addresses = await readdir(claimOf(env, '')).catch(() => []);
  const all = addresses.map(async (address) => ({
    address,
    owner: await readFile(claimOf(env, address), 'utf8').catch(() => ''),
  }));
  return Promise.all(all);
};

/** Gives the addresses back that this machine has claimed. */
export const releaseAddresses = async (env: StepContext['env'], name: string): Promise<void> => {
  const own = (await claims(env)).filter(({owner}) => owner === name);
  await Promise.all(own.map(({address}) => unlink(claimOf(env, address)).catch(() => {})));
};

/** A claim whose machine has gone without giving it back. */
const forgetStale = async (env: StepContext['env'], address: string): Promise<void> => {
  const path = claimOf(env, address);
  const [owner, found] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => ['', undefined] as const);
  // A machine's record is written right after its claim.
  if (found === undefined || Date.now() - found.mtimeMs < SETTLED_MS) return;
  if ((await readRecord(env, owner))?.ip !== address) await unlink(path).catch(() => {});
};

/** Claims a free address of the network for a machine. */
const pickAddress = async (
  docker: Docker,
  network: Network,
  name: string,
  env: StepContext['env'],
): Promise<string> => {
  await privateFolder(machinesDir(env));
  await mkdir(join(machinesDir(env), '.addresses'), {recursive: true, mode: 0o700});
  const taken = await takenAddresses(docker, network, name);
  for (const address of candidates(network)) {
    if (taken.has(address)) continue;
    await forgetStale(env, address);
    if (await claim(env, address, name)) return address;
  }
  throw new StepError(`network "${network.Name}" has no free address left`);
};

/** The machine's address: the given one, else a free one that is kept through crashes and restarts. */
export const addressFor = async (
  docker: Docker,
  network: Network,
  {name, ip}: {readonly name: string; readonly ip?: string | undefined},
  context: StepContext,
): Promise<string> => {
  if (ip !== undefined) return ip;
  for (let tries = 1; ; tries++) {
    const key = tries === 1 ? 'address' : `address ${tries}`;
    const address = await context.remember(key, () => pickAddress(docker, network, name, context.env));
    // The network may have been made anew meanwhile, on another subnet, or somebody may have taken the address.
    if (isUsable(address, network, await takenAddresses(docker, network, name))) return address;
    if (tries > 20) throw new StepError(`network "${network.Name}" has no free address left`);
  }
};
