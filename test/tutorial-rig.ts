import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {type CliRig, cliTest, type Ended, type Live, program} from './cli-rig.ts';
import {type TestEngine, testEngine} from './docker-engine.ts';

/** A moment's reality, to compare: what there is on the engine, and in the folders of the user. */
export interface Reality {
  readonly containers: readonly string[];
  /** The names of those that run. */
  readonly running: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly contexts: readonly string[];
  readonly files: readonly string[];
}

/** A person at a terminal who goes through the tutorial: the program and plain commands, side by side on the tests' engine. */
export interface Tutorial {
  readonly rig: CliRig;
  /** Of the person: Docker configuration and machines are in folders of their own. */
  readonly env: Readonly<Record<string, string>>;
  /** A plain command line, where the published ports are. */
  sh(line: string): Promise<Ended>;
  runbook(...args: string[]): Promise<Ended>;
  start(...args: string[]): Live;
  reality(): Promise<Reality>;
  /** Id and time of start of each container of the tutorial, by name: a restart changes the time, a second one the id. */
  started(): Promise<Record<string, string>>;
}

/** What the runbooks of the tutorial build their containers from, where no registry answers. */
const IMAGES_USED = ['runbook/busybox:1', 'runbook/consul:1.8.7', 'runbook/machine:1', 'runbook/registry:2'];
const NAMES =
  'consul-server1 consul-server2 consul-server3 consul-client1 registry swarm-master swarm-agent-00 swarm-agent-01 swarm-agent-02 swarm-agent-03';
const LIMIT_MS = 400_000;

const lines = ({stdout}: Ended): string[] => stdout.split('\n').filter((line) => line !== '');

const tutorialIn = (rig: CliRig, {env: engine, inside}: TestEngine): Tutorial => {
  const env = {...engine, DOCKER_CONFIG: join(rig.dir, 'docker'), XDG_DATA_HOME: join(rig.dir, 'data')};
  const start = (words: readonly string[]): Live =>
    rig.start([], {command: [...inside, ...words] as [string, ...string[]], env});
  const sh = (line: string): Promise<Ended> => start(['sh', '-c', line]).ended;
  const list = async (line: string): Promise<string[]> => lines(await sh(line)).sort();
  return {
    rig,
    env,
    sh,
    start: (...args) => start([...program, ...args]),
    runbook: (...args) => start([...program, ...args]).ended,

    reality: async () => ({
      containers: await list(`docker ps -a --format '{{.Names}}'`),
      running: await list(`docker ps --format '{{.Names}}'`),
      volumes: await list('docker volume ls -q'),
      networks: await list(`docker network ls --format '{{.Name}}'`),
      contexts: await list('docker context ls -q'),
      files: await list(`find "$XDG_DATA_HOME" "$DOCKER_CONFIG" -mindepth 1`),
    }),

    started: async () => {
      const format = '{{.Name}} {{.Id}} {{.State.StartedAt}}';
      const found = await sh(`docker inspect --type container --format '${format}' ${NAMES} 2>/dev/null`);
      return Object.fromEntries(
        lines(found).map((line) => {
          const [name = '', ...rest] = line.slice(1).split(' ');
          return [name, rest.join(' ')];
        }),
      );
    },
  };
};

/** A test that begins and ends with nothing of the tutorial on the engine. */
export const tutorialTest = (body: (tutorial: Tutorial) => Promise<void>, limitMs = LIMIT_MS): (() => Promise<void>) =>
  cliTest(async (rig) => {
    const engine = await testEngine();
    for (const image of IMAGES_USED) await engine.load(image);
    const tutorial = tutorialIn(rig, engine);
    await Promise.all(['docker', 'data'].map((name) => mkdir(join(rig.dir, name))));
    const wipe = (): Promise<Ended> => tutorial.sh(`docker rm -f -v ${NAMES}; docker network rm runbook; true`);
    await wipe();
    try {
      await body(tutorial);
    } finally {
      await wipe();
    }
  }, limitMs);
