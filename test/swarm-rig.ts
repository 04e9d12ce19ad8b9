import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {startEngine, type TestEngine} from './docker-engine.ts';
import {docker, dockerTest, IMAGE} from './docker-rig.ts';
import type {StepRig} from './step-rig.ts';

/** A rig that can wait for what the outside takes its time for. */
export interface SwarmRig extends StepRig {
  until(holds: () => Promise<boolean>): Promise<void>;
}

const withWaiting = (rig: StepRig): SwarmRig => ({
  ...rig,
  async until(holds) {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
  },
});

/** A step test on the tests' own engine, which is in no swarm before, and in none afterwards. */
export const swarmTest = (body: (rig: SwarmRig) => Promise<void>): (() => Promise<void>) =>
  dockerTest(async (rig) => {
    rig.cleanup(() => rig.sh('docker swarm leave --force'));
    await body(withWaiting(rig));
  });

/** Makes the tests' own engine a swarm of one node; gives its name. */
export const formSwarm = async (rig: StepRig): Promise<string> => {
  await docker(rig, 'swarm init --advertise-addr 127.0.0.1');
  return docker(rig, "node inspect -f '{{.Description.Hostname}}' self");
};

/** An engine of its own with a host name, on a network with others: what a swarm is made of. */
export interface SwarmNode {
  readonly name: string;
  /** Its address on the network that it shares with the others. */
  readonly address: string;
  /** For clients that shall talk to this engine. */
  readonly env: NodeJS.ProcessEnv;
  /** A command line in its network, where its published ports are. */
  inside(line: string): Promise<string>;
  /** Ends the engine with everything in it, as a power loss does. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
const network = ({inside}: TestEngine): string => inside[1]?.replace('--net=', '') ?? '';
const pidOf = (engine: TestEngine): string => network(engine).split('/')[2] ?? '';

const shell = async (engine: TestEngine, line: string): Promise<string> => {
  const {stdout} = await run('nsenter', [`--net=${network(engine)}`, '--', 'sh', '-euc', line]);
  return stdout;
};

const BRIDGE = 'swarm0';
const addressOf = (index: number): string => `10.213.77.${index + 1}`;

/** The first engine's network holds the bridge that the others are plugged into. */
const makeHub = (hub: TestEngine): Promise<string> =>
  shell(
    hub,
    // dockerd lets nothing through from bridge port to bridge port that is not its own
    `ip link add ${BRIDGE} type bridge; ip addr add ${addressOf(0)}/24 dev ${BRIDGE}; ip link set ${BRIDGE} up
     iptables -I FORWARD -i ${BRIDGE} -o ${BRIDGE} -j ACCEPT`,
  );

const plugIn = async (hub: TestEngine, engine: TestEngine, index: number): Promise<void> => {
  await shell(
    engine,
    `ip link add up0 type veth peer name port${index} netns ${pidOf(hub)}
     ip addr add ${addressOf(index)}/24 dev up0; ip link set up0 up`,
  );
  await shell(hub, `ip link set port${index} master ${BRIDGE}; ip link set port${index} up`);
};

/** Engines that reach each other, with the tests' image; they end with the test. */
export const startNodes = async (rig: StepRig, names: readonly string[]): Promise<SwarmNode[]> => {
  const engines = await Promise.all(names.map((name) => startEngine(name)));
  rig.cleanup(() => Promise.all(engines.map((engine) => engine.stop())));
  const [hub] = engines;
  if (hub === undefined) return [];
  await makeHub(hub);
  for (const [index, engine] of engines.entries()) if (index > 0) await plugIn(hub, engine, index);
  await Promise.all(
    engines.map((engine) => rig.sh(`docker save ${IMAGE} | DOCKER_HOST=${engine.env.DOCKER_HOST} docker load`)),
  );
  return engines.map((engine, index) => ({
    name: names[index] ?? '',
    address: addressOf(index),
    env: {...process.env, ...engine.env},
    inside: (line) => shell(engine, line),
    stop: () => engine.stop(),
  }));
};

/** Makes engines one swarm, of which the first is the manager; those that are in it stay. */
export const joinAll = async (rig: StepRig, nodes: readonly SwarmNode[]): Promise<void> => {
  const [manager, ...workers] = nodes;
  if (manager === undefined) return;
  const sh = async (node: SwarmNode, line: string): Promise<string> => (await rig.sh(line, node.env)).stdout.trim();
  await sh(manager, `docker swarm init --advertise-addr ${manager.address}`);
  const token = await sh(manager, 'docker swarm join-token -q worker');
  const line = `docker swarm join --token ${token} ${manager.address}:2377`;
  await Promise.all(workers.map((worker) => sh(worker, line)));
};

/** Starts a service as a person would, and waits until it runs; the docker command itself would look at it for 5 s more. */
export const startService = async (
  rig: SwarmRig,
  name: string,
  flags: string,
  env?: NodeJS.ProcessEnv,
): Promise<void> => {
  const create = `docker service create -d --name ${name} --init --no-resolve-image ${flags} ${IMAGE} sleep 1000`;
  const {code, stderr} = await rig.sh(create, env);
  if (code !== 0) throw new Error(stderr);
  const line = `docker service ls --filter name=${name} --format '{{.Replicas}}'`;
  await rig.until(async () => /^([1-9]\d*)\/\1\b/.test((await rig.sh(line, env)).stdout));
};
