import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type Site, type StepContext, type Verdict} from '../engine/step-type.ts';
import {assignments, fileOptions, pathOf, shortPath} from './clients/compose-file.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerCli} from './clients/docker-cli.ts';
import {sideOf} from './clients/docker-compare.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {withLabels} from './clients/docker-labelling.ts';
import {objectName} from './clients/docker-run-options.ts';
import {madeByRunbook} from './clients/labels.ts';
import {stacks} from './clients/owned/services.ts';
import {volumes} from './clients/owned/volumes.ts';
import {type Service, serviceTrouble, underway} from './clients/services.ts';
import {readStack, removeStack, servicesOf, stackCheck, stackDifferences} from './clients/stacks.ts';

const options = v.strictObject({
  name: v.pipe(objectName, v.description('The stack’s name; its services are NAME_SERVICE')),
  ...fileOptions,
  resolve_image: v.optional(
    v.pipe(
      v.picklist(['never', 'changed', 'always']),
      v.description('Whether a registry is asked which image a tag means now'),
    ),
    'never',
  ),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  name: v.string(),
  services: v.pipe(v.array(v.string()), v.description('Names of its services, sorted')),
});
type Outputs = v.InferOutput<typeof outputs>;

const read = ({name}: Options, services: readonly Service[]): Outputs => ({
  name,
  services: services.map(({Spec}) => Spec.Name),
});

const words = ({name, resolve_image}: Options, file: string): string[] => [
  ...['stack', 'deploy', '--resolve-image', resolve_image, '-c', file],
  name,
];

const command = (given: Options, site: Site): string =>
  assignments(given.env) + sh`${dockerCommand(site)} ${words(given, shortPath(given.file, site))}`;

/** Services of that stack that this runbook has not made: they were there when the step first acted. */
const refuseStrangers = async (docker: Docker, given: Options, context: StepContext, acts: boolean): Promise<void> => {
  const others = (await servicesOf(docker, given.name))
    .filter(({Spec}) => !madeByRunbook(Spec.Labels, context))
    .map(({Spec}) => Spec.Name);
  // Asked by undo where `run` never was: what a person typed is ours.
  const before = await context.remember<readonly string[]>('strangers', async () => (acts ? others : []));
  const found = others.filter((one) => before.includes(one));
  if (found.length === 0) return;
  throw new PermanentError(`the swarm has another stack "${given.name}"`, {
    code: 'name-taken',
    found: found.join(', '),
    next: `remove it (docker stack rm ${given.name}), or take another name`,
  });
};

const judge = async (docker: Docker, given: Options, context: StepContext): Promise<Verdict<Outputs>> => {
  const [wanted, services] = await Promise.all([
    readStack(given.file, given.env, context),
    servicesOf(docker, given.name),
  ]);
  const names = new Set(services.map(({Spec}) => Spec.Name.slice(given.name.length + 1)));
  const absent = [...(wanted?.keys() ?? [])].filter((name) => !names.has(name));
  const expected = `stack "${given.name}" as ${given.file} says`;
  if (services.length === 0) return {ok: false, expected, found: 'no service of that stack'};
  if (absent.length > 0)
    return {ok: false, expected, found: `there is no service ${absent.join(', ')}`, partial: 'incomplete'};
  const unlike = services.flatMap((service) => {
    const one = wanted?.get(service.Spec.Name.slice(given.name.length + 1));
    return one === undefined ? [] : stackDifferences(one, service);
  });
  if (unlike.length > 0) return {ok: false, expected: sideOf('wanted', unlike), found: sideOf('found', unlike)};
  for (const service of services) {
    const wrong = await serviceTrouble(docker, service);
    if (wrong) return {ok: false, expected, found: `${service.Spec.Name}: ${wrong}`, ...underway(service)};
  }
  return {ok: true, outputs: read(given, services)};
};

/** The services of a Compose file run on the swarm. */
export default defineStepType({
  name: 'stack.deploy',
  about: 'Runs the services of a Compose file on the swarm, or brings those that run up to date with it.',
  options,
  outputs,
  effect: 'converges',
  owns: [stacks, volumes],
  secretOptions: ['env'],
  command,

  async run(given, context) {
    const docker = await dockerClient(context);
    await refuseStrangers(docker, given, context, true);
    const {env} = given;
    const line = words(given, pathOf(given.file, context));
    await withLabels(context, (labelling) => dockerCli(line, labelling, {env, output: context.output}));
    return read(given, await servicesOf(docker, given.name));
  },

  verify: async (given, context) => judge(await dockerClient(context), given, context),

  undoCommand: ({name}, site) => sh`${dockerCommand(site)} stack rm ${name}`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    await refuseStrangers(docker, given, context, false);
    await removeStack(docker, given.name, context);
  },

  changes: (_, context) => dockerEvents(context, {type: ['service', 'node', 'container']}),

  shell: {
    check: ({name}, site) => stackCheck(name, site),
    outputs: {name: ({name}) => sh`echo ${name}`},
  },
});
