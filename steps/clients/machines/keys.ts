import {randomUUID} from 'node:crypto';
import {chmod, mkdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {type StepContext, StepError} from '../../../engine/step-type.ts';
import {orExplain} from '../file.ts';
import {faultOf, makeAuthority, makeCertificate, type Pair} from './certificates.ts';
import {machineDir, machinesDir} from './store.ts';
import {packFiles} from './tar.ts';
import {privateFolder, writeWhole} from './whole-file.ts';

type Environment = StepContext['env'];

const AUTHORITY_DAYS = 3650;
const DAYS = 1080;

/** The certificates of one machine. */
export interface Keys {
  /** With ca.pem, cert.pem and key.pem: what DOCKER_CERT_PATH wants. */
  readonly folder: string;
  readonly ca: string;
  readonly client: Pair;
  readonly server: Pair;
}

const read = async (folder: string, cert: string, key: string): Promise<Pair | undefined> => {
  try {
    const [one, two] = await Promise.all([cert, key].map((name) => readFile(join(folder, name), 'utf8')));
    return {cert: one ?? '', key: two ?? ''};
  } catch {
    return undefined;
  }
};

const write = async (folder: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    await writeWhole(join(folder, name), text);
  }
};

const authorityDir = (env: Environment): string => join(machinesDir(env), '.ca');

/** The user's authority, made when it is first needed. Of several that are made at once, the first one stays. */
const ensureAuthority = async (env: Environment): Promise<Pair> => {
  const folder = authorityDir(env);
  const known = await read(folder, 'ca.pem', 'ca-key.pem');
  if (known) {
    const fault = faultOf(known, known.cert, []);
    if (fault === undefined) return known;
    throw new StepError(`the certificate in ${join(folder, 'ca.pem')} is no good: ${fault}`, {
      code: 'file-failed',
      next: `remove the machines, then the folder: rm -r ${folder}`,
    });
  }
  const made = await makeAuthority(`runbook machines of ${env.USER || 'this user'}`, AUTHORITY_DAYS);
  const fresh = join(await privateFolder(machinesDir(env)), `.ca-${randomUUID()}`);
  try {
    await orExplain(fresh, () => mkdir(fresh, {mode: 0o700}));
    await write(fresh, {'ca-key.pem': made.key, 'ca.pem': made.cert});
    // A folder cannot be moved over one that has something in it: there is never more than one authority.
    await rename(fresh, folder);
    return made;
  } catch (error) {
    const first = await read(folder, 'ca.pem', 'ca-key.pem');
    if (first) return first;
    throw error;
  } finally {
    await rm(fresh, {recursive: true, force: true});
  }
};

const wantedAddresses = (name: string, addresses: readonly string[]): string[] => [
  ...new Set([...addresses, '127.0.0.1', name, 'localhost']),
];

/** The keys that a machine has; what is wrong with them, when they will not do. Changes nothing. */
export const readKeys = async (
  env: Environment,
  name: string,
  addresses: readonly string[],
): Promise<Keys | {readonly fault: string}> => {
  const folder = machineDir(env, name);
  const [authority, client, server] = await Promise.all([
    read(authorityDir(env), 'ca.pem', 'ca-key.pem'),
    read(folder, 'cert.pem', 'key.pem'),
    read(join(folder, 'server'), 'server.pem', 'server-key.pem'),
  ]);
  const copies = await Promise.all([
    read(folder, 'ca.pem', 'ca.pem'),
    read(join(folder, 'server'), 'ca.pem', 'ca.pem'),
  ]);
  if (!authority || !client || !server) return {fault: 'there are none'};
  if (copies.some((copy) => copy?.cert !== authority.cert)) return {fault: 'another authority has signed them'};
  const fault =
    faultOf(client, authority.cert, []) ?? faultOf(server, authority.cert, wantedAddresses(name, addresses));
  return fault === undefined ? {folder, ca: authority.cert, client, server} : {fault};
};

/** The keys of a machine at these addresses; good ones are kept. */
export const ensureKeys = async (env: Environment, name: string, addresses: readonly string[]): Promise<Keys> => {
  const known = await readKeys(env, name, addresses);
  if (!('fault' in known)) return known;
  const authority = await ensureAuthority(env);
  const folder = await privateFolder(machineDir(env, name));
  await chmod(folder, 0o700);
  const [client, server] = await Promise.all([
    makeCertificate(authority, {commonName: `client of ${name}`, days: DAYS, uses: ['client']}),
    makeCertificate(authority, {
      commonName: name,
      days: DAYS,
      // Swarm's manager of old was a client, too.
      uses: ['server', 'client'],
      addresses: wantedAddresses(name, addresses),
    }),
  ]);
  const inside = await privateFolder(join(folder, 'server'));
  await write(inside, {'ca.pem': authority.cert, 'server-key.pem': server.key, 'server.pem': server.cert});
  await write(folder, {'ca.pem': authority.cert, 'key.pem': client.key, 'cert.pem': client.cert});
  return {folder, ca: authority.cert, client, server};
};

/** What an engine needs of them, as an archive that is unpacked at the root. */
export const packServerKeys = ({ca, server}: Keys, folder: string): Buffer =>
  packFiles(folder.slice(1), {'ca.pem': ca, 'server-key.pem': server.key, 'server.pem': server.cert});
