import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type StepContext} from '../engine/step-type.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {objectName} from './clients/docker-run-options.ts';
import {
  findService,
  getService,
  type Service,
  serviceChanges,
  serviceCheck,
  serviceTrouble,
  underway,
  updateService,
} from './clients/services.ts';

const options = v.strictObject({
  name: v.pipe(objectName, v.description('The service’s name')),
  replicas: v.pipe(v.number(), v.integer(), v.minValue(0), v.description('How many tasks run')),
});
type Options = v.InferOutput<typeof options>;

const replicasOf = ({Spec}: Service): number => {
  const {Replicated: replicated} = Spec.Mode;
  if (replicated !== undefined) return replicated.Replicas ?? 1;
  throw new PermanentError(`service "${Spec.Name}" is global: it has a task on every node`);
};

const before = (docker: Docker, {name}: Options, context: StepContext): Promise<number> =>
  context.remember('replicas', async () => replicasOf(await getService(docker, name)));

const scale = (docker: Docker, name: string, Replicas: number): Promise<void> =>
  updateService(docker, name, (spec) => ({...spec, Mode: {Replicated: {Replicas}}}));

/** So many tasks of a service run. */
export default defineStepType({
  name: 'service.scale',
  about: 'Runs so many tasks of a service; undo goes back to the number that it had.',
  options,
  outputs: v.object({replicas: v.number()}),
  effect: 'converges',

  command: ({name, replicas}, site) => sh`${dockerCommand(site)} service scale ${`${name}=${replicas}`}`,

  prepare: async (given, context) => void (await before(await dockerClient(context), given, context)),

  async run(given, context) {
    const docker = await dockerClient(context);
    await before(docker, given, context);
    await scale(docker, given.name, given.replicas);
    return {replicas: given.replicas};
  },

  async verify({name, replicas}, context) {
    const docker = await dockerClient(context);
    const found = await findService(docker, name);
    const expected = `${replicas} ${replicas === 1 ? 'task' : 'tasks'} of service "${name}"`;
    if (!found) return {ok: false, expected, found: 'no service of that name'};
    if (replicasOf(found) !== replicas) return {ok: false, expected, found: `${replicasOf(found)} are wanted`};
    const wrong = await serviceTrouble(docker, found);
    if (wrong !== undefined) return {ok: false, expected, found: wrong, ...underway(found)};
    return {ok: true, outputs: {replicas}};
  },

  async undo(given, context) {
    const docker = await dockerClient(context);
    if ((await findService(docker, given.name)) === undefined) return undefined;
    const replicas = await before(docker, given, context);
    await scale(docker, given.name, replicas);
    return replicas === given.replicas
      ? {stays: `service ${given.name} stays: it had as many tasks before`}
      : undefined;
  },

  changes: (_, context) => serviceChanges(context),

  shell: {
    check: ({name}, site) => serviceCheck(name, site),
    outputs: {replicas: ({replicas}) => `echo ${replicas}`},
  },
});
