import {ask} from './ask.ts';
import {socketOf} from './endpoint.ts';
import type {Endpoint, Finding, Machine} from './finding.ts';
import {isTaken, ownerOf, type Protocol} from './listeners.ts';

interface PortToLookAt {
  readonly port: number;
  readonly protocols: readonly Protocol[];
}

/** The ports that the tutorial's cluster publishes. */
const CLUSTER_PORTS: readonly PortToLookAt[] = [
  {port: 8400, protocols: ['tcp']},
  {port: 8500, protocols: ['tcp']},
  {port: 8600, protocols: ['tcp', 'udp']},
];

/** A container that publishes a port. */
interface Publisher {
  readonly name: string;
  /** The runbook that made it; none of ours has none. */
  readonly runbook: string | undefined;
  /** As `docker ps` shows them: `0.0.0.0:8500->8500/tcp, ...` */
  readonly ports: string;
}

const FORMAT = '{{.Names}}\t{{.Label "io.runbook.runbook"}}\t{{.Ports}}';

const publishers = async (machine: Machine, ports: readonly PortToLookAt[]): Promise<Publisher[]> => {
  const places = ports.flatMap(({port, protocols}) => protocols.map((protocol) => `${port}/${protocol}`));
  const filters = places.flatMap((place) => ['--filter', `publish=${place}`]);
  const answer = await ask(machine, 'docker', 'ps', ...filters, '--format', FORMAT);
  if (answer.code !== 0) return [];
  return answer.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', runbook = '', ports = ''] = line.split('\t');
      return {name, runbook: runbook || undefined, ports};
    });
};

/** Whether a container publishes a port; `docker ps` joins neighbours: `0.0.0.0:8500-8501->...`. */
const publishes = ({ports}: Publisher, port: number, protocol: Protocol): boolean =>
  ports.split(', ').some((text) => {
    const [, from, to, kind] = /:(\d+)(?:-(\d+))?->.*\/(\w+)$/.exec(text) ?? [];
    return kind === protocol && Number(from) <= port && port <= Number(to ?? from);
  });

/** The ports that the cluster publishes: free, or taken by our own cluster. Known only for an engine on this machine. */
export const checkPorts = async (
  machine: Machine,
  endpoint: Endpoint,
  ports: readonly PortToLookAt[] = CLUSTER_PORTS,
): Promise<Finding[]> => {
  if (socketOf(endpoint) === undefined) return [];
  const containers = await publishers(machine, ports);
  const findings = ports.map(async ({port, protocols}): Promise<Finding> => {
    const looks = await Promise.all(protocols.map((protocol) => lookAt(port, protocol, containers)));
    const conflict = looks.find(({ok}) => !ok);
    const use = conflict ?? looks.find(({found}) => found !== 'free') ?? {ok: true, found: 'free'};
    return {name: `port-${port}`, need: 'free, or used by our own cluster', ...use, fixable: false, required: false};
  });
  return Promise.all(findings);
};

const lookAt = async (
  port: number,
  protocol: Protocol,
  containers: readonly Publisher[],
): Promise<Pick<Finding, 'ok' | 'found' | 'fix'>> => {
  const container = containers.find((candidate) => publishes(candidate, port, protocol));
  if (container?.runbook) {
    return {ok: true, found: `in use by our own container ${container.name} (runbook ${container.runbook})`};
  }
  if (container) {
    return {
      ok: false,
      found: `${protocol} in use by the container ${container.name}`,
      fix: [`docker stop ${container.name}`],
    };
  }
  if (!(await isTaken(port, protocol))) return {ok: true, found: 'free'};
  const owner = ownerOf(port, protocol);
  if (!owner) {
    return {ok: false, found: `${protocol} in use by another user's process`, fix: [`sudo ss -lnp 'sport = :${port}'`]};
  }
  const found = `${protocol} in use by ${owner.name} (process ${owner.pid})`;
  return {ok: false, found, fix: [`kill ${owner.pid}`]};
};
