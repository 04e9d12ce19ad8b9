import {hasVariable, quote, sh} from '../../engine/sh.ts';
import type {Site} from '../../engine/step-type.ts';
import {dockerCommand} from './docker.ts';
import type {RunOptions} from './docker-run-options.ts';
import {bindSource} from './docker-run-spec.ts';

type Flag = readonly string[];
type Setting = readonly [string, string | number | boolean];

const one = (name: string, value: string | undefined): Flag[] => (value === undefined ? [] : [[name, value]]);
const each = (name: string, values: readonly string[]): Flag[] => values.map((value) => [name, value]);
const on = (name: string, given: boolean): Flag[] => (given ? [[name]] : []);
const isSecret = ([, value]: Setting): boolean => hasVariable(String(value));

/** `-e NAME` takes the value from the environment: a secret shows in no list of processes. */
export const envFlags = (env: RunOptions['env']): Flag[] =>
  Object.entries(env).map((setting) => ['-e', isSecret(setting) ? setting[0] : setting.join('=')]);

/** What stands before a command so that `-e NAME` finds its secrets: `TOKEN="$token" docker run ...`. */
export const secretAssignments = (env: RunOptions['env']): string =>
  Object.entries(env)
    .filter(isSecret)
    .map(([name, value]) => `${name}=${quote(String(value))} `)
    .join('');

const flags = (given: RunOptions, site: Site): Flag[] => [
  ...one('--name', given.name),
  ...one('-h', given.hostname),
  ...one('--network', given.network),
  ...each('--network-alias', given.aliases),
  ...one('--ip', given.ip),
  ...each('-p', given.ports),
  ...each(
    '-v',
    given.volumes.map((volume) => bindSource(volume, site.dir)),
  ),
  ...envFlags(given.env),
  ...each(
    '-l',
    Object.entries(given.labels).map(([name, value]) => `${name}=${value}`),
  ),
  ...(given.restart === 'no' ? [] : one('--restart', given.restart)),
  ...one('-u', given.user),
  ...one('-w', given.workdir),
  ...on('--privileged', given.privileged),
  ...each('--cap-add', given.cap_add),
  ...each('--cap-drop', given.cap_drop),
  ...each('--security-opt', given.security_opt),
  ...one('--cgroupns', given.cgroupns),
  ...each('--device-cgroup-rule', given.device_cgroup_rules),
  ...each('--tmpfs', given.tmpfs),
  ...each('--add-host', given.extra_hosts),
  ...on('--init', given.init),
  ...on('-i', given.interactive),
  ...on('-t', given.tty),
  ...one('--health-cmd', given.health_cmd),
  ...(given.health_cmd === undefined ? [] : one('--health-interval', given.health_interval)),
  ...one('--entrypoint', given.entrypoint),
];

/** Longer lines are folded, a few flags a line. */
const WIDTH = 100;

/** Words as one command line, folded. */
export const fold = (words: readonly string[]): string => {
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length >= WIDTH) lines.push(`  ${word}`);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(' \\\n');
};

/** The `docker run -d` line that makes this container. */
export const runCommand = (given: RunOptions, site: Site): string => {
  const words = flags(given, site).map((flag) => sh`${flag}`);
  const rest = [given.image, ...(given.command ?? [])].map((word) => quote(String(word)));
  return secretAssignments(given.env) + fold([sh`${dockerCommand(site)} run -d`, ...words, ...rest]);
};
