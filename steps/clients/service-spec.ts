import type {Wishes} from './service-options.ts';

type Texts = Readonly<Record<string, string>>;

export interface Port {
  readonly Protocol?: string;
  readonly TargetPort: number;
  readonly PublishedPort?: number;
  readonly PublishMode?: string;
}

export interface Mount {
  readonly Type: string;
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly VolumeOptions?: {readonly Labels?: Texts};
}

/** A service in the words of the daemon; only what is read or set here. The rest stays as it is. */
export interface ServiceSpec {
  readonly Name: string;
  readonly Labels?: Texts | null;
  readonly TaskTemplate: {
    readonly ContainerSpec: {
      readonly Image: string;
      readonly Command?: readonly string[];
      readonly Args?: readonly string[];
      readonly Env?: readonly string[];
      readonly Labels?: Texts | null;
      readonly Mounts?: readonly Mount[] | null;
      readonly Hostname?: string;
      readonly User?: string;
      readonly Dir?: string;
      readonly TTY?: boolean;
      readonly Init?: boolean | null;
    };
    readonly RestartPolicy?: {readonly Condition?: string};
    readonly Placement?: {readonly Constraints?: readonly string[]; readonly MaxReplicas?: number};
    readonly Networks?: readonly {readonly Target: string}[] | null;
    readonly ForceUpdate?: number;
  };
  readonly Mode: {readonly Replicated?: {readonly Replicas?: number}; readonly Global?: object};
  readonly EndpointSpec?: {readonly Mode?: string; readonly Ports?: readonly Port[] | null};
}

/** What a name alone gives. */
export const emptySpec = (name: string): ServiceSpec => ({
  Name: name,
  TaskTemplate: {ContainerSpec: {Image: ''}},
  Mode: {Replicated: {Replicas: 1}},
});

const texts = (settings: Readonly<Record<string, string | number | boolean>>): Texts =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));

/** Later entries win over earlier ones of the same key. */
const merged = <T>(keyOf: (entry: T) => string, ...lists: readonly (readonly T[] | null | undefined)[]): T[] => [
  ...new Map(lists.flatMap((list) => list ?? []).map((entry) => [keyOf(entry), entry])).values(),
];

export const variableName = (entry: string): string => entry.split('=')[0] ?? '';
const portKey = ({TargetPort, Protocol = 'tcp'}: Port): string => `${TargetPort}/${Protocol}`;

export const toPort = ({target, published, protocol, mode}: NonNullable<Wishes['publish']>[number]): Port => ({
  Protocol: protocol,
  TargetPort: target,
  ...(published !== undefined && {PublishedPort: published}),
  PublishMode: mode,
});

export const toMount = (text: string): Mount => {
  const [source = '', target = '', mode] = text.split(':');
  return {
    Type: source.startsWith('/') ? 'bind' : 'volume',
    Source: source,
    Target: target,
    ...(mode === 'ro' && {ReadOnly: true}),
  };
};

type ContainerSpec = ServiceSpec['TaskTemplate']['ContainerSpec'];

const amendContainer = (spec: ContainerSpec, wishes: Wishes): ContainerSpec => {
  const {env, container_labels: labels, mounts} = wishes;
  return {
    ...spec,
    ...(wishes.image !== undefined && {Image: wishes.image}),
    ...(wishes.command && {Args: wishes.command.map(String)}),
    ...(wishes.entrypoint !== undefined && {Command: [wishes.entrypoint]}),
    ...(env && {
      Env: merged(
        variableName,
        spec.Env,
        Object.entries(texts(env)).map((entry) => entry.join('=')),
      ),
    }),
    ...(labels && {Labels: {...spec.Labels, ...texts(labels)}}),
    ...(mounts && {Mounts: merged(({Target}) => Target, spec.Mounts, mounts.map(toMount))}),
    ...(wishes.hostname !== undefined && {Hostname: wishes.hostname}),
    ...(wishes.user !== undefined && {User: wishes.user}),
    ...(wishes.workdir !== undefined && {Dir: wishes.workdir}),
    ...(wishes.tty !== undefined && {TTY: wishes.tty}),
    ...(wishes.init !== undefined && {Init: wishes.init}),
  };
};

const amendPlacement = (spec: ServiceSpec['TaskTemplate']['Placement'], wishes: Wishes) => ({
  ...spec,
  ...(wishes.constraints && {Constraints: merged((one) => one, spec?.Constraints, wishes.constraints)}),
  ...(wishes.max_replicas_per_node !== undefined && {MaxReplicas: wishes.max_replicas_per_node}),
});

/** The same service with what is wished; lists and maps are added to, as `docker service update --env-add` does. */
export const amend = (spec: ServiceSpec, wishes: Wishes): ServiceSpec => {
  const {TaskTemplate: task, EndpointSpec: endpoint} = spec;
  return {
    ...spec,
    ...(wishes.labels && {Labels: {...spec.Labels, ...texts(wishes.labels)}}),
    ...(wishes.replicas !== undefined && {Mode: {Replicated: {Replicas: wishes.replicas}}}),
    ...(wishes.global && {Mode: {Global: {}}}),
    TaskTemplate: {
      ...task,
      ContainerSpec: amendContainer(task.ContainerSpec, wishes),
      Placement: amendPlacement(task.Placement, wishes),
      ...(wishes.restart && {RestartPolicy: {...task.RestartPolicy, Condition: wishes.restart}}),
      ...(wishes.networks && {Networks: wishes.networks.map((name) => ({Target: name}))}),
    },
    EndpointSpec: {
      ...endpoint,
      ...(wishes.endpoint_mode && {Mode: wishes.endpoint_mode}),
      ...(wishes.publish && {Ports: merged(portKey, endpoint?.Ports, wishes.publish.map(toPort))}),
    },
  };
};

/** The same service with labels, also on the volumes that its nodes make for it; both count for nothing in a comparison. */
export const labelledSpec = (spec: ServiceSpec, labels: Texts): ServiceSpec => {
  const {ContainerSpec: container, ...task} = spec.TaskTemplate;
  const Mounts = container.Mounts?.map((mount) =>
    mount.Type === 'volume' ? {...mount, VolumeOptions: {Labels: labels}} : mount,
  );
  return {
    ...spec,
    Labels: {...spec.Labels, ...labels},
    TaskTemplate: {...task, ContainerSpec: {...container, ...(Mounts && {Mounts})}},
  };
};
