import {sh} from '../../engine/sh.ts';
import type {Difference} from './docker-compare.ts';
import {type Mount, type Port, type ServiceSpec, variableName} from './service-spec.ts';

const list = (values: readonly string[] | null | undefined): string => [...new Set(values ?? [])].sort().join(', ');

const portText = ({TargetPort, PublishedPort, Protocol = 'tcp', PublishMode = 'ingress'}: Port): string =>
  `${PublishedPort || '*'}->${TargetPort}/${Protocol} (${PublishMode})`;

const mountText = ({Type, Source = '', Target, ReadOnly = false}: Mount): string =>
  `${Type} ${Source}:${Target}${ReadOnly ? ':ro' : ''}`;

const modeText = ({Mode: mode}: ServiceSpec): string =>
  mode.Replicated ? `${mode.Replicated.Replicas ?? 1}` : mode.Global ? 'global' : 'a job';

// a digest that the registry has added is no other image
const imageText = (image: string): string => image.replace(/@sha256:[0-9a-f]+$/, '');

const spaceless = (constraint: string): string => constraint.replace(/\s*([=!]=)\s*/, '$1');

type Names = ReadonlyMap<string, string>;

const configuration = (spec: ServiceSpec, names: Names): Readonly<Record<string, string>> => {
  const {TaskTemplate: task, EndpointSpec: endpoint} = spec;
  const {ContainerSpec: container, Placement: placement} = task;
  return {
    image: imageText(container.Image),
    replicas: modeText(spec),
    command: sh`${container.Args ?? []}`,
    entrypoint: sh`${container.Command ?? []}`,
    publish: list(endpoint?.Ports?.map(portText)),
    endpoint_mode: endpoint?.Mode ?? 'vip',
    constraints: list(placement?.Constraints?.map(spaceless)),
    max_replicas_per_node: String(placement?.MaxReplicas ?? 0),
    restart: task.RestartPolicy?.Condition ?? 'any',
    mounts: list(container.Mounts?.map(mountText)),
    networks: list(task.Networks?.map(({Target}) => names.get(Target) ?? Target)),
    hostname: container.Hostname ?? '',
    user: container.User ?? '',
    workdir: container.Dir ?? '',
    tty: String(container.TTY ?? false),
    init: String(container.Init ?? false),
  };
};

/** Only the names: what the variables of others hold is nobody's business. */
const envDifferences = (wanted: ServiceSpec, found: ServiceSpec): Difference[] => {
  const [wants, has] = [wanted, found].map(({TaskTemplate}) => {
    const entries = TaskTemplate.ContainerSpec.Env ?? [];
    return new Map(entries.map((entry) => [variableName(entry), entry]));
  }) as [Map<string, string>, Map<string, string>];
  const names = [...new Set([...wants.keys(), ...has.keys()])];
  return names
    .filter((name) => wants.get(name) !== has.get(name))
    .map((name) => ({
      option: `env ${name}`,
      wanted: wants.has(name) ? 'set' : 'not set',
      found: !has.has(name) ? 'not set' : wants.has(name) ? 'set to another value' : 'set',
    }));
};

type Labels = Readonly<Record<string, string>> | null | undefined;

// further labels are for others to set
const labelDifferences = (what: string, wanted: Labels, found: Labels): Difference[] =>
  Object.entries(wanted ?? {})
    .map(([name, value]) => ({option: `${what} ${name}`, wanted: value, found: found?.[name] ?? 'none'}))
    .filter((each) => each.wanted !== each.found);

/**
 * In what a service differs from the wanted one.
 * @param names names of networks by their ids, by which the daemon tells them
 */
export const serviceDifferences = (wanted: ServiceSpec, found: ServiceSpec, names: Names): Difference[] => {
  const has = configuration(found, names);
  const plain = Object.entries(configuration(wanted, names))
    .map(([option, value]) => ({option, wanted: value || 'none', found: has[option] || 'none'}))
    .filter((each) => each.wanted !== each.found);
  const [wants, is] = [wanted, found].map(({TaskTemplate}) => TaskTemplate.ContainerSpec.Labels);
  return [
    ...plain,
    ...envDifferences(wanted, found),
    ...labelDifferences('label', wanted.Labels, found.Labels),
    ...labelDifferences('container_label', wants, is),
  ];
};
