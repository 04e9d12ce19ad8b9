import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site} from '../engine/step-type.ts';
import {remainsOf} from './clients/compose.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerCli} from './clients/docker-cli.ts';
import {dockerEvents} from './clients/docker-events.ts';

const options = v.strictObject({
  project: v.pipe(v.string(), v.minLength(1), v.description('The project’s name')),
  volumes: v.optional(v.pipe(v.boolean(), v.description('Its volumes too, with the data in them')), false),
});
type Options = v.InferOutput<typeof options>;

const args = ({project, volumes}: Options): string[] => [
  ...['compose', '-p', project, 'down'],
  ...(volumes ? ['--volumes'] : []),
];

const check = ({project, volumes}: Options, site: Site): string => {
  const label = `label=com.docker.compose.project=${project}`;
  const lists = [
    sh`${dockerCommand(site)} ps -aq --filter ${label}`,
    sh`${dockerCommand(site)} network ls -q --filter ${label}`,
    ...(volumes ? [sh`${dockerCommand(site)} volume ls -q --filter ${label}`] : []),
  ];
  return `[ -z "$(${lists.join('; ')})" ]`;
};

/** Nothing is left of a project; its volumes stay unless they are meant too. */
export default defineStepType({
  name: 'compose.down',
  about: 'Removes the containers and networks of a Compose project.',
  options,
  outputs: v.object({}),
  effect: 'converges',

  command: (given, site) => sh`${dockerCommand(site)} ${args(given)}`,

  async run(given, context) {
    const docker = await dockerClient(context);
    if ((await remainsOf(docker, given.project, given.volumes)).length > 0)
      await dockerCli(args(given), context, {output: context.output});
    return {};
  },

  async verify({project, volumes}, context) {
    const left = await remainsOf(await dockerClient(context), project, volumes);
    if (left.length === 0) return {ok: true, outputs: {}};
    return {ok: false, expected: `nothing of project "${project}"`, found: left.join(', ')};
  },

  changes: (_, context) => dockerEvents(context, {type: ['container', 'network', 'volume']}),

  shell: {check},
});
