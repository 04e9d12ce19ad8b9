import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {accessSync, constants} from 'node:fs';
import {chmod, mkdir, rename} from 'node:fs/promises';
import type {AddressInfo} from 'node:net';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {promisify} from 'node:util';
import type {Test} from 'uvu';
import {testEngine, whyNoEngine} from './docker-engine.ts';

/** A real Consul agent on ports of the loopback that were free. */
export interface ConsulAgent {
  /** Its HTTP address. */
  readonly address: string;
  /** Where it answers DNS, as `127.0.0.1:PORT`. */
  readonly dns: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const IMAGE = 'runbook/consul:1.8.7';
const KEPT = join(tmpdir(), `runbook-test-consul-1.8.7-${process.getuid?.() ?? 0}`, 'consul');
const START_MS = 20_000;

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const installed = (): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'consul')), KEPT].find(isProgram);

/** The program, out of the image; kept for the next time. */
const extracted = async (): Promise<string> => {
  const engine = await testEngine();
  await engine.load(IMAGE);
  const docker = (...args: string[]) => promisify(execFile)('docker', args, {env: {...process.env, ...engine.env}});
  const container = (await docker('create', IMAGE)).stdout.trim();
  const folder = join(KEPT, '..');
  const draft = `${KEPT}.${process.pid}`;
  await mkdir(folder, {recursive: true, mode: 0o700});
  await docker('cp', `${container}:/usr/local/bin/consul`, draft);
  await docker('rm', container);
  await chmod(draft, 0o700);
  await rename(draft, KEPT);
  return KEPT;
};

/** The `consul` program: the one that is installed, else the one in our image. */
export const consulProgram = async (): Promise<string> => installed() ?? (await extracted());

export const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({length: count}, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

// its standard input is the leash: the agent ends when this process does, however that ends; at once, without leaving
const LEASHED =
  'data=$(mktemp -d); "$@" -data-dir="$data" & echo $!; read -r _ || true; kill -9 "$!"; wait; rm -rf "$data"';

const untilItAnswers = async (address: string, script: ChildProcess): Promise<void> => {
  const deadline = Date.now() + START_MS;
  while (script.exitCode === null && Date.now() < deadline) {
    const up = await fetch(`${address}/v1/agent/self`).catch(() => undefined);
    if (up?.ok) return;
    await pause(50);
  }
  throw new Error(`the Consul agent at ${address} did not start`);
};

/** Where an agent runs. */
interface Place {
  /** Command prefix that leads into its network. */
  readonly inside?: readonly string[];
  /** The address that it answers at. */
  readonly at?: string;
}

/** Starts one; `flags` say what it is: a server alone with a leader by default. */
export const startConsul = async (
  flags: readonly string[] = ['-dev'],
  {inside = [], at = '127.0.0.1'}: Place = {},
): Promise<ConsulAgent> => {
  const program = await consulProgram();
  const [http = 0, dns = 0, server, lan, wan] = await freePorts(5);
  const ports = {http, dns, server: server, 'serf-lan': lan, 'serf-wan': wan, grpc: -1};
  const places = Object.entries(ports).map(([name, port]) => `-${name}-port=${port}`);
  const names = [`-node=node-${http}`, '-bind=127.0.0.1', `-client=${at}`];
  const [file = 'sh', ...before] = [...inside, 'sh'];
  const script = spawn(
    file,
    [...before, '-c', LEASHED, 'sh', program, 'agent', ...flags, ...places, ...names, '-log-level=warn'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    },
  );
  const [said] = await once(script.stdout, 'data');
  script.stdout.resume(); // what it logs is nobody's
  const address = `http://${at}:${http}`;
  await untilItAnswers(address, script);
  script.unref();
  for (const stream of [script.stdin, script.stdout]) (stream as unknown as {unref(): void}).unref();
  return {
    address,
    dns: `${at}:${dns}`,
    pid: Number(String(said).split('\n')[0]),
    async stop() {
      script.ref();
      const ended = script.exitCode === null ? once(script, 'exit') : undefined;
      script.stdin.end();
      await ended;
    },
  };
};

const untilItLeads = async (agent: ConsulAgent): Promise<ConsulAgent> => {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const nodes = await fetch(`${agent.address}/v1/catalog/nodes`)
      .then((response) => response.json())
      .catch(() => []);
    if (Array.isArray(nodes) && nodes.length === 1) return agent;
    await pause(50);
  }
  throw new Error('the Consul agent did not become leader');
};

let own: Promise<ConsulAgent> | undefined;

/** The agent that all tests of this process share: names in it must be unique. */
export const consulAgent = (): Promise<ConsulAgent> => (own ??= startConsul().then(untilItLeads));

/** `test`; where there can be no Consul it says so and skips, except in CI, where that is a failure. */
export const consulTest = <T>(test: Test<T>): Test<T> | Test<T>['skip'] => {
  const reason = installed() === undefined ? whyNoEngine() : undefined;
  if (reason === undefined || process.env.CI === 'true') return test;
  console.error(`SKIPPED: tests that need Consul (not installed, and no Docker Engine to take it from: ${reason})`);
  return test.skip;
};
