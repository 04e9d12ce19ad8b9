import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type StepContext, type Verdict} from '../engine/step-type.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {settings} from './clients/docker-run-options.ts';
import {getNode, type SwarmNode, updateNode} from './clients/swarm-nodes.ts';
import {leavingTasks} from './clients/swarm-tasks.ts';

const availability = v.picklist(['active', 'pause', 'drain']);
const options = v.strictObject({
  node: v.pipe(v.string(), v.minLength(1), v.description('Host name or id of the node')),
  availability: v.optional(
    v.pipe(availability, v.description('drain moves its tasks to other nodes; the step holds when they have left')),
  ),
  labels: v.optional(v.pipe(settings, v.description('For constraints: node.labels.role==web; others stay')), {}),
});
type Options = v.InferOutput<typeof options>;

/** What was there of the settings that a step changes; null for a label that was not. */
type Before = {
  readonly availability: v.InferOutput<typeof availability>;
  readonly labels: Readonly<Record<string, string | null>>;
};

const labelsOf = ({labels}: Options): [string, string][] =>
  Object.entries(labels).map(([name, value]) => [name, String(value)]);

const before = (docker: Docker, given: Options, context: StepContext): Promise<Before> =>
  context.remember<Before>('before', async () => {
    const {Spec} = await getNode(docker, given.node);
    const labels = labelsOf(given).map(([name]) => [name, Spec.Labels?.[name] ?? null] as const);
    return {availability: Spec.Availability, labels: Object.fromEntries(labels)};
  });

const wasWanted = (previous: Before, given: Options): boolean =>
  (given.availability ?? previous.availability) === previous.availability &&
  labelsOf(given).every(([name, value]) => previous.labels[name] === value);

const flags = (given: Options): string[] => [
  ...(given.availability === undefined ? [] : ['--availability', given.availability]),
  ...labelsOf(given).flatMap((label) => ['--label-add', label.join('=')]),
];

const settingsText = (found: SwarmNode, given: Options): string =>
  [
    ...(given.availability === undefined ? [] : [`availability ${found.Spec.Availability}`]),
    ...labelsOf(given).map(([name]) => `${name}=${found.Spec.Labels?.[name] ?? '(none)'}`),
  ].join(', ');

const wish = (given: Options): string =>
  [
    ...(given.availability === undefined ? [] : [`availability ${given.availability}`]),
    ...labelsOf(given).map((label) => label.join('=')),
  ].join(', ');

const judge = async (docker: Docker, given: Options): Promise<Verdict<{id: string}>> => {
  const found = await getNode(docker, given.node);
  const has = settingsText(found, given);
  if (has !== wish(given)) return {ok: false, expected: wish(given), found: has};
  const left = given.availability === 'drain' ? await leavingTasks(docker, found) : [];
  if (left.length > 0) return {ok: false, expected: 'no task runs on it', found: `there is still ${left.join(', ')}`};
  return {ok: true, outputs: {id: found.ID}};
};

/** A node has this availability and these labels. */
export default defineStepType({
  name: 'swarm.node',
  about: 'Drains or activates a node of the swarm, or labels it; undo restores what was there.',
  options,
  outputs: v.object({id: v.string()}),
  effect: 'converges',

  command: (given, site) => sh`${dockerCommand(site)} node update ${flags(given)} ${given.node}`,

  prepare: async (given, context) => void (await before(await dockerClient(context), given, context)),

  async run(given, context) {
    const docker = await dockerClient(context);
    await before(docker, given, context);
    await updateNode(docker, given.node, (spec) => ({
      ...spec,
      Availability: given.availability ?? spec.Availability,
      Labels: {...spec.Labels, ...Object.fromEntries(labelsOf(given))},
    }));
    return {id: (await getNode(docker, given.node)).ID};
  },

  verify: async (given, context) => judge(await dockerClient(context), given),

  async undo(given, context) {
    const docker = await dockerClient(context);
    const previous = await before(docker, given, context);
    await updateNode(docker, given.node, (spec) => {
      const labels = Object.entries({...spec.Labels, ...previous.labels}).filter(([, value]) => value !== null);
      return {
        ...spec,
        Availability: given.availability === undefined ? spec.Availability : previous.availability,
        Labels: Object.fromEntries(labels) as Record<string, string>,
      };
    });
    return wasWanted(previous, given) ? {stays: `node ${given.node} stays: it was so before`} : undefined;
  },

  changes: (_, context) => dockerEvents(context, {type: ['node', 'container']}),

  shell: {
    check: (given, site) => {
      const labels = labelsOf(given).map(([name]) => `${name}={{index .Spec.Labels "${name}"}}`);
      const template = [
        ...(given.availability === undefined ? [] : ['availability {{.Spec.Availability}}']),
        ...labels,
      ];
      return sh`[ "$(${dockerCommand(site)} node inspect -f ${template.join(', ')} ${given.node})" = ${wish(given)} ]`;
    },
    outputs: {id: ({node}, site) => sh`${dockerCommand(site)} node inspect -f '{{.ID}}' ${node}`},
  },
});
