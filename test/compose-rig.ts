import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {testEngine} from './docker-engine.ts';
import {dockerTest} from './docker-rig.ts';
import type {StepRig} from './step-rig.ts';

const script = fileURLToPath(new URL('../env/provision/compose.sh', import.meta.url));

/** A step test on the tests' own engine, whose docker has Compose as a plugin. */
export const composeTest = (body: (rig: StepRig) => Promise<void>): (() => Promise<void>) =>
  dockerTest(async (rig) => {
    const {env, outside} = await testEngine();
    const [file = 'sh', ...args] = [...outside, 'sh', script];
    await promisify(execFile)(file, args, {env: {...process.env, ...env}});
    rig.cleanup(() => rig.sh(`docker compose -p ${rig.unique} down -v`));
    await body(rig);
  });
