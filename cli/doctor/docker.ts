import {userInfo} from 'node:os';
import {ask, firstLine} from './ask.ts';
import {askEngine, socketOf} from './endpoint.ts';
import type {Endpoint, Finding, Machine} from './finding.ts';
import {isAtLeast, versionOf} from './version.ts';

const OLDEST_DOCKER = '20.10';
const DOCTOR = 'runbook doctor --fix';

/** What to type to get Docker here, and whether our script can do it. */
const getDocker = async (machine: Machine): Promise<Pick<Finding, 'fix' | 'fixable'>> => {
  if (process.platform === 'win32') {
    return {fix: ['install Docker Desktop, start it, and wait until it says that the engine runs'], fixable: false};
  }
  const how = await ask(machine, 'sh', machine.provision, 'how');
  if (how.code === 0) return {fix: [DOCTOR], fixable: true};
  return {fix: how.stdout.trim().split('\n'), fixable: false};
};

/** The `docker` command, new enough. */
export const checkDocker = async (machine: Machine): Promise<Finding[]> => {
  const check = {name: 'docker', need: `Docker ${OLDEST_DOCKER} or later`, required: true};
  const answer = await ask(machine, 'docker', '--version');
  if (answer.ended === 'none') {
    return [{...check, ok: false, found: 'no docker command', ...(await getDocker(machine))}];
  }
  const version = answer.stdout.startsWith('Docker version') ? versionOf(answer.stdout) : undefined;
  if (version && isAtLeast(version, OLDEST_DOCKER)) return [{...check, ok: true, found: version, fixable: false}];
  const found = version ?? (firstLine(answer.stdout + answer.stderr) || 'a docker command that says nothing');
  return [{...check, ok: false, found, fix: ['install a newer Docker'], fixable: false}];
};

/** The engine: it answers, it is new enough, and we may talk to it. */
export const checkDaemon = async (machine: Machine, endpoint: Endpoint): Promise<Finding[]> => {
  const where = `${endpoint.host} (${endpoint.from})`;
  const check = {name: 'docker-daemon', need: `Docker Engine ${OLDEST_DOCKER} or later that answers`, required: true};
  if (endpoint.problem !== undefined) {
    const fix = ['choose another context: docker context ls, docker context use NAME, unset DOCKER_CONTEXT'];
    return [{...check, ok: false, found: endpoint.problem, fix, fixable: false}];
  }
  const response = await askEngine(machine, endpoint);
  switch (response.kind) {
    case 'answers': {
      const ok = isAtLeast(response.version, OLDEST_DOCKER);
      const fix = ok ? {} : {fix: ['install a newer Docker Engine']};
      return [{...check, ok, found: `${response.version} at ${where}`, ...fix, fixable: false}];
    }
    case 'forbidden':
      return [await forbidden(machine, where)];
    case 'silent': {
      const found = `it takes connections at ${where}, but did not answer within ${machine.limitMs / 1000} s`;
      return [{...check, ok: false, found, fix: unstick(endpoint), fixable: false}];
    }
    case 'absent': {
      const found = `no answer at ${where}: ${response.why}`;
      return [{...check, ok: false, found, ...(await startEngine(machine, endpoint))}];
    }
  }
};

/** Whether it is the engine that `env/provision/docker.sh` starts. */
const isUsual = (endpoint: Endpoint): boolean => /^(\/var)?\/run\/docker\.sock$/.test(socketOf(endpoint) ?? '');

const startEngine = async (machine: Machine, endpoint: Endpoint): Promise<Pick<Finding, 'fix' | 'fixable'>> => {
  if (endpoint.from === 'DOCKER_HOST') {
    return {fix: ['start that engine, or use the one of this machine: unset DOCKER_HOST'], fixable: false};
  }
  if (isUsual(endpoint)) return getDocker(machine);
  return {fix: ['start that engine, or use another: docker context ls, docker context use NAME'], fixable: false};
};

const unstick = (endpoint: Endpoint): string[] =>
  isUsual(endpoint) && process.platform === 'linux'
    ? [
        'see what it does: journalctl -u docker, or /var/log/dockerd.log',
        'start it again: sudo systemctl restart docker',
      ]
    : ['start that engine again, or use another: docker context ls, docker context use NAME'];

const forbidden = async (machine: Machine, where: string): Promise<Finding> => {
  const user = userInfo().username;
  const groups = await ask(machine, 'id', '-nG', user);
  const isMember = groups.stdout.trim().split(' ').includes('docker');
  const relogin = 'log in again, or in this terminal: newgrp docker';
  return {
    name: 'docker-permission',
    ok: false,
    need: 'permission to use the socket of the daemon',
    found: `${user} may not use ${where}${isMember ? ', though a new login may: it is in the group docker' : ''}`,
    fix: isMember ? [relogin] : [`sudo usermod -aG docker ${user}`, relogin],
    fixable: !isMember && (await getDocker(machine)).fixable,
    required: true,
  };
};
