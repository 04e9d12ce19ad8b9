import {execFileSync} from 'node:child_process';
import {readFileSync, readlinkSync, statfsSync, statSync} from 'node:fs';
import {hostname} from 'node:os';
import {dirname} from 'node:path';
import * as v from 'valibot';
import {answer} from './lock-socket.ts';

const text = v.optional(v.string(), '');

const shape = v.looseObject({
  pid: v.number(),
  host: v.string(),
  boot: v.string(),
  started: v.string(),
  namespace: v.string(),
  run: v.string(),
  since: v.string(),
  released: v.boolean(),
  machine: text,
  device: text,
  socket: text,
});

/** Who holds a lock. What can't be known is empty. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells hosts of the same name apart. */
  readonly machine: string;
  /** Changes at each boot: a pid means nothing after it. */
  readonly boot: string;
  /** When the process started, in the system's own unit: a pid that was given again has another one. */
  readonly started: string;
  /** Process ids are counted per namespace (containers). */
  readonly namespace: string;
  /** The file system that the lock is on, as this kernel counts them: a socket is known only there. */
  readonly device: string;
  /** The socket in the lock's folder on which the owner listens. */
  readonly socket: string;
  readonly run: string;
  readonly since: string;
  readonly released: boolean;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};

const link = (file: string): string => {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
};

/** A zombie has ended, and nobody asked how: in a container maybe nobody ever will. With threads left it still ends. */
const hasEnded = (state = '', threads = ''): boolean => 'ZX'.includes(state) && Number(threads) <= 1;

/** Field 22 of /proc/PID/stat; elsewhere what ps says. Empty: there is no such process. */
const startOf = (pid: number): string => {
  const stat = read(`/proc/${pid}/stat`);
  // The command's name may hold spaces and brackets; the fields start after the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (stat !== '') return hasEnded(fields[0], fields[17]) ? '' : (fields[19] ?? '');
  if (process.platform === 'linux') return '';
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {encoding: 'utf8', timeout: 5000}).trim();
  } catch {
    return '';
  }
};

/** /proc may be missing, or be that of another namespace. */
const seesProcesses = (): boolean => process.platform !== 'linux' || link('/proc/self') === String(process.pid);

const bootId = (): string => read('/proc/sys/kernel/random/boot_id');
export const machineId = (): string => read('/etc/machine-id');
const namespace = (): string => link('/proc/self/ns/pid');

const deviceOf = (folder: string): string => {
  try {
    return String(statSync(folder, {bigint: true}).dev);
  } catch {
    return '';
  }
};

/** This process, as the owner of a lock in a folder. */
export const self = (folder: string, run: string, socket: string): Owner => ({
  pid: process.pid,
  host: hostname(),
  machine: machineId(),
  boot: bootId(),
  started: seesProcesses() ? startOf(process.pid) : '',
  namespace: namespace(),
  device: deviceOf(folder),
  socket,
  run,
  since: new Date().toISOString(),
  released: false,
});

/** @throws Error when it is no owner */
export const parseOwner = (json: string): Owner => v.parse(shape, JSON.parse(json));

/** Whether the kernel on which the owner runs is this one, or ended when this machine was booted again. */
const kernelOf = ({boot, host, machine}: Owner): 'this' | 'ended' | 'unknown' => {
  const here = bootId();
  // A host may get another name while it runs.
  if (boot !== '' && boot === here) return 'this';
  const known = machineId();
  const isSameMachine = host === hostname() && (machine === known || machine === '' || known === '');
  if (!isSameMachine) return 'unknown';
  if (boot === '' && here === '') return 'this';
  return boot !== '' && here !== '' ? 'ended' : 'unknown';
};

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** In the owner's own namespace. */
const isRunning = ({pid, started}: Owner): boolean =>
  started !== '' && seesProcesses() ? startOf(pid) === started : exists(pid);

const OVERLAY = 0x794c7630;

/** Whether a socket here is the one on which the owner listens: each mount of some file systems has sockets of its own. */
const sharesSockets = (folder: string, {device}: Owner): boolean => {
  if (device !== '' && device === deviceOf(folder)) return true;
  // The layers of a container are mounted anew when it is started again, and never twice at a time.
  return statfsSync(folder).type === OVERLAY;
};

/** Whether an owner's pid is one that can be used here. */
export const isNeighbour = (owner: Owner): boolean => owner.namespace === namespace();

export type Standing = 'released' | 'alive' | 'dead' | 'elsewhere';

/** Whether an owner lives, by its file. `elsewhere`: on another host, or where nothing can be told from here. */
export const standingOf = (owner: Owner, file: string): Standing => {
  if (owner.released) return 'released';
  const kernel = kernelOf(owner);
  if (kernel !== 'this') return kernel === 'ended' ? 'dead' : 'elsewhere';
  if (isNeighbour(owner)) return isRunning(owner) ? 'alive' : 'dead';
  return byBeacon(owner, dirname(file));
};

const byBeacon = (owner: Owner, folder: string): Standing => {
  if (owner.socket === '' || !sharesSockets(folder, owner)) return 'elsewhere';
  const said = answer(folder, owner.socket);
  if (said === 'unknown') return 'elsewhere';
  return said === 'yes' ? 'alive' : 'dead';
};
