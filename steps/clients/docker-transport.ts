import {Agent} from 'node:https';
import type {StepContext} from '../../engine/step-type.ts';
import type {Endpoint} from './docker-endpoint.ts';
import {sshAgent} from './docker-ssh.ts';

/** How Node's HTTP client, and dockerode with it, gets to an engine. */
export const transport = ({host, tls}: Endpoint, env: StepContext['env']): object => {
  if (host.startsWith('unix://')) return {socketPath: host.slice('unix://'.length)};
  if (host.startsWith('ssh://')) return {host: 'docker', port: 80, agent: sshAgent(host, env)};
  const {hostname, port} = new URL(host);
  if (!tls) return {host: hostname, port: port || 2375};
  const {verify, ...certificates} = tls;
  const agent = verify ? undefined : new Agent({keepAlive: true, rejectUnauthorized: false});
  return {host: hostname, port: port || 2376, protocol: 'https', agent, ...certificates};
};
