import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import type {Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as assert from 'uvu/assert';
import type {Finding, Machine} from '../cli/doctor/doctor.ts';

const provision = fileURLToPath(new URL('../env/provision/docker.sh', import.meta.url));

/** A machine with a folder of its own, and what the test says is different about it. */
export const onMachine =
  (body: (machine: Machine, dir: string) => Promise<void>, limitMs = 3000) =>
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'doctor-'));
    const env = {PATH: process.env.PATH, HOME: dir};
    try {
      await body({env, stateDir: join(dir, '.runbook'), provision, limitMs}, dir);
    } finally {
      await rm(dir, {recursive: true, force: true});
    }
  };

export const only = (findings: readonly Finding[], name: string): Finding => {
  const finding = findings.find((candidate) => candidate.name === name);
  assert.ok(finding, `a finding of ${name}`);
  return finding as Finding;
};

export const listening = async (server: Server, where: string | number): Promise<Server> => {
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return server;
};

export const script = async (path: string, text: string): Promise<void> => {
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
};
