import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import http, {type IncomingMessage, type RequestOptions, type ServerResponse} from 'node:http';
import https from 'node:https';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Duplex} from 'node:stream';
import {buffer} from 'node:stream/consumers';
import type {StepContext} from '../../engine/step-type.ts';
import {resolveEndpoint} from './docker-endpoint.ts';
import {transport} from './docker-transport.ts';
import type {Labels} from './labels.ts';

/** Requests that make something that can have labels, or write them anew. */
const MAKES =
  /^(?:\/v[\d.]+)?\/(?:(?:containers|networks|volumes|services|secrets|configs)\/create|services\/[^/]+\/update)(?:\?|$)/;

interface Body {
  Labels?: Labels | null;
  HostConfig?: {Mounts?: {Type?: string; Source?: string; VolumeOptions?: {Labels?: Labels}}[] | null};
}

/** The same request with our labels; volumes without a name, which a container gets as it is made, get them too. */
const labelled = (text: string, labels: Labels): string => {
  const body = JSON.parse(text) as Body;
  body.Labels = {...body.Labels, ...labels};
  for (const mount of body.HostConfig?.Mounts ?? [])
    if (mount.Type === 'volume' && !mount.Source)
      mount.VolumeOptions = {...mount.VolumeOptions, Labels: {...mount.VolumeOptions?.Labels, ...labels}};
  return JSON.stringify(body);
};

/** Where the requests go on to. */
interface Engine {
  readonly options: RequestOptions & {readonly protocol?: string};
  readonly labels: Labels;
}

const forward = ({options}: Engine, {method, url}: IncomingMessage, headers: readonly string[]): http.ClientRequest => {
  const {request} = options.protocol === 'https' ? https : http;
  const {protocol: _, ...place} = options;
  return request({...place, method, path: url, headers: [...headers]});
};

/** Without the headers that a body of another length belies. */
const headersFor = (asked: IncomingMessage, length: number): string[] => {
  const pairs = asked.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 0 && !/^(?:content-length|transfer-encoding)$/i.test(name) ? [name, all[index + 1] ?? ''] : [],
  );
  return [...pairs, 'Content-Length', String(length)];
};

const pass = async (engine: Engine, asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
  const changed =
    asked.method === 'POST' && MAKES.test(asked.url ?? '')
      ? Buffer.from(labelled(String(await buffer(asked)), engine.labels))
      : undefined;
  const request = forward(engine, asked, changed ? headersFor(asked, changed.length) : asked.rawHeaders);
  request.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, response.statusMessage, response.rawHeaders);
    response.pipe(answer);
    response.on('error', () => answer.destroy());
  });
  request.on('error', (error) => refuse(answer, error));
  answer.on('close', () => request.destroy());
  if (changed) request.end(changed);
  else asked.pipe(request);
};

const refuse = (answer: ServerResponse, error: Error): void => {
  if (answer.headersSent) answer.destroy();
  else
    answer
      .writeHead(502, {'Content-Type': 'application/json'})
      .end(JSON.stringify({message: `the engine does not answer: ${error.message}`}));
};

/** A connection that becomes something else than HTTP: a build's session, what a container prints. */
const splice = (engine: Engine, asked: IncomingMessage, client: Duplex, head: Buffer): void => {
  // Lists of headers of one name mean more than their values joined: they go on as they came.
  const request = forward(engine, asked, asked.rawHeaders);
  client.on('error', () => request.destroy());
  request.on('error', () => client.destroy());
  request.on('response', () => client.destroy());
  request.on('upgrade', (response, socket, rest) => {
    const lines = response.rawHeaders.flatMap((name, index, all) =>
      index % 2 === 0 ? [`${name}: ${all[index + 1]}\r\n`] : [],
    );
    client.write(`HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\n${lines.join('')}\r\n`);
    client.write(rest);
    socket.write(head);
    socket.on('error', () => client.destroy());
    client.on('error', () => socket.destroy());
    socket.on('close', () => client.destroy());
    client.on('close', () => socket.destroy());
    socket.pipe(client).pipe(socket);
  });
  request.end();
};

/**
 * For programs that make things by themselves (`docker compose`, `docker stack`) and would label none of them with ours:
 * what they say to the engine goes through a socket of our own, which adds the labels. They see no difference, and the
 * configuration that they compare later is the one that the file says.
 */
export const withLabels = async <T>(context: StepContext, act: (context: StepContext) => Promise<T>): Promise<T> => {
  const endpoint = await resolveEndpoint(context);
  const engine: Engine = {options: transport(endpoint, context.env), labels: context.labels};
  const folder = await mkdtemp(join(tmpdir(), 'runbook-'));
  const open = new Set<Duplex>();
  const server = http.createServer({requestTimeout: 0}, (asked, answer) => {
    pass(engine, asked, answer).catch((error: Error) => refuse(answer, error));
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('upgrade', (asked, socket, head) => splice(engine, asked, socket, head));
  try {
    const path = join(folder, 'docker.sock');
    server.listen(path);
    await once(server, 'listening');
    const {DOCKER_CONTEXT: _context, DOCKER_TLS: _tls, DOCKER_TLS_VERIFY: _verify, ...env} = context.env;
    return await act({...context, on: undefined, env: {...env, DOCKER_HOST: `unix://${path}`}});
  } finally {
    server.close();
    for (const socket of open) socket.destroy();
    await rm(folder, {recursive: true, force: true});
  }
};
