import type Dockerode from 'dockerode';
import type {OwnedKind} from '../../../engine/step-type.ts';
import {dockerClient} from '../docker.ts';
import {removeContainer} from '../docker-containers.ts';
import {isInherited, isSameMaker, type Labels} from '../labels.ts';
import {LABEL as MACHINE} from '../machines/machine-container.ts';
import {isUnnamed, OURS} from './engine.ts';

type Info = Dockerode.ContainerInfo;

/** Volumes without a name go with their container. */
const dataOf = ({Mounts: mounts}: Info): {data?: string} =>
  (mounts ?? []).some(({Type, Name}) => Type === 'volume' && isUnnamed(Name ?? '')) ? {data: 'its data'} : {};

/** Containers that steps have made themselves: those of services and machines are parts of these. */
export const containers: OwnedKind = {
  kind: 'container',
  after: ['stack', 'service'],

  async list(context) {
    const docker = await dockerClient(context);
    const [all, images] = await Promise.all([
      docker.ask((api) => api.listContainers({all: true, ...OURS})),
      docker.ask((api) => api.listImages(OURS)),
    ]);
    const labelsOfImage = new Map<string, Labels>(images.map(({Id, Labels: labels}) => [Id, labels]));
    return all
      .filter(({Labels: labels}) => labels[MACHINE] === undefined)
      .filter(({Labels: labels, ImageID}) => !isInherited(labels) && !isSameMaker(labels, labelsOfImage.get(ImageID)))
      .map((one) => ({
        id: one.Id,
        name: (one.Names[0] ?? one.Id).replace(/^\//, ''),
        labels: one.Labels,
        state: one.State,
        createdAt: new Date(one.Created * 1000).toISOString(),
        ...dataOf(one),
      }));
  },

  async remove({id}, context) {
    await removeContainer(await dockerClient(context), id);
  },
};
