import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type StepContext, type Verdict} from '../engine/step-type.ts';
import {ACT_MS, type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {type Difference, sideOf} from './clients/docker-compare.ts';
import {madeByRun, madeByStep} from './clients/labels.ts';
import {services} from './clients/owned/services.ts';
import {volumes} from './clients/owned/volumes.ts';
import {serviceDifferences} from './clients/service-compare.ts';
import {createCommand} from './clients/service-flags.ts';
import {type CreateOptions, createOptions} from './clients/service-options.ts';
import {amend, emptySpec, labelledSpec, type ServiceSpec} from './clients/service-spec.ts';
import {
  findService,
  networkNames,
  removeService,
  type Service,
  serviceChanges,
  serviceInShell,
  serviceTrouble,
  underway,
} from './clients/services.ts';

const outputs = v.object({id: v.pipe(v.string(), v.description('The service’s id')), name: v.string()});
type Outputs = v.InferOutput<typeof outputs>;

const specOf = (given: CreateOptions): ServiceSpec => amend(emptySpec(given.name), given);

const compare = async (docker: Docker, given: CreateOptions, {Spec}: Service): Promise<Difference[]> =>
  serviceDifferences(specOf(given), Spec, await networkNames(docker, Spec));

const nameTaken = ({name}: CreateOptions, unlike: readonly Difference[]): PermanentError =>
  new PermanentError(`the swarm has another service "${name}"`, {
    code: 'name-taken',
    expected: sideOf('wanted', unlike),
    found: sideOf('found', unlike),
    next: `change that one (uses: service.update), or remove it: docker service rm ${name}`,
  });

const create = async (docker: Docker, given: CreateOptions, context: StepContext): Promise<string> => {
  const spec = specOf(given);
  const body = labelledSpec(spec, context.labels);
  const {id, ID} = (await docker.ask((api) => api.createService(body as never), ACT_MS)) as {id?: string; ID?: string};
  return id ?? ID ?? '';
};

/** A service with exactly this configuration, as many tasks of which run as are wanted. */
export default defineStepType({
  name: 'service.create',
  about: 'Starts a service on the swarm, or adopts one of that name with the same configuration.',
  options: createOptions,
  outputs,
  effect: 'converges',
  owns: [services, volumes],
  secretOptions: ['env'],
  command: createCommand,

  async run(given, context) {
    if (given.global && given.replicas !== undefined)
      throw new PermanentError('a global service has a task on every node, and no number of replicas', {
        next: 'leave out `replicas`, or `global`',
      });
    const docker = await dockerClient(context);
    const found = await findService(docker, given.name);
    const unlike = found ? await compare(docker, given, found) : [];
    if (found && unlike.length === 0) return {id: found.ID, name: given.name};
    // An earlier attempt of this very step made it, with other options: it is ours to replace.
    if (found && !madeByStep(found.Spec.Labels, context)) throw nameTaken(given, unlike);
    if (found) await removeService(docker, found, context.signal);
    return {id: await create(docker, given, context), name: given.name};
  },

  async verify(given, context): Promise<Verdict<Outputs>> {
    const docker = await dockerClient(context);
    const expected = `service "${given.name}" running ${given.image}`;
    const found = await findService(docker, given.name);
    if (!found) return {ok: false, expected, found: 'no service of that name'};
    const unlike = await compare(docker, given, found);
    if (unlike.length > 0) return {ok: false, expected: sideOf('wanted', unlike), found: sideOf('found', unlike)};
    const wrong = await serviceTrouble(docker, found);
    if (wrong === undefined) return {ok: true, outputs: {id: found.ID, name: given.name}};
    return {ok: false, expected, found: wrong, ...underway(found)};
  },

  undoCommand: ({name}, site) => sh`${dockerCommand(site)} service rm ${name}`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    const found = await findService(docker, given.name);
    if (!found) return;
    const ours = madeByRun(found.Spec.Labels, context);
    const unlike = ours ? [] : await compare(docker, given, found);
    if (unlike.length > 0) throw nameTaken(given, unlike);
    await removeService(docker, found, context.signal);
  },

  changes: (_, context) => serviceChanges(context),

  shell: serviceInShell,
});
