import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {dockerEvents} from './clients/docker-events.ts';

const outputs = v.object({
  json: v.pipe(v.any(), v.description('Everything that the engine tells of itself')),
  name: v.pipe(v.string(), v.description('The engine’s host name')),
  serverVersion: v.string(),
  containers: v.pipe(v.number(), v.description('How many there are, running or not')),
  swarm: v.pipe(v.string(), v.description('inactive, pending, active, error or locked')),
  nodes: v.pipe(v.number(), v.description('Nodes of the swarm; 0 when this engine does not manage one')),
  managers: v.number(),
});

/** The part of the answer that we read. */
interface Info {
  readonly Name: string;
  readonly ServerVersion: string;
  readonly Containers: number;
  readonly ContainersRunning: number;
  readonly Images: number;
  readonly Driver: string;
  readonly OperatingSystem: string;
  readonly KernelVersion: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly Swarm?: {readonly LocalNodeState?: string; readonly Nodes?: number; readonly Managers?: number};
}

const text = (info: Info): string =>
  [
    `Containers: ${info.Containers} (${info.ContainersRunning} running)`,
    `Images: ${info.Images}`,
    `Server Version: ${info.ServerVersion}`,
    `Storage Driver: ${info.Driver}`,
    `Swarm: ${info.Swarm?.LocalNodeState ?? 'inactive'}`,
    ...(info.Swarm?.Nodes ? [` Managers: ${info.Swarm.Managers}`, ` Nodes: ${info.Swarm.Nodes}`] : []),
    `Kernel Version: ${info.KernelVersion}`,
    `Operating System: ${info.OperatingSystem}`,
    `CPUs: ${info.NCPU}`,
    `Total Memory: ${(info.MemTotal / 2 ** 30).toFixed(2)}GiB`,
    `Name: ${info.Name}`,
    '',
  ].join('\n');

const format = (template: string) => (_: object, site: Site) => sh`${dockerCommand(site)} info -f ${template}`;

/** What an engine tells of itself. */
export default defineStepType({
  name: 'docker.info',
  about: 'Asks the Docker Engine about itself, and about its swarm.',
  options: v.strictObject({}),
  outputs,
  effect: 'reads',

  command: (_, site) => sh`${dockerCommand(site)} info`,

  async run(_, context) {
    const docker = await dockerClient(context);
    const info: Info = await docker.ask((api) => api.info());
    context.output(text(info));
    return {
      json: info,
      name: info.Name,
      serverVersion: info.ServerVersion,
      containers: info.Containers,
      swarm: info.Swarm?.LocalNodeState ?? 'inactive',
      nodes: info.Swarm?.Nodes ?? 0,
      managers: info.Swarm?.Managers ?? 0,
    };
  },

  changes: (_, context) => dockerEvents(context, {type: ['node', 'daemon', 'container']}),

  shell: {
    outputs: {
      json: format('{{json .}}'),
      name: format('{{.Name}}'),
      serverVersion: format('{{.ServerVersion}}'),
      containers: format('{{.Containers}}'),
      swarm: format('{{.Swarm.LocalNodeState}}'),
      nodes: format('{{.Swarm.Nodes}}'),
      managers: format('{{.Swarm.Managers}}'),
    },
  },
});
