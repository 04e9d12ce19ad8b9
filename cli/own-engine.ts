import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync} from 'node:fs';
import {platform, tmpdir, userInfo} from 'node:os';
import {delimiter, join} from 'node:path';
import {createInterface} from 'node:readline';
import {packageRoot} from './package.ts';

/** A Docker Engine of our own, in a network of its own: nothing of the user's is in reach. */
export interface OwnEngine {
  /** For every process and client that shall talk to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Command prefix: a process started with it sees the engine's network, so `localhost:8500` is a container's port. */
  readonly inside: readonly string[];
  /** `stop` lets the daemon end its containers, `kill` does not. What is on its disk stays. */
  endDaemon(how: 'stop' | 'kill'): Promise<void>;
  startDaemon(): Promise<void>;
  /** Ends the engine and everything in it. */
  stop(): Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

const NEEDED = ['docker', 'dockerd', 'unshare', 'nsenter', 'ip', 'iptables'];

/** Command prefix that enters a network, which is a file. */
export const entering = (network: string): string[] => ['nsenter', `--net=${network}`, '--'];

/** Why there can be no engine of our own here; undefined where there can. */
export const whyNoEngine = (env: Env): string | undefined => {
  if (platform() !== 'linux') return 'not on Linux';
  if (userInfo().uid !== 0) return 'not root';
  const absent = NEEDED.filter((name) => !hasCommand(name, env));
  return absent.length > 0 ? `not installed: ${absent.join(', ')}` : undefined;
};

const hasCommand = (name: string, {PATH}: Env): boolean =>
  `${PATH}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter).some((folder) => existsSync(join(folder, name)));

/** Reads what the script says, line by line. */
const listenTo = (script: ChildProcess): {until(said: string): Promise<readonly string[]>} => {
  if (!script.stdout) throw new Error('the script has no output');
  const lines = createInterface({input: script.stdout})[Symbol.asyncIterator]();
  return {
    until: async (said) => {
      const before: string[] = [];
      for (;;) {
        const {value, done} = await lines.next();
        if (done) throw new Error('the Docker Engine did not start; its log is above');
        if (value === said) return before;
        before.push(value);
      }
    },
  };
};

/**
 * Starts one, under a host name of its own if that is given; it ends with `stop`, or when this process does, however that
 * ends.
 */
export const startOwnEngine = async (env: Env, hostname = ''): Promise<OwnEngine> => {
  const folder = mkdtempSync(join(tmpdir(), 'rbe-'));
  // its input is the leash: it ends when we do
  const script = spawn('sh', [join(packageRoot(), 'env/provision/own-engine.sh'), folder, hostname], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: env as NodeJS.ProcessEnv,
    detached: true,
  });
  // not until its output is closed: that is read by nobody any more, and keeps no process alive to wait for it
  const ended = new Promise<void>((resolve) => script.on('exit', () => resolve()));
  const said = listenTo(script);
  const [first = ''] = await said.until('answers');
  const network = `/proc/${first.slice('pid '.length)}/ns/net`;
  const handles = [script, script.stdin, script.stdout] as unknown as readonly {ref(): void; unref(): void}[];
  // it alone is no reason for a process to go on living
  for (const handle of handles) handle.unref();
  const order = async (line: string, answer: string): Promise<void> => {
    for (const handle of handles) handle.ref();
    script.stdin?.write(`${line}\n`);
    await said.until(answer);
    for (const handle of handles) handle.unref();
  };

  const config = join(folder, 'config');
  mkdirSync(config);
  return {
    env: {DOCKER_HOST: `unix://${join(folder, 'docker.sock')}`, DOCKER_CONFIG: config},
    inside: entering(network),
    endDaemon: (how) => order(how, 'ended'),
    startDaemon: () => order('start', 'answers'),
    async stop() {
      script.ref();
      script.stdin?.end();
      await ended;
    },
  };
};
