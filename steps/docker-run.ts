import {setTimeout as sleep} from 'node:timers/promises';
import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type StepContext, StepError, type Verdict} from '../engine/step-type.ts';
import {ACT_MS, type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {type Difference, differences, sideOf} from './clients/docker-compare.ts';
import {
  addressOf,
  addressTemplate,
  type Container,
  findContainer,
  getContainer,
  portsOf,
  removeContainer,
  sickness,
  startContainer,
  trouble,
} from './clients/docker-containers.ts';
import {containerEvents} from './clients/docker-events.ts';
import {findImage, pullImage} from './clients/docker-images.ts';
import {portHolder} from './clients/docker-ports.ts';
import {runCommand} from './clients/docker-run-flags.ts';
import {type RunOptions, runOptions} from './clients/docker-run-options.ts';
import {removeVolumes, specWithVolumes} from './clients/docker-volumes.ts';
import {madeByRun, madeByStep, makerOf} from './clients/labels.ts';
import {containers} from './clients/owned/containers.ts';
import {volumes} from './clients/owned/volumes.ts';
import {throughJq} from './clients/shell-json.ts';

const outputs = v.object({
  id: v.pipe(v.string(), v.description('The container’s full id')),
  name: v.string(),
  image: v.pipe(v.string(), v.description('The image as it was asked for')),
  ip: v.pipe(v.string(), v.description('Its address on the network it was started in; empty when it has none')),
  ports: v.pipe(
    v.record(v.string(), v.number()),
    v.description('The host’s port of each published one: {"80/tcp": 32768}'),
  ),
});
type Outputs = v.InferOutput<typeof outputs>;

const read = (container: Container, {name, image, network}: RunOptions): Outputs => ({
  id: container.Id,
  name,
  image,
  ip: addressOf(container, network),
  ports: portsOf(container),
});

const compare = async (docker: Docker, given: RunOptions, found: Container, dir: string): Promise<Difference[]> => {
  const image = await findImage(docker, given.image);
  if (image) return differences(given, image, found, dir);
  // Its tag was removed or moved on; the name is all that there is to compare.
  const same = found.Config.Image === given.image;
  return same ? [] : [{option: 'image', wanted: given.image, found: found.Config.Image}];
};

const whose = (found: Container): string => {
  const maker = makerOf(found.Config.Labels);
  return maker === undefined ? 'not made by runbook' : `made by run ${maker.run} of ${maker.runbook}`;
};

const nameTaken = ({name}: RunOptions, found: Container, all: readonly Difference[]): PermanentError => {
  const maker = makerOf(found.Config.Labels);
  const remove = maker === undefined ? `docker rm -f ${name}` : `runbook undo ${maker.run}`;
  return new PermanentError(`the name "${name}" is taken by another container (${whose(found)})`, {
    code: 'name-taken',
    expected: sideOf('wanted', all),
    found: sideOf('found', all),
    next: `keep it under another name (docker rename ${name} ${name}-old), or remove it: ${remove}`,
  });
};

const create = async (docker: Docker, given: RunOptions, context: StepContext): Promise<Container> => {
  const image = (await findImage(docker, given.image)) ?? (await pullImage(docker, given.image, context));
  const spec = await specWithVolumes(docker, given, image, context);
  const {id} = await docker.ask((api) => api.createContainer(spec), ACT_MS);
  return getContainer(docker, id);
};

const start = (docker: Docker, container: Container): Promise<void> =>
  startContainer(docker, container).catch(async (error) => {
    throw error instanceof StepError ? await portHolder(docker, error) : error;
  });

const isAway = (error: unknown): boolean => error instanceof StepError && error.details.code === 'docker-unreachable';

/** A container that cannot start is of no use, and would hold the name. */
const startNew = async (docker: Docker, created: Container, signal: AbortSignal): Promise<void> => {
  try {
    await start(docker, created);
  } catch (error) {
    // An engine that is away is asked for nothing more: resume finds what it has made.
    if (!signal.aborted && !isAway(error)) await removeContainer(docker, created.Id);
    throw error;
  }
};

/** A daemon that was asked by an attempt which was killed since may still be at it: the name is taken, and nobody has it. */
const RESERVED_MS = 30_000;
const LOOK_MS = 100;

const isReserved = (error: unknown): boolean =>
  error instanceof StepError && error.details.code === 'name-taken' && error.cause !== undefined;

/**
 * A daemon that was killed while it started a container does not know that containerd has begun with it ("task ...: already
 * exists", "id already in use"). It can't start that one any more; since it never ran for anybody, another takes its place.
 */
const isHalfStarted = (error: unknown, {State: {Status}}: Container): boolean =>
  Status === 'created' &&
  error instanceof StepError &&
  /\btask \w+: already exists|\bid already in use/.test(error.message);

const ensure = async (docker: Docker, given: RunOptions, context: StepContext): Promise<Container> => {
  const found = await findContainer(docker, given.name);
  const unlike = found ? await compare(docker, given, found, context.dir) : [];
  if (found && unlike.length === 0) {
    // Stopped, paused or never started: what it holds is kept.
    try {
      await start(docker, found);
      return found;
    } catch (error) {
      if (!isHalfStarted(error, found) || !madeByStep(found.Config.Labels, context)) throw error;
    }
  }
  // An earlier attempt of this very step made it, with other options: it is ours to replace.
  if (found && !madeByStep(found.Config.Labels, context)) throw nameTaken(given, found, unlike);
  if (found) await removeContainer(docker, found.Id);
  const created = await create(docker, given, context);
  await startNew(docker, created, context.signal);
  return created;
};

const health = (given: RunOptions, found: Container): string | undefined =>
  given.healthy || given.health_cmd !== undefined ? sickness(found) : undefined;

/** The container is as it is wanted; `run` starts what does not run, and nothing makes it healthy but time. */
const partOf = ({State: {Running, Paused, Health}}: Container): {partial?: 'underway' | 'incomplete'} => {
  if (!Running || Paused) return {partial: 'incomplete'};
  return Health?.Status === 'starting' ? {partial: 'underway'} : {};
};

/** A container with exactly this configuration runs. */
export default defineStepType({
  name: 'docker.run',
  about: 'Starts a container in the background, or adopts one of that name with the same configuration.',
  options: runOptions,
  outputs,
  effect: 'converges',
  owns: [containers, volumes],
  secretOptions: ['env'],
  command: runCommand,

  async run(given, context) {
    const docker = await dockerClient(context);
    for (const end = performance.now() + RESERVED_MS; ; await sleep(LOOK_MS, undefined, {signal: context.signal})) {
      try {
        const {Id} = await ensure(docker, given, context);
        return read(await getContainer(docker, Id), given);
      } catch (error) {
        if (!isReserved(error) || performance.now() > end) throw error;
      }
    }
  },

  async verify(given, context): Promise<Verdict<Outputs>> {
    const docker = await dockerClient(context);
    const expected = `container "${given.name}" running ${given.image}`;
    const found = await findContainer(docker, given.name);
    if (!found) return {ok: false, expected, found: 'no container of that name'};
    const unlike = await compare(docker, given, found, context.dir);
    if (unlike.length > 0) {
      return {ok: false, expected: sideOf('wanted', unlike), found: sideOf('found', unlike)};
    }
    const wrong = (await trouble(docker, found)) ?? health(given, found);
    if (wrong === undefined) return {ok: true, outputs: read(found, given)};
    const isOver = found.State.Status === 'exited' && given.restart === 'no';
    return {ok: false, expected, found: wrong, final: isOver, ...partOf(found)};
  },

  undoCommand: ({name}, site) => sh`${dockerCommand(site)} rm -f -v ${name}`,

  async undo(given, context) {
    const docker = await dockerClient(context);
    const found = await findContainer(docker, given.name);
    if (!found) return removeVolumes(docker, given, context);
    const unlike = await compare(docker, given, found, context.dir);
    const ours = madeByRun(found.Config.Labels, context);
    if (!ours && unlike.length > 0) throw nameTaken(given, found, unlike);
    await removeContainer(docker, found.Id);
    return removeVolumes(docker, given, context);
  },

  changes: ({name}, context) => containerEvents(context, name),

  enter: {what: 'its container', line: ({name}, site) => sh`${dockerCommand(site)} exec -it ${name} sh`},

  shell: {
    run: (given, site) => {
      const docker = dockerCommand(site);
      const there = sh`${docker} container inspect ${given.name} >/dev/null 2>&1`;
      return `if ${there}; then ${sh`${docker} start ${given.name}`}; else\n${runCommand(given, site)}\nfi`;
    },
    check: ({name, image}, site) =>
      sh`[ "$(${dockerCommand(site)} inspect -f '{{.State.Running}} {{.Image}}' ${name})" = "true $(${dockerCommand(site)} image inspect -f '{{.Id}}' ${image})" ]`,
    outputs: {
      id: ({name}, site) => sh`${dockerCommand(site)} inspect -f '{{.Id}}' ${name}`,
      name: ({name}) => sh`echo ${name}`,
      image: ({image}) => sh`echo ${image}`,
      ports: ({name}, site) =>
        throughJq(
          sh`${dockerCommand(site)} inspect -f '{{json .NetworkSettings.Ports}}' ${name}`,
          'with_entries(select(.value != null) | .value |= (.[0].HostPort | tonumber))',
        ),
      ip: ({name, network}, site) => sh`${dockerCommand(site)} inspect -f ${addressTemplate(network)} ${name}`,
    },
  },
});
