import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site, type StepContext} from '../engine/step-type.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {type Container, findContainer, removeContainer} from './clients/docker-containers.ts';
import {dockerEvents} from './clients/docker-events.ts';
import {findImage, imageRef} from './clients/docker-images.ts';
import {findNetwork, type Network, removeNetwork} from './clients/docker-networks.ts';
import {objectName} from './clients/docker-run-options.ts';
import {asList} from './clients/shell-json.ts';

const options = v.strictObject({
  containers: v.optional(
    v.pipe(
      v.array(objectName),
      v.description('Names of containers, running or not; their anonymous volumes go with them'),
    ),
    [],
  ),
  networks: v.optional(
    v.pipe(v.array(objectName), v.description('Names of networks, removed after the containers')),
    [],
  ),
  only_images: v.optional(
    v.pipe(
      v.array(imageRef),
      v.description(
        'Spares what belongs to others: only containers of these images, or with our label, are removed, and only networks that nobody uses',
      ),
    ),
  ),
});
type Options = v.InferOutput<typeof options>;

const names = (about: string) => v.pipe(v.array(v.string()), v.description(about));
const outputs = v.object({
  removed: names('What this step removed'),
  kept: names('What has such a name but belongs to others'),
});

const LABEL = 'io.runbook.run';

/** What there is of the named things: whose it is, and whose it is not. */
interface Found {
  readonly containers: readonly Container[];
  readonly networks: readonly Network[];
  readonly kept: readonly string[];
}

const present = async <T>(found: readonly Promise<T | undefined>[]): Promise<T[]> =>
  (await Promise.all(found)).filter((each) => each !== undefined);

const look = async (docker: Docker, given: Options): Promise<Found> => {
  const all = await present(given.containers.map((name) => findContainer(docker, name)));
  const networks = await present(given.networks.map((name) => findNetwork(docker, name)));
  const {only_images: images} = given;
  if (images === undefined) return {containers: all, networks, kept: []};
  const ids = (await present(images.map((ref) => findImage(docker, ref)))).map(({Id}) => Id);
  const ours = all.filter(
    ({Config: {Labels: labels, Image: image}, Image: id}) =>
      labels?.[LABEL] !== undefined || images.includes(image) || ids.includes(id),
  );
  const going = new Set(ours.map(({Id}) => Id));
  const unused = networks.filter(({Containers: users}) => Object.keys(users ?? {}).every((id) => going.has(id)));
  const kept = [...all.filter((each) => !ours.includes(each)), ...networks.filter((each) => !unused.includes(each))];
  return {containers: ours, networks: unused, kept: kept.map(({Name}) => Name.replace(/^\//, ''))};
};

const remove = async (docker: Docker, {containers, networks}: Found, context: StepContext): Promise<string[]> => {
  await Promise.all(containers.map(({Id}) => removeContainer(docker, Id)));
  context.signal.throwIfAborted();
  for (const network of networks) await removeNetwork(docker, network);
  const removed = [...containers, ...networks].map(({Name}) => Name.replace(/^\//, ''));
  for (const name of removed) context.output(`${name}\n`);
  return removed;
};

const alternatives = (values: readonly string[]): string =>
  `^/(${values.map((name) => name.replaceAll('.', '\\.')).join('|')})$`;

// `docker ps` joins two different filters by "and": what is ours by its label, or by its image, takes two lists.
const listsOf = ({containers}: Options, images: readonly string[], docker: readonly string[]): string[] => {
  const named = ['-aq', '--filter', `name=${alternatives(containers)}`];
  return [
    sh`${docker} ps ${named} --filter label=${LABEL}`,
    ...images.map((image) => sh`${docker} ps ${named} --filter ${`ancestor=${image}`}`),
  ];
};

const sparing = (given: Options, images: readonly string[], docker: readonly string[]): string =>
  `{ ${listsOf(given, images, docker).join('; ')}; } | sort -u | xargs -r ${sh`${docker} rm -f -v`}`;

const command = (given: Options, site: Site): string => {
  const docker = dockerCommand(site);
  const {containers, networks, only_images: images} = given;
  const plain = images === undefined ? sh`${docker} rm -f -v ${containers}` : sparing(given, images, docker);
  const spare = images === undefined ? '' : ' || true';
  return [
    ...(containers.length === 0 ? [] : [plain]),
    ...networks.map((name) => sh`${docker} network rm ${name}` + spare),
  ].join('\n');
};

const check = ({containers, networks}: Pick<Options, 'containers' | 'networks'>, site: Site): string =>
  [
    ...containers.map((name) => sh`! ${dockerCommand(site)} container inspect ${name} >/dev/null 2>&1`),
    ...networks.map((name) => sh`! ${dockerCommand(site)} network inspect ${name} >/dev/null 2>&1`),
  ].join(' && ') || 'true';

/** The names that are still there: what was to go is gone, so they are what was spared. */
const kept = ({containers, networks}: Options, site: Site): string => {
  const docker = dockerCommand(site);
  const there = (kind: string) => (name: string) =>
    sh`if ${docker} ${kind} inspect ${name} >/dev/null 2>&1; then echo ${name}; fi`;
  return asList(
    `{ ${[...containers.map(there('container')), ...networks.map(there('network')), 'true'].join('; ')}; }`,
  );
};

/** What belongs to others may stay: nothing is there of these images, or with our label. */
const checkSparing = (given: Options, site: Site): string => {
  const {containers, networks, only_images: images} = given;
  if (images === undefined) return check(given, site);
  const docker = dockerCommand(site);
  const lists = containers.length === 0 ? [] : listsOf(given, images, docker);
  const unused = networks.map((name) => sh`[ "$(${docker} network inspect -f '{{len .Containers}}' ${name})" != 0 ]`);
  const gone = networks.map(
    (name, index) => `{ ${check({containers: [], networks: [name]}, site)} || ${unused[index]}; }`,
  );
  return [...(lists.length === 0 ? [] : [`[ -z "$(${lists.join('; ')})" ]`]), ...gone].join(' && ') || 'true';
};

/** Nothing of these names is there, other people's things aside. */
export default defineStepType({
  name: 'docker.rm',
  about: 'Removes containers and networks by their names, whoever made them.',
  options,
  outputs,
  effect: 'converges',
  command,

  async run(given, context) {
    const docker = await dockerClient(context);
    const found = await look(docker, given);
    for (const name of found.kept) context.output(`${name} stays: it belongs to somebody else\n`);
    return {removed: await remove(docker, found, context), kept: [...found.kept]};
  },

  async verify(given, context) {
    const {containers, networks, kept} = await look(await dockerClient(context), given);
    const there = [...containers, ...networks].map(({Name}) => Name.replace(/^\//, ''));
    if (there.length === 0) return {ok: true, outputs: {removed: [], kept: [...kept]}};
    return {ok: false, expected: 'none of them is there', found: `there is ${there.join(', ')}`};
  },

  changes: (_, context) => dockerEvents(context, {type: ['container', 'network']}),

  shell: {check: checkSparing, outputs: {kept}},
});
