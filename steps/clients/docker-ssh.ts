import {spawn} from 'node:child_process';
import {Agent} from 'node:http';
import {Duplex} from 'node:stream';
import type {StepContext} from '../../engine/step-type.ts';

// What the docker command itself runs. The system's ssh knows the user's config, keys, known_hosts and jump hosts.
const sshWords = ({username, port, hostname, pathname}: URL): string[] => [
  ...['-o', 'ConnectTimeout=10', '-T'],
  ...(username ? ['-l', decodeURIComponent(username)] : []),
  ...(port ? ['-p', port] : []),
  ...['--', hostname.replace(/^\[|\]$/g, ''), 'docker'],
  ...(pathname.length > 1 ? ['--host', `unix://${pathname}`] : []),
  ...['system', 'dial-stdio'],
];

const dial = (url: URL, env: StepContext['env']): Duplex => {
  // A session of its own: without a terminal ssh fails instead of asking for a password behind our display.
  const ssh = spawn('ssh', sshWords(url), {env, detached: true, stdio: 'pipe'});
  const duplex = Duplex.from({readable: ssh.stdout, writable: ssh.stdin});
  const complaints: Buffer[] = [];
  ssh.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  ssh.on('error', (error) => duplex.destroy(error));
  // `exit` comes before the last of stderr; `close` does not.
  ssh.on('close', (code) => {
    const text = Buffer.concat(complaints).toString().trim();
    duplex.destroy(code ? new Error(`ssh: ${text || `exit code ${code}`}`) : undefined);
  });
  duplex.on('close', () => endGroup(ssh.pid));
  return socketLike(duplex);
};

const endGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended already.
  }
};

// What Node's HTTP client calls on a socket besides what a stream has.
const socketLike = (duplex: Duplex): Duplex => {
  const nothing = () => duplex;
  return Object.assign(duplex, {
    setKeepAlive: nothing,
    setNoDelay: nothing,
    setTimeout: nothing,
    ref: nothing,
    unref: nothing,
  });
};

/** Reaches an engine as `docker -H ssh://...` does: one `ssh HOST docker system dial-stdio` a request, gone after it. */
export const sshAgent = (host: string, env: StepContext['env']): Agent =>
  Object.assign(new Agent({keepAlive: false}), {createConnection: () => dial(new URL(host), env)});
