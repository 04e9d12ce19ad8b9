import {execFile, spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {chmod, mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {whyNoEngine} from './docker-engine.ts';
import type {StepRig} from './step-rig.ts';

const run = promisify(execFile);

/** Why there can be no host to log in to; undefined where there can. */
export const whyNoHost = (): string | undefined =>
  whyNoEngine() ?? (existsSync('/usr/sbin/sshd') ? undefined : 'not installed: sshd');

/** A host with a real sshd, in a network of its own, and an `ssh` in the rig's PATH that knows it and its key. */
export const startHost = async (rig: StepRig): Promise<{host: string; address: string; log(): Promise<string>}> => {
  const folder = join(rig.dir, 'host');
  await mkdir(folder);
  for (const key of ['host_key', 'id']) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
  }
  await writeFile(join(folder, 'authorized_keys'), await readFile(join(folder, 'id.pub')));

  const third = Math.floor(Math.random() * 250) + 1;
  const [gateway, address] = [`10.231.${third}.1`, `10.231.${third}.2`];
  const script = fileURLToPath(new URL('ssh-host.sh', import.meta.url));
  // its input is the leash: it ends when we do
  const child = spawn('sh', [script, folder, address, gateway], {stdio: ['pipe', 'pipe', 'inherit'], detached: true});
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  rig.cleanup(async () => {
    child.stdin.end();
    await ended;
  });
  for await (const line of createInterface({input: child.stdout})) if (line === 'answers') break;

  const known = (await readFile(join(folder, 'host_key.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
  await writeFile(join(folder, 'known_hosts'), `[${address}]:2222 ${known}\n`);
  const config = [
    `IdentityFile ${join(folder, 'id')}`,
    `UserKnownHostsFile ${join(folder, 'known_hosts')}`,
    'StrictHostKeyChecking yes',
    'IdentitiesOnly yes',
  ];
  await writeFile(join(folder, 'config'), `Host *\n${config.map((line) => `  ${line}\n`).join('')}`);
  const program = join(rig.dir, 'bin', 'ssh');
  await writeFile(program, `#!/bin/sh\nexec /usr/bin/ssh -F ${join(folder, 'config')} "$@"\n`);
  await chmod(program, 0o755);
  return {host: `root@${address}:2222`, address, log: () => readFile(join(folder, 'sshd.log'), 'utf8')};
};
