import type Dockerode from 'dockerode';
import {StepError} from '../../engine/step-type.ts';
import type {Docker} from './docker.ts';
import {isMissing} from './docker-errors.ts';

export type Network = Dockerode.NetworkInspectInfo;

/** The network of that name, if there is one; the daemon itself would also take the beginning of an id. */
export const findNetwork = async (docker: Docker, name: string): Promise<Network | undefined> => {
  const found = await docker.find((api) => api.getNetwork(encodeURIComponent(name)).inspect());
  return found?.Name === name ? found : undefined;
};

/** Removes it; containers that still use it are named. */
export const removeNetwork = async (docker: Docker, network: Network): Promise<void> => {
  try {
    await docker.tidy((api) => api.getNetwork(network.Id).remove());
  } catch (error) {
    if (isMissing(error)) return;
    if (!(error instanceof StepError) || !/active endpoints|in use/.test(error.message)) throw error;
    throw inUse(network.Name, (await findNetwork(docker, network.Name).catch(() => network)) ?? network, error);
  }
};

const inUse = (name: string, {Containers: users}: Network, cause: unknown): StepError => {
  const names = Object.values(users ?? {}).map(({Name}) => Name);
  return new StepError(`network "${name}" cannot be removed: containers use it`, {
    found: names.join(', ') || 'a container of another host',
    next: `disconnect them first: docker network disconnect ${name} ${names[0] ?? 'CONTAINER'}`,
    cause,
  });
};
