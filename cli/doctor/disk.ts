import {accessSync, constants, existsSync, statSync} from 'node:fs';
import {statfs} from 'node:fs/promises';
import {dirname} from 'node:path';
import {ask, firstLine} from './ask.ts';
import {socketOf} from './endpoint.ts';
import type {Endpoint, Finding, Machine} from './finding.ts';

const GB = 1e9;
const DOCKER_NEEDS = 2 * GB;
const STATE_NEEDS = GB / 10;

const freeBytes = async (path: string): Promise<number | undefined> => {
  try {
    const {bavail, bsize} = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined; // not on this machine, as with Docker Desktop, or not ours to see
  }
};

const inGb = (bytes: number): string => `${(bytes / GB).toFixed(1)} GB`;

/** Room where Docker keeps images and containers; known only for an engine on this machine. */
export const checkDockerDisk = async (machine: Machine, endpoint: Endpoint): Promise<Finding[]> => {
  if (socketOf(endpoint) === undefined) return [];
  const answer = await ask(machine, 'docker', 'info', '--format', '{{.DockerRootDir}}');
  const folder = firstLine(answer.stdout);
  const free = answer.code === 0 && folder ? await freeBytes(folder) : undefined;
  if (free === undefined) return [];
  const ok = free >= DOCKER_NEEDS;
  const check = {name: 'docker-disk', need: `${inGb(DOCKER_NEEDS)} free`, fixable: false, required: false};
  return [{...check, ok, found: `${inGb(free)} free in ${folder}`, ...(ok ? {} : {fix: ['docker system prune']})}];
};

const nearestExisting = (path: string): string => {
  if (existsSync(path) || path === dirname(path)) return path;
  return nearestExisting(dirname(path));
};

const mayWrite = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
};

/** Room and permission where runs are kept. */
export const checkState = async (machine: Machine): Promise<Finding[]> => {
  const folder = nearestExisting(machine.stateDir);
  const free = await freeBytes(folder);
  const check = {
    name: 'state',
    need: `a folder to write in, ${inGb(STATE_NEEDS)} free`,
    fixable: false,
    required: true,
  };
  if (!mayWrite(folder)) {
    const fix = ['choose another folder: RUNBOOK_STATE_DIR, or --state-dir'];
    return [{...check, ok: false, found: `${folder} is no folder to write in`, fix}];
  }
  if (free === undefined) return [{...check, ok: true, found: machine.stateDir}];
  const ok = free >= STATE_NEEDS;
  const fix = ok
    ? {}
    : {fix: [`make room in ${folder}`, 'or choose another folder: RUNBOOK_STATE_DIR, or --state-dir']};
  return [{...check, ok, found: `${machine.stateDir}, ${inGb(free)} free`, ...fix}];
};
