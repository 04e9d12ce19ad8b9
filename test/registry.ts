import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {createServer, type Server} from 'node:http';
import {gzipSync} from 'node:zlib';

/**
 * An image registry with one image, `app:1`, for anybody, or for user:password. Started as a program it prints its port;
 * dockerd talks plain HTTP to registries on 127.0.0.1.
 */
const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const emptyTar = Buffer.alloc(1024);
const layer = gzipSync(emptyTar);
const config = Buffer.from(
  JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: {Cmd: ['/none']},
    rootfs: {type: 'layers', diff_ids: [digestOf(emptyTar)]},
    history: [{created: '2026-01-01T00:00:00Z', created_by: 'test'}],
  }),
);

const part = (mediaType: string, bytes: Buffer) => ({mediaType, size: bytes.length, digest: digestOf(bytes)});
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: part('application/vnd.docker.container.image.v1+json', config),
    layers: [part('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
  }),
);

const NAME = /^\/v2\/app\//;
const CREDENTIALS = `Basic ${Buffer.from('user:password').toString('base64')}`;

const answer = (path: string): Buffer | undefined => {
  if (path === '/v2/') return Buffer.from('{}');
  if (!NAME.test(path)) return undefined;
  const rest = path.replace(NAME, '');
  if (rest === 'manifests/1' || rest === `manifests/${digestOf(manifest)}`) return manifest;
  return [config, layer].find((bytes) => rest === `blobs/${digestOf(bytes)}`);
};

export const startRegistry = async (isPrivate: boolean): Promise<Server> => {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (isPrivate && request.headers.authorization !== CREDENTIALS) {
      response.writeHead(401, {'www-authenticate': 'Basic realm="test"'}).end();
      return;
    }
    const bytes = answer(path);
    const type = bytes === manifest ? MANIFEST : 'application/json';
    response.writeHead(bytes ? 200 : 404, {'content-type': type, 'docker-distribution-api-version': 'registry/2.0'});
    const unknown = JSON.stringify({errors: [{code: 'MANIFEST_UNKNOWN', message: 'manifest unknown'}]});
    response.end(request.method === 'HEAD' ? undefined : (bytes ?? unknown));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

if (process.argv[1]?.endsWith('registry.ts')) {
  const server = await startRegistry(process.argv[2] === 'private');
  const address = server.address();
  process.stdout.write(typeof address === 'object' ? `${address?.port}\n` : '');
  // It ends with whoever started it.
  process.stdin.on('close', () => process.exit()).resume();
}
