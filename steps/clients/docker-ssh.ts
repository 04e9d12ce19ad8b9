import type {ChildProcessWithoutNullStreams} from 'node:child_process';
import {once} from 'node:events';
import {Agent} from 'node:http';
import {Duplex, Readable, Writable} from 'node:stream';
import {text} from 'node:stream/consumers';
import type {StepContext} from '../../engine/step-type.ts';
import {spawnPiped} from './piped.ts';

// What the docker command itself runs. The system's ssh knows the user's config, keys, known_hosts and jump hosts.
const sshWords = ({username, port, hostname, pathname}: URL): string[] => [
  // A host that goes away without a word is found out in a minute.
  ...['-o', 'ConnectTimeout=10', '-o', 'ServerAliveInterval=20', '-T'],
  ...(username ? ['-l', decodeURIComponent(username)] : []),
  ...(port ? ['-p', port] : []),
  ...['--', hostname.replace(/^\[|\]$/g, ''), 'docker'],
  ...(pathname.length > 1 ? ['--host', `unix://${pathname}`] : []),
  ...['system', 'dial-stdio'],
];

const dial = (url: URL, env: StepContext['env']): Duplex => {
  // A session of its own: without a terminal ssh fails instead of asking for a password behind our display.
  const ssh = spawnPiped('ssh', sshWords(url), {env, detached: true});
  const duplex = Duplex.from({readable: Readable.from(answers(ssh)), writable: questions(ssh)});
  ssh.on('error', (error) => duplex.destroy(error));
  duplex.on('close', () => endGroup(ssh.pid));
  return socketLike(duplex);
};

/** What is sent; an ssh that has failed reads no more of it, which `answers` explains. */
const questions = ({stdin}: ChildProcessWithoutNullStreams): Writable => {
  stdin.on('error', () => {});
  return new Writable({
    write: (chunk, _, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(() => done()),
  });
};

/** What comes back; when ssh fails, the reader must hear of that and not just of an end. */
async function* answers(ssh: ChildProcessWithoutNullStreams): AsyncGenerator<Buffer> {
  const complaint = text(ssh.stderr);
  // `exit` comes before the last of stderr; `close` does not.
  const closed = once(ssh, 'close');
  // Who leaves early does not ask for these.
  complaint.catch(() => {});
  closed.catch(() => {});
  yield* ssh.stdout;
  const [code] = await closed;
  if (code) throw new Error(`ssh: ${(await complaint).trim() || `exit code ${code}`}`);
}

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
