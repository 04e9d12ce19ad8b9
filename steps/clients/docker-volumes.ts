import type Dockerode from 'dockerode';
import type {Stays, StepContext} from '../../engine/step-type.ts';
import type {Docker} from './docker.ts';
import {isMissing} from './docker-errors.ts';
import type {Image} from './docker-images.ts';
import type {RunOptions} from './docker-run-options.ts';
import {createSpec, isAnonymous} from './docker-run-spec.ts';
import {madeByRun} from './labels.ts';

const NAME = /^[A-Za-z0-9][\w.-]*$/;

const named = ({volumes}: RunOptions): string[] => [
  ...new Set(
    volumes
      .filter((volume) => !isAnonymous(volume))
      .map((volume) => volume.split(':')[0] ?? '')
      .filter((source) => NAME.test(source)),
  ),
];

/** Where a container keeps data in volumes without a name: as it was asked, and as its image says. */
const unnamed = ({volumes, tmpfs}: RunOptions, image: Image | undefined): string[] => {
  const elsewhere = [...volumes.map((volume) => volume.split(':')[1]), ...tmpfs.map((each) => each.split(':')[0])];
  const all = [...volumes.filter(isAnonymous), ...Object.keys(image?.Config.Volumes ?? {})];
  return [...new Set(all)].filter((path) => !elsewhere.includes(path));
};

/**
 * What `createSpec` says, and labels on the volumes: Docker makes those that are not there together with the container,
 * and labels none of them unless it is told to. The configuration stays what `docker run -v` would give.
 */
export const specWithVolumes = async (
  docker: Docker,
  given: RunOptions,
  image: Image | undefined,
  context: StepContext,
): Promise<Dockerode.ContainerCreateOptions> => {
  const Labels = {...context.labels};
  for (const Name of named(given)) {
    const found = await docker.find((api) => api.getVolume(Name).inspect());
    if (!found) await docker.ask((api) => api.createVolume({Name, Labels}));
  }
  const mounts = unnamed(given, image).map((Target) => ({Type: 'volume', Target, VolumeOptions: {Labels}}));
  const {HostConfig, ...spec} = createSpec(given, context);
  return {...spec, HostConfig: {...HostConfig, Mounts: mounts as unknown as Dockerode.MountSettings[]}};
};

/** Removes those with a name that this run has made, with what they hold; one that another container uses stays. */
export const removeVolumes = async (
  docker: Docker,
  given: RunOptions,
  context: StepContext,
): Promise<Stays | undefined> => {
  if (context.isMadeAnew) return undefined;
  const used: string[] = [];
  for (const name of named(given)) {
    const found = await docker.find((api) => api.getVolume(name).inspect());
    if (!madeByRun(found?.Labels, context)) continue;
    try {
      await docker.tidy((api) => api.getVolume(name).remove());
    } catch (error) {
      if (isMissing(error)) continue;
      if (!/volume is in use/.test(String(error))) throw error;
      used.push(name);
    }
  }
  return used.length === 0 ? undefined : {stays: `volume ${used.join(', ')} stays: another container uses it`};
};
