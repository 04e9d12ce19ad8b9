import {chmod, mkdir, writeFile} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Json, StepContext} from '../engine/step-type.ts';
import dockerNetwork from '../steps/docker-network.ts';
import machineCreate from '../steps/machine-create.ts';
import {testEngine} from './docker-engine.ts';
import {dockerEnv, step} from './docker-rig.ts';
import {type StepRig, stepTest} from './step-rig.ts';

/** The machine image of `env/images`. */
export const MACHINE_IMAGE = 'runbook/machine:1';

/** `runbook`, for lines that are pasted. */
const installProgram = async (folder: string): Promise<void> => {
  const program = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
  const line = `exec ${process.execPath} --import ${import.meta.resolve('tsx')} ${program} "$@"`;
  await mkdir(folder);
  await writeFile(join(folder, 'runbook'), `#!/bin/sh\n${line}\n`);
  await chmod(join(folder, 'runbook'), 0o755);
};

/** A person's folders of their own: Docker configuration, data, and a `runbook` in the PATH. */
export const ownFolders = async (rig: StepRig, env: NodeJS.ProcessEnv): Promise<void> => {
  await installProgram(join(rig.dir, 'bin'));
  await mkdir(join(rig.dir, 'docker'));
  Object.assign(env, {
    HOME: rig.dir,
    DOCKER_CONFIG: join(rig.dir, 'docker'),
    XDG_DATA_HOME: join(rig.dir, 'data'),
    PATH: `${join(rig.dir, 'bin')}${delimiter}${env.PATH}`,
  });
};

/** A step test with machines: folders of its own, and a network that is named like the rig. */
export const machineTest = (body: (rig: StepRig) => Promise<void>): (() => Promise<void>) => {
  const env: NodeJS.ProcessEnv = {};
  return stepTest(
    async (rig) => {
      await ownFolders(rig, env);
      rig.cleanup(async () => {
        const named = `--filter name=${rig.unique}`;
        await rig.sh(
          `docker ps -aq ${named} | xargs -r docker rm -f -v; docker network ls -q ${named} | xargs -r docker network rm`,
        );
      });
      await step(dockerNetwork, {name: rig.unique, fixed_addresses: true}).run(rig.context());
      await body(rig);
    },
    async () => {
      const engine = await testEngine();
      await engine.load(MACHINE_IMAGE);
      return Object.assign(env, await dockerEnv());
    },
  );
};

/** The step that makes a machine of the rig. */
export const machine = (rig: StepRig, name = 'm1', options: object = {}) =>
  step(machineCreate, {name: `${rig.unique}-${name}`, image: MACHINE_IMAGE, network: rig.unique, ...options});

/** A context that remembers for itself, as that of each step of a run does. */
export const contextOf = (rig: StepRig, name: string, overrides: Partial<StepContext> = {}): StepContext => {
  const remembered = new Map<string, Json>();
  return rig.context({
    key: `${rig.unique}/${name}`,
    remember: async (name, make) => {
      if (!remembered.has(name)) remembered.set(name, await make());
      return remembered.get(name) as Awaited<ReturnType<typeof make>>;
    },
    recall: (name) => (remembered.has(name) ? [remembered.get(name) as Json] : []),
    ...overrides,
  });
};
