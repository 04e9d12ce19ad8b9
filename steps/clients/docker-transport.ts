import http from 'node:http';
import https from 'node:https';
import type {StepContext} from '../../engine/step-type.ts';
import type {Endpoint} from './docker-endpoint.ts';
import {sshAgent} from './docker-ssh.ts';

/**
 * A connection on which nothing comes is probed after half a minute, and given up ten seconds later: an engine that went
 * away without a word is found out, a network that was away for less is not. Idle ones are closed after five seconds.
 */
const PATIENT = {keepAlive: true, keepAliveMsecs: 30_000, timeout: 5000};

/** How Node's HTTP client, and dockerode with it, gets to an engine. */
export const transport = ({host, tls}: Endpoint, env: StepContext['env']): object => {
  if (host.startsWith('unix://')) return {socketPath: host.slice('unix://'.length)};
  if (host.startsWith('ssh://')) return {host: 'docker', port: 80, agent: sshAgent(host, env)};
  const {hostname, port} = new URL(host);
  if (!tls) return {host: hostname, port: port || 2375, agent: new http.Agent(PATIENT)};
  const {verify, ...certificates} = tls;
  const agent = new https.Agent({...PATIENT, rejectUnauthorized: verify});
  return {host: hostname, port: port || 2376, protocol: 'https', agent, ...certificates};
};
