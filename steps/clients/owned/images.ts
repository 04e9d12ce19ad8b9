import type Dockerode from 'dockerode';
import {type OwnedKind, StepError} from '../../../engine/step-type.ts';
import {type Docker, dockerClient} from '../docker.ts';
import {removeImage} from '../docker-images.ts';
import {imageNameOf, isInherited, type Labels, usesOf} from '../labels.ts';
import {engineOf, OURS, projectOf} from './engine.ts';

type Info = Dockerode.ImageInfo;

const NAMELESS = '<none>:<none>';
const tagsOf = ({RepoTags: tags}: Info): string[] => (tags ?? []).filter((tag) => tag !== NAMELESS);

/**
 * Whether a step has built it. An image that somebody has made from a container of ours, or with one of ours to start
 * from, has its labels too, but not its name.
 */
const isBuilt = (image: Info): boolean => {
  const uses = usesOf(image.Labels);
  if (uses !== undefined && uses !== 'shell' && !isInherited(image.Labels)) return false;
  const name = imageNameOf(image.Labels);
  const tags = tagsOf(image);
  return name === undefined || tags.length === 0 || tags.includes(name);
};

/** What Compose builds carries the project's name only. */
const ofProjects = async (docker: Docker): Promise<{image: Info; labels: Labels}[]> => {
  const [containers, networks] = await Promise.all([
    docker.ask((api) => api.listContainers({all: true, ...OURS})),
    docker.ask((api) => api.listNetworks(OURS)),
  ]);
  const made = [...networks, ...containers].map(({Labels: labels}) => labels as Labels | undefined);
  const owners = new Map(made.map((labels) => [projectOf(labels), labels]));
  owners.delete(undefined);
  if (owners.size === 0) return [];
  const filters = JSON.stringify({label: ['com.docker.compose.project']});
  const images = await docker.ask((api) => api.listImages({filters}));
  return images.flatMap((image) => {
    const labels = owners.get(projectOf(image.Labels));
    return labels === undefined ? [] : [{image, labels}];
  });
};

/** What it is called by whoever removes it: others may have given it further names. */
const nameOf = (image: Info): string => imageNameOf(image.Labels) ?? tagsOf(image).join(', ');

const inUse = async (docker: Docker, ref: string): Promise<StepError> => {
  const filters = JSON.stringify({ancestor: [ref]});
  const users = await docker.ask((api) => api.listContainers({all: true, filters}));
  const names = users.map(({Names}) => (Names[0] ?? '').slice(1));
  return new StepError(`image "${ref}" is in use`, {
    found: names.length > 0 ? `container ${names.join(', ')}` : 'other images are made from it',
  });
};

/** Images that steps have built. */
export const images: OwnedKind = {
  kind: 'image',
  after: ['container', 'machine', 'stack', 'service'],

  async list(context) {
    const docker = await dockerClient(context);
    const [{id}, built, composed, all] = await Promise.all([
      engineOf(docker),
      docker.ask((api) => api.listImages(OURS)),
      ofProjects(docker),
      docker.ask((api) => api.listContainers({all: true})),
    ]);
    const used = new Set(all.map(({ImageID}) => ImageID));
    return [...built.filter(isBuilt).map((image) => ({image, labels: image.Labels})), ...composed].map(
      ({image, labels}) => ({
        id: `${id}/${image.Id}`,
        name: tagsOf(image).length === 0 ? image.Id.replace('sha256:', '').slice(0, 12) : nameOf(image),
        labels,
        state: used.has(image.Id) ? 'in use' : 'unused',
        createdAt: new Date(image.Created * 1000).toISOString(),
        size: image.Size,
      }),
    );
  },

  async remove({name}, context) {
    const docker = await dockerClient(context);
    for (const ref of name.split(', ')) {
      if ((await removeImage(docker, ref)) !== undefined) throw await inUse(docker, ref);
    }
  },
};
