import {createSocket} from 'node:dgram';
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {createServer} from 'node:net';

export type Protocol = 'tcp' | 'udp';

/** Whether a port of this machine is taken: we try to take it ourselves. */
export const isTaken = (port: number, protocol: Protocol): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = protocol === 'tcp' ? createServer() : createSocket('udp4');
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    const free = () => socket.close(() => resolve(false));
    if ('listen' in socket) socket.listen({port, host: '0.0.0.0', exclusive: true}, free);
    else socket.bind({port, address: '0.0.0.0', exclusive: true}, free);
  });

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // ended meanwhile, not ours to see, or no Linux
  }
};

// state of a socket that takes connections or packets, as /proc/net has it
const WAITING: Record<Protocol, string> = {tcp: '0A', udp: '07'};

/** Numbers of the sockets that wait on a port. */
const inodesAt = (port: number, protocol: Protocol): string[] => {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return ['', '6']
    .flatMap((version) => read(`/proc/net/${protocol}${version}`).split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${hex}`) && state === WAITING[protocol])
    .flatMap((fields) => fields[9] ?? []);
};

const holds = (pid: string, sockets: ReadonlySet<string>): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false; // closed meanwhile
      }
    });
  } catch {
    return false; // ended meanwhile, or another user's
  }
};

/** Who waits on a port, as far as we may see: on Linux, and another user's process only as root. */
export const ownerOf = (port: number, protocol: Protocol): {pid: number; name: string} | undefined => {
  const sockets = new Set(inodesAt(port, protocol).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return undefined;
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, sockets));
  return pid === undefined ? undefined : {pid: Number(pid), name: read(`/proc/${pid}/comm`).trim()};
};
