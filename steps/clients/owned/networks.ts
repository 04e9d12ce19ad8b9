import type {OwnedKind} from '../../../engine/step-type.ts';
import {dockerClient} from '../docker.ts';
import {removeNetwork} from '../docker-networks.ts';
import {engineOf, OURS, stackOf} from './engine.ts';

/** Networks; those of a stack are parts of it. */
export const networks: OwnedKind = {
  kind: 'network',
  after: ['container', 'machine', 'stack', 'service'],

  async list(context) {
    const docker = await dockerClient(context);
    const [{swarm}, all] = await Promise.all([engineOf(docker), docker.ask((api) => api.listNetworks(OURS))]);
    // Those of a swarm are told by each of its nodes, and removed by its managers.
    const own = all.filter(
      ({Labels: labels, Scope}) => stackOf(labels) === undefined && (Scope !== 'swarm' || swarm !== undefined),
    );
    const found = await Promise.all(own.map(({Id}) => docker.find((api) => api.getNetwork(Id).inspect())));
    return found
      .filter((one) => one !== undefined)
      .map(({Id, Name, Labels: labels, Containers: users, Created}) => ({
        id: Id,
        name: Name,
        labels: labels ?? {},
        state: Object.keys(users ?? {}).length > 0 ? 'in use' : 'unused',
        createdAt: new Date(Created).toISOString(),
      }));
  },

  async remove({id}, context) {
    const docker = await dockerClient(context);
    const found = await docker.find((api) => api.getNetwork(id).inspect());
    if (found) await removeNetwork(docker, found);
  },
};
