import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {promisify} from 'node:util';
import {whyNoEngine} from './docker-engine.ts';

const run = promisify(execFile);

/** Another network, behind a cable of its own that can be cut: nothing is refused then, and nothing arrives. */
export interface FarNetwork {
  /** Our address as seen from there, and its own. */
  readonly here: string;
  readonly there: string;
  /** Command prefix: a process started with it runs there. */
  readonly inside: readonly string[];
  /** Starts a process there that ends with this one, and resolves when it has printed a line. */
  start(file: string, ...args: readonly string[]): Promise<ChildProcess>;
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Ends all that runs there. */
  stop(): Promise<void>;
}

export const whyNoFarNetwork = whyNoEngine;

const DROPS = ['INPUT', 'OUTPUT'].map((chain) => [chain, chain === 'INPUT' ? '-i' : '-o'] as const);

/** Keeps the network there; its input is the leash. */
const FIRST = 'ip link set lo up; echo ready; cat >/dev/null';

export const startFarNetwork = async (): Promise<FarNetwork> => {
  const first = spawn('unshare', ['--net', 'sh', '-c', FIRST], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(first.stdout, 'data');
  const network = `/proc/${first.pid}/ns/net`;
  const third = Math.floor(Math.random() * 250) + 1;
  const [here, there] = [`10.203.${third}.1`, `10.203.${third}.2`];
  const link = `rbw${first.pid}`.slice(0, 15);
  const enter = (file: string, ...args: readonly string[]) => run('nsenter', [`--net=${network}`, '--', file, ...args]);
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'far0', 'netns', `${first.pid}`]);
  await run('ip', ['addr', 'add', `${here}/24`, 'dev', link]);
  await run('ip', ['link', 'set', link, 'up']);
  await enter('ip', 'addr', 'add', `${there}/24`, 'dev', 'far0');
  await enter('ip', 'link', 'set', 'far0', 'up');
  const children: ChildProcess[] = [];
  return {
    here,
    there,
    inside: ['nsenter', `--net=${network}`, '--'],
    async start(file, ...args) {
      const child = spawn('nsenter', [`--net=${network}`, '--', file, ...args], {stdio: ['pipe', 'pipe', 'inherit']});
      children.push(child);
      const lines = createInterface({input: child.stdout});
      await once(lines, 'line');
      child.stdout.resume();
      return child;
    },
    async cut() {
      for (const [chain, way] of DROPS) await enter('iptables', '-w', '-I', chain, way, 'far0', '-j', 'DROP');
    },
    async mend() {
      for (const [chain, way] of DROPS) await enter('iptables', '-w', '-D', chain, way, 'far0', '-j', 'DROP');
    },
    async stop() {
      for (const child of children) child.kill('SIGKILL');
      const ended = once(first, 'exit');
      first.stdin.end();
      await ended;
    },
  };
};
