import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site} from '../engine/step-type.ts';
import {
  compose,
  containersOf,
  containerTrouble,
  nameOf,
  refuseStranger,
  serviceOf,
  sumOf,
  volumesOf,
  wantedServices,
} from './clients/compose.ts';
import {assignments, fileOptions, shortPath} from './clients/compose-file.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerCli} from './clients/docker-cli.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {withLabels} from './clients/docker-labelling.ts';
import {containers} from './clients/owned/containers.ts';
import {images} from './clients/owned/images.ts';
import {networks} from './clients/owned/networks.ts';
import {volumes} from './clients/owned/volumes.ts';

const projectName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9_-]*$/, 'a project’s name has a-z, 0-9, "_" and "-", and starts with a letter or digit'),
  v.description('The project’s name; its containers are PROJECT-SERVICE-1'),
);

const options = v.strictObject({
  project: projectName,
  ...fileOptions,
  services: v.optional(
    v.pipe(v.array(v.string()), v.description('Only these, and what they depend on; all when left out')),
    [],
  ),
  build: v.optional(v.pipe(v.boolean(), v.description('Builds the images anew, also those that are here')), false),
});
type Options = v.InferOutput<typeof options>;

const names = (about: string) => v.pipe(v.array(v.string()), v.description(about));
const outputs = v.object({
  project: v.string(),
  services: names('Its services that run, sorted'),
  containers: names('Names of its containers, sorted'),
});

const upArgs = ({build, services}: Options): string[] => ['up', '-d', ...(build ? ['--build'] : []), ...services];

const command = (given: Options, site: Site): string =>
  assignments(given.env) +
  sh`${dockerCommand(site)} compose -f ${shortPath(given.file, site)} -p ${given.project} ${upArgs(given)}`;

type Outputs = v.InferOutput<typeof outputs>;
const read = ({project}: Options, containers: Awaited<ReturnType<typeof containersOf>>): Outputs => ({
  project,
  services: [...new Set(containers.map(serviceOf))].sort(),
  containers: containers.map(nameOf),
});

/** The containers of a Compose file run here. */
export default defineStepType({
  name: 'compose.up',
  about: 'Starts the containers of a Compose file, and makes those anew whose configuration has changed.',
  options,
  outputs,
  effect: 'converges',
  owns: [containers, networks, volumes, images],
  secretOptions: ['env'],
  command,

  async run(given, context) {
    const docker = await dockerClient(context);
    refuseStranger(given, await containersOf(docker, given.project), context);
    await context.remember('volumes', () => volumesOf(docker, given.project));
    await withLabels(context, (labelling) => compose(given, upArgs(given), labelling, context.output));
    return read(given, await containersOf(docker, given.project));
  },

  async verify(given, context) {
    const docker = await dockerClient(context);
    const [wanted, containers] = await Promise.all([
      wantedServices(given, context),
      containersOf(docker, given.project),
    ]);
    const expected = `project "${given.project}" running as ${given.file} says`;
    if (containers.length === 0) return {ok: false, expected, found: 'no container of that project'};
    const meant = [...wanted].filter(([name]) => given.services.length === 0 || given.services.includes(name));
    const wrong = sumOf(meant.flatMap(([name, one]) => containerTrouble(name, one, containers) ?? []));
    return wrong ? {ok: false, expected, ...wrong} : {ok: true, outputs: read(given, containers)};
  },

  undoCommand: ({project}, site) => sh`${dockerCommand(site)} compose -p ${project} down`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    refuseStranger(given, await containersOf(docker, given.project), context);
    const before = await context.remember('volumes', () => volumesOf(docker, given.project));
    // without the file, which may have changed: Compose finds by its labels what there is
    await dockerCli(['compose', '-p', given.project, 'down'], context, {output: context.output});
    if (context.isMadeAnew) return;
    const made = (await volumesOf(docker, given.project)).filter((name) => !before.includes(name));
    for (const name of made) await docker.tidy((api) => api.getVolume(name).remove());
  },

  changes: (_, context) => dockerEvents(context, {type: ['container']}),

  shell: {
    check: ({project}, site) => sh`${dockerCommand(site)} compose -p ${project} ps -q --status running | grep -q .`,
    outputs: {project: ({project}) => sh`echo ${project}`},
  },
});
