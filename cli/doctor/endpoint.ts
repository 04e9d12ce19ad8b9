import {get} from 'node:http';
import {ask, firstLine} from './ask.ts';
import type {Endpoint, Machine} from './finding.ts';

/** Where the user's `docker` would go; asked of the command itself, which knows contexts and environment best. */
export const findEndpoint = async (machine: Machine): Promise<Endpoint> => {
  const shown = await ask(machine, 'docker', 'context', 'inspect', '--format', '{{.Name}} {{.Endpoints.docker.Host}}');
  const [context, host] = firstLine(shown.stdout).split(' ');
  if (machine.env.DOCKER_HOST) return {host: host || machine.env.DOCKER_HOST, from: 'DOCKER_HOST'};
  if (shown.code === 0 && context && host) return {host, from: `context ${context}`};
  const usual = {host: 'unix:///var/run/docker.sock', from: 'default'};
  return shown.ended === 'yes' && shown.code !== 0 ? {...usual, problem: firstLine(shown.stderr)} : usual;
};

/** The path of its socket, where the engine has one on this machine. */
export const socketOf = (endpoint: Endpoint): string | undefined =>
  endpoint.host.startsWith('unix://') ? endpoint.host.slice('unix://'.length) : undefined;

/** What an engine said of its version. */
export type Response =
  | {readonly kind: 'answers'; readonly version: string}
  | {readonly kind: 'forbidden'}
  | {readonly kind: 'silent'}
  | {readonly kind: 'absent'; readonly why: string};

/** Asks the engine for its version: by its socket where it has one, so that we see why not; else by `docker`. */
export const askEngine = (machine: Machine, endpoint: Endpoint): Promise<Response> => {
  const socket = socketOf(endpoint);
  return socket === undefined ? askByCommand(machine) : askBySocket(socket, machine.limitMs);
};

const REASONS: Readonly<Record<string, Response>> = {
  EACCES: {kind: 'forbidden'},
  EPERM: {kind: 'forbidden'},
  ENOENT: {kind: 'absent', why: 'there is no such socket'},
  ECONNREFUSED: {kind: 'absent', why: 'nobody listens on the socket'},
};

const askBySocket = (socketPath: string, limitMs: number): Promise<Response> =>
  new Promise((resolve) => {
    const late = setTimeout(() => request.destroy(Object.assign(new Error(), {code: 'late'})), limitMs);
    const settle = (response: Response) => {
      clearTimeout(late);
      resolve(response);
    };
    const request = get({socketPath, path: '/version', agent: false}, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('error', () => settle({kind: 'silent'}));
      response.on('end', () => settle(versionIn(body)));
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      settle(
        error.code === 'late' ? {kind: 'silent'} : (REASONS[error.code ?? ''] ?? {kind: 'absent', why: error.message}),
      ),
    );
  });

const versionIn = (body: string): Response => {
  try {
    const {Version} = JSON.parse(body);
    if (typeof Version === 'string') return {kind: 'answers', version: Version};
  } catch {
    // not an engine: said below
  }
  return {kind: 'absent', why: 'what listens on the socket is no Docker Engine'};
};

const askByCommand = async (machine: Machine): Promise<Response> => {
  const answer = await ask(machine, 'docker', 'version', '--format', '{{.Server.Version}}');
  if (answer.ended === 'late') return {kind: 'silent'};
  if (answer.ended === 'none') return {kind: 'absent', why: 'it needs the docker command, which is not there'};
  if (answer.code === 0) return {kind: 'answers', version: firstLine(answer.stdout)};
  return {kind: 'absent', why: firstLine(answer.stderr)};
};
