import {once} from 'node:events';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import type {StepRig} from './step-rig.ts';

/** What a test's server was asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (asked: Asked, response: http.ServerResponse) => unknown;

const textOf = async (request: http.IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

/** A web server on a free port of the loopback, for as long as the test runs. */
export const serve = async (rig: StepRig, answer: Answer) => {
  const asked: Asked[] = [];
  const server = http.createServer(async (request, response) => {
    const {method = '', url: path = '', headers} = request;
    const one = {method, path, headers, body: await textOf(request).catch(() => '')};
    asked.push(one);
    await answer(one, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  rig.cleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked};
};
