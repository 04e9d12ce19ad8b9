import type Dockerode from 'dockerode';
import {type OwnedKind, StepError} from '../../../engine/step-type.ts';
import {type Docker, dockerClient} from '../docker.ts';
import {isMissing} from '../docker-errors.ts';
import type {Labels} from '../labels.ts';
import {engineOf, isUnnamed, OURS, stackOf} from './engine.ts';

type Volume = Dockerode.VolumeInspectInfo & {readonly CreatedAt?: string};

const listVolumes = async (docker: Docker, options: {filters: string}): Promise<Volume[]> =>
  (await docker.ask((api) => api.listVolumes(options))).Volumes ?? [];

/** Names of the volumes that containers have mounted, and the containers. */
const usersOf = async (docker: Docker): Promise<Map<string, string[]>> => {
  const users = new Map<string, string[]>();
  for (const {Names, Mounts: mounts} of await docker.ask((api) => api.listContainers({all: true})))
    for (const {Type, Name} of mounts ?? [])
      if (Type === 'volume' && Name) users.set(Name, [...(users.get(Name) ?? []), (Names[0] ?? '').slice(1)]);
  return users;
};

/** What the nodes make for the services of a stack carries the stack's name only. */
const ofStacks = async (docker: Docker): Promise<{volume: Volume; labels: Labels}[]> => {
  const services = await docker.ask((api) => api.listServices(OURS));
  const owners = new Map(services.map(({Spec}) => [stackOf(Spec?.Labels), Spec?.Labels as Labels]));
  owners.delete(undefined);
  if (owners.size === 0) return [];
  const label = [...owners.keys()].map((name) => `com.docker.stack.namespace=${name}`);
  const found = await Promise.all(label.map((one) => listVolumes(docker, {filters: JSON.stringify({label: [one]})})));
  return found.flat().map((volume) => ({volume, labels: owners.get(stackOf(volume.Labels)) ?? {}}));
};

/** Volumes with a name, and those without one that have outlived their container: with a container its own go. */
export const volumes: OwnedKind = {
  kind: 'volume',
  after: ['container', 'machine', 'stack', 'service'],

  async list(context) {
    const docker = await dockerClient(context);
    const [engine, users, labelled] = await Promise.all([engineOf(docker), usersOf(docker), listVolumes(docker, OURS)]);
    const further = engine.swarm === undefined ? [] : await ofStacks(docker);
    return [...labelled.map((volume) => ({volume, labels: volume.Labels})), ...further]
      .filter(({volume: {Name}}) => !isUnnamed(Name) || !users.has(Name))
      .map(({volume: {Name, CreatedAt}, labels}) => ({
        id: `${engine.id}/${Name}`,
        name: Name,
        labels,
        state: users.has(Name) ? 'in use' : 'unused',
        ...(CreatedAt !== undefined && {createdAt: new Date(CreatedAt).toISOString()}),
        data: 'its data',
      }));
  },

  async remove({name}, context) {
    const docker = await dockerClient(context);
    try {
      await docker.tidy((api) => api.getVolume(name).remove());
    } catch (error) {
      if (isMissing(error)) return;
      const users = (await usersOf(docker)).get(name);
      if (users === undefined) throw error;
      throw new StepError(`volume "${name}" is in use`, {found: `container ${users.join(', ')}`, cause: error});
    }
  },
};
