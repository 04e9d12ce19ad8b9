import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import type {Test} from 'uvu';
import {entering, startOwnEngine, whyNoEngine as whyNoOwnEngine} from '../cli/own-engine.ts';

/** A Docker Engine of the tests' own, in a network of its own: nothing of the user's is in reach. */
export interface TestEngine {
  /** For every process and client that shall talk to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Command prefix: a process started with it sees the engine's network, so `localhost:8500` is a container's port. */
  readonly inside: readonly string[];
  /** Command prefix for what needs the network of the machine, such as a package manager. */
  readonly outside: readonly string[];
  /** Sees to it that the engine has an image: one of `env/images`, by its tag (`IMAGES`). */
  load(image: string): Promise<void>;
  /** Ends the engine and everything in it. */
  stop(): Promise<void>;
}

/** One whose daemon may go away and come back, with what it keeps on its disk. */
export interface MortalEngine extends TestEngine {
  /** `stop` lets it end its containers, `kill` does not. */
  endDaemon(how: 'stop' | 'kill'): Promise<void>;
  startDaemon(): Promise<void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** The images that tests may use, and the definition that builds each. */
export const IMAGES: Readonly<Record<string, string>> = {
  'runbook/busybox:1': 'env/images/busybox/build.sh',
  'runbook/consul:1.8.7': 'env/images/consul/build.sh',
  'runbook/machine:1': 'env/images/machine/build.sh',
  'runbook/registry:2': 'env/images/registry/build.sh',
  'runbook/test:1': 'env/images/busybox/build.sh',
  'runbook/webapp:1': 'env/images/webapp/build.sh',
};

/** Where a whole run's shared engine is told to the test processes. */
const SHARED = {
  host: 'RUNBOOK_TEST_DOCKER_HOST',
  config: 'RUNBOOK_TEST_DOCKER_CONFIG',
  outside: 'RUNBOOK_TEST_OUTSIDE',
};

const loader =
  (env: Readonly<Record<string, string>>, outside: readonly string[]) =>
  async (image: string): Promise<void> => {
    const definition = IMAGES[image];
    if (definition === undefined)
      throw new Error(`no definition for ${image}; known: ${Object.keys(IMAGES).join(', ')}`);
    const options = {env: {...process.env, ...env}};
    const {stdout} = await run('docker', ['images', '--quiet', image], options);
    if (stdout.trim() !== '') return;
    const [file = 'sh', ...args] = [...outside, 'sh', join(root, definition), image];
    await run(file, args, options);
  };

/** Why there can be no engine of the tests' own here; undefined where there can. */
export const whyNoEngine = (): string | undefined =>
  process.env[SHARED.host] === undefined ? whyNoOwnEngine(process.env) : undefined;

/** Starts one, under a host name of its own if that is given; it ends with `stop`, or when this process does, however that ends. */
export const startEngine = async (hostname = ''): Promise<MortalEngine> => {
  const reason = whyNoEngine();
  if (reason !== undefined) throw new Error(`the tests can have no Docker Engine of their own: ${reason}`);
  const engine = await startOwnEngine(process.env, hostname);
  return {...engine, outside: [], load: loader(engine.env, [])};
};

/** For the wrapper of a whole run: what its test processes, started `inside`, need in their environment to share it. */
export const sharing = (engine: TestEngine): Record<string, string> => ({
  ...engine.env,
  [SHARED.host]: engine.env.DOCKER_HOST ?? '',
  [SHARED.config]: engine.env.DOCKER_CONFIG ?? '',
  [SHARED.outside]: `/proc/${process.pid}/ns/net`,
});

let own: Promise<TestEngine> | undefined;

/** The engine of this test run: the shared one, else one that this process starts and keeps till its end. */
export const testEngine = (): Promise<TestEngine> => {
  const {[SHARED.host]: host, [SHARED.config]: config, [SHARED.outside]: network} = process.env;
  if (host === undefined || config === undefined || network === undefined) return (own ??= startEngine());
  const env = {DOCKER_HOST: host, DOCKER_CONFIG: config};
  const outside = entering(network);
  return Promise.resolve({env, inside: [], outside, load: loader(env, outside), stop: async () => {}});
};

/** `test`; where there can be no engine it says so and skips, except in CI, where that is a failure. */
export const engineTest = <T>(test: Test<T>): Test<T> | Test<T>['skip'] => {
  const reason = whyNoEngine();
  if (reason === undefined || process.env.CI === 'true') return test;
  console.error(`SKIPPED: tests that need a Docker Engine of their own (${reason})`);
  return test.skip;
};
