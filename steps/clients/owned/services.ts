import type {OwnedKind, OwnedThing} from '../../../engine/step-type.ts';
import {type Docker, dockerClient} from '../docker.ts';
import type {Labels} from '../labels.ts';
import {removeService, type Service} from '../services.ts';
import {removeStack} from '../stacks.ts';
import {engineOf, OURS, stackOf} from './engine.ts';

type Listed = Service & {
  readonly CreatedAt: string;
  readonly ServiceStatus?: {readonly RunningTasks: number; readonly DesiredTasks: number};
};

const listServices = async (docker: Docker): Promise<Listed[]> =>
  (await docker.ask((api) => api.listServices({...OURS, status: true} as object))) as unknown as Listed[];

const running = ({ServiceStatus: status}: Listed): string =>
  status === undefined ? '' : `${status.RunningTasks}/${status.DesiredTasks} running`;

/** Services of a swarm; those of a stack are parts of it. */
export const services: OwnedKind = {
  kind: 'service',
  after: [],

  async list(context) {
    const docker = await dockerClient(context);
    if ((await engineOf(docker)).swarm === undefined) return [];
    return (await listServices(docker))
      .filter(({Spec}) => stackOf(Spec.Labels) === undefined)
      .map((one) => ({
        id: one.ID,
        name: one.Spec.Name,
        labels: one.Spec.Labels ?? {},
        state: running(one),
        createdAt: one.CreatedAt,
      }));
  },

  async remove({id}, context) {
    await removeService(await dockerClient(context), {ID: id}, context.signal);
  },
};

interface Part {
  readonly labels: Labels;
  readonly createdAt: string;
  readonly isService: boolean;
}

/** All that stacks consist of: a half removed one has no services any more. */
const partsOf = async (docker: Docker): Promise<Part[]> => {
  const [found, networks, secrets, configs] = await Promise.all([
    listServices(docker),
    docker.ask((api) => api.listNetworks(OURS)),
    docker.ask((api) => api.listSecrets(OURS)),
    docker.ask((api) => api.listConfigs(OURS)),
  ]);
  const kept = [...secrets, ...configs].map((one) => one as {CreatedAt?: string; Spec?: {Labels?: Labels}});
  return [
    ...found.map(({Spec, CreatedAt}) => ({labels: Spec.Labels ?? {}, createdAt: CreatedAt, isService: true})),
    ...networks.map(({Labels: labels, Created}) => ({labels: labels ?? {}, createdAt: Created, isService: false})),
    ...kept.map(({Spec, CreatedAt = ''}) => ({labels: Spec?.Labels ?? {}, createdAt: CreatedAt, isService: false})),
  ].filter(({labels}) => stackOf(labels) !== undefined);
};

const asThing = (swarm: string, name: string, parts: readonly Part[]): OwnedThing => {
  const count = parts.filter(({isService}) => isService).length;
  const [first] = parts;
  return {
    id: `${swarm}/${name}`,
    name,
    labels: first?.labels ?? {},
    state: count === 1 ? '1 service' : `${count} services`,
    createdAt: first?.createdAt ?? '',
  };
};

/** Stacks, with their services, networks, secrets and configs. */
export const stacks: OwnedKind = {
  kind: 'stack',
  after: [],

  async list(context) {
    const docker = await dockerClient(context);
    const {swarm} = await engineOf(docker);
    if (swarm === undefined) return [];
    const parts = await partsOf(docker);
    const names = new Set(parts.map(({labels}) => stackOf(labels) ?? ''));
    return [...names].map((name) =>
      asThing(
        swarm,
        name,
        parts.filter(({labels}) => stackOf(labels) === name),
      ),
    );
  },

  async remove({name}, context) {
    await removeStack(await dockerClient(context), name, context);
  },
};
