import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {consulProgram, freePorts} from './consul-agent.ts';

/** One server of a cluster, which may be killed and started again with what it keeps on its disk. */
export interface ConsulServer {
  readonly address: string;
  /** Where it answers DNS. */
  readonly dns: string;
  start(): void;
  kill(): Promise<void>;
}

// its standard input is the leash
const LEASHED = '"$@" & read -r _ || true; kill -9 "$!"; wait';

const PORTS = ['http', 'dns', 'server', 'serf-lan', 'serf-wan'] as const;

const serverIn = async (
  folder: string,
  node: string,
  ports: readonly number[],
  join_: readonly number[],
): Promise<ConsulServer> => {
  const program = await consulProgram();
  await mkdir(folder, {recursive: true});
  const [http, dns] = ports;
  const flags = [
    ...['agent', '-server', '-bootstrap-expect=3', `-node=${node}`, `-data-dir=${folder}`, '-log-level=err'],
    ...['-bind=127.0.0.1', '-client=127.0.0.1', '-grpc-port=-1', '-retry-interval=1s'],
    ...PORTS.map((name, index) => `-${name}-port=${ports[index]}`),
    ...join_.map((port) => `-retry-join=127.0.0.1:${port}`),
    ...['-hcl', 'performance{raft_multiplier=1}'],
  ];
  let running: ChildProcess | undefined;
  return {
    address: `http://127.0.0.1:${http}`,
    dns: `127.0.0.1:${dns}`,
    start() {
      running = spawn('sh', ['-c', LEASHED, 'sh', program, ...flags], {
        stdio: ['pipe', 'ignore', 'ignore'],
        detached: true,
      });
    },
    async kill() {
      if (running === undefined) return;
      const ended = once(running, 'exit');
      running.stdin?.end();
      await ended;
      running = undefined;
    },
  };
};

/** Three servers on the loopback that have a leader. */
export const startCluster = async (folder: string): Promise<readonly ConsulServer[]> => {
  const all = await freePorts(3 * PORTS.length);
  const ports = [0, 1, 2].map((n) => all.slice(n * PORTS.length, (n + 1) * PORTS.length));
  const lan = ports.map((own) => own[PORTS.indexOf('serf-lan')] ?? 0);
  const servers = await Promise.all(
    ports.map((own, n) => serverIn(join(folder, `server${n}`), `server${n}`, own, lan)),
  );
  for (const server of servers) server.start();
  for (const server of servers) await hasLeader(server);
  return servers;
};

const hasLeader = async ({address}: ConsulServer): Promise<void> => {
  for (const end = performance.now() + 60_000; performance.now() < end; await pause(100)) {
    const leader = await fetch(`${address}/v1/status/leader`)
      .then((response) => response.text())
      .catch(() => '');
    if (/\d/.test(leader)) return;
  }
  throw new Error(`the Consul server at ${address} knows no leader`);
};
