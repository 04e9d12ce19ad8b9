// Runs in another network: a Docker Engine behind mutual TLS (a front to the engine's own socket), and a web server.
import http from 'node:http';
import net from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import tls from 'node:tls';

const {there, socket, ca, cert, key} = JSON.parse(process.argv[2] ?? '');

const front = tls.createServer({ca, cert, key, requestCert: true, rejectUnauthorized: true}, (client) => {
  const engine = net.connect(socket);
  client.pipe(engine).pipe(client);
  client.on('error', () => engine.destroy());
  engine.on('error', () => client.destroy());
});

const web = http.createServer(async ({url = ''}, response) => {
  response.on('error', () => {});
  if (url === '/half') response.writeHead(200, {'content-length': 100}).write('half');
  else {
    if (url === '/slow') await sleep(3000);
    response.end('whole\n');
  }
});

front.listen(2376, there, () => web.listen(8080, there, () => console.log('ready')));
