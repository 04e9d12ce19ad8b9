import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {cp} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {testEngine} from './docker-engine.ts';
import {dockerTest} from './docker-rig.ts';
import type {StepRig} from './step-rig.ts';

const script = fileURLToPath(new URL('../env/provision/compose.sh', import.meta.url));

/** Gets Compose as a plugin for the `docker` of the tests' own engine; gives the folder of plugins. */
export const installCompose = async (): Promise<string> => {
  const {env, outside} = await testEngine();
  const [file = 'sh', ...args] = [...outside, 'sh', script];
  await promisify(execFile)(file, args, {env: {...process.env, ...env}});
  return join(env.DOCKER_CONFIG ?? '', 'cli-plugins');
};

/** A step test on the tests' own engine, whose docker has Compose as a plugin. */
export const composeTest = (body: (rig: StepRig) => Promise<void>): (() => Promise<void>) =>
  dockerTest(async (rig) => {
    await installCompose();
    rig.cleanup(() => rig.sh(`docker compose -p ${rig.unique} down -v`));
    await body(rig);
  });

/** The same for a rig whose docker has a configuration of its own. */
export const copyCompose = async (rig: StepRig): Promise<void> => {
  const {DOCKER_CONFIG: folder = ''} = rig.context().env;
  const plugins = await installCompose();
  // Where all users have it, it is in no folder of a user's.
  if (existsSync(plugins)) await cp(plugins, join(folder, 'cli-plugins'), {recursive: true});
};
