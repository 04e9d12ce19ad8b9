import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {containerTable, type ListedContainer, listed} from './clients/docker-table.ts';
import {asList} from './clients/shell-json.ts';

const options = v.strictObject({
  all: v.optional(v.pipe(v.boolean(), v.description('Also those that do not run')), false),
  filter: v.optional(
    v.pipe(
      v.record(v.string(), v.union([v.string(), v.array(v.string())])),
      v.description(
        'Docker’s filters: {name: web} (a part of the name, or ^/web$), {label: tier=front}, {status: [exited, dead]}',
      ),
    ),
    {},
  ),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  containers: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      image: v.string(),
      command: v.string(),
      state: v.pipe(v.string(), v.description('created, running, paused, restarting, removing, exited or dead')),
      status: v.pipe(v.string(), v.description('For people: "Up 2 minutes"')),
      ports: v.string(),
    }),
  ),
  names: v.pipe(v.array(v.string()), v.description('Their names, sorted')),
});

const filters = ({filter}: Options): Record<string, string[]> =>
  Object.fromEntries(Object.entries(filter).map(([key, values]) => [key, [values].flat()]));

const flags = (given: Options): string[] => [
  ...(given.all ? ['-a'] : []),
  ...Object.entries(filters(given)).flatMap(([key, values]) =>
    values.flatMap((value) => ['--filter', `${key}=${value}`]),
  ),
];

const namesLine = (given: Options, site: Site): string =>
  asList(sh`${dockerCommand(site)} ps ${flags(given)} --format '{{.Names}}'`);

/** Which containers there are. */
export default defineStepType({
  name: 'docker.ps',
  about: 'Lists containers.',
  options,
  outputs,
  effect: 'reads',

  command: (given, site) => sh`${dockerCommand(site)} ps ${flags(given)}`,

  async run(given, context) {
    const docker = await dockerClient(context);
    const all = await docker.ask((api) =>
      api.listContainers({all: given.all, filters: JSON.stringify(filters(given))}),
    );
    context.output(containerTable(all));
    const containers: ListedContainer[] = all.map(listed);
    return {containers, names: containers.map(({name}) => name).sort()};
  },

  changes: (_, context) => dockerEvents(context, {type: ['container']}),

  shell: {outputs: {names: namesLine}},
});
