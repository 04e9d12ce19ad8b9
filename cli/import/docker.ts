import {dockerRun} from './docker-run.ts';
import {readFlags} from './flags.ts';
import {given, type Mapping, pairs} from './mapped.ts';
import {service, stack, swarm} from './swarm.ts';

/** A command of Docker, without the word `docker`. */
export const docker = (words: readonly string[]): Mapping => {
  const globals = readFlags(words, {values: ['-c|--context']}, true);
  if (globals.unknown !== undefined) return undefined;
  const on = globals.last('--context');
  const [verb = '', ...rest] = globals.rest[0] === 'container' ? globals.rest.slice(1) : globals.rest;
  const mapping = Object.hasOwn(VERBS, verb) ? VERBS[verb]?.(rest) : undefined;
  return mapping !== undefined && 'uses' in mapping && on !== undefined ? {...mapping, on} : mapping;
};

const pull = (words: readonly string[]): Mapping => {
  const flags = readFlags(words, {values: ['--platform'], switches: ['-q|--quiet']});
  const [image] = flags.rest;
  if (image === undefined || flags.unknown !== undefined || flags.rest.length > 1) return undefined;
  const options = given({image, platform: flags.last('--platform')});
  return {
    uses: 'docker.pull',
    id: `pull_${image.split('/').at(-1)}`,
    title: `Pull ${image}`,
    with: options,
    value: 'ref',
  };
};

const ps = (words: readonly string[]): Mapping => {
  const flags = readFlags(words, {values: ['-f|--filter'], switches: ['-a|--all', '--no-trunc', '-s|--size']});
  if (flags.unknown !== undefined || flags.rest.length > 0) return undefined;
  const filter = new Map<string, string[]>();
  for (const [key, value] of flags.all('--filter').flatMap((one) => Object.entries(pairs([one]))))
    filter.set(key, [...(filter.get(key) ?? []), value]);
  return {
    uses: 'docker.ps',
    id: 'containers',
    title: 'See the containers',
    with: given({all: flags.has('--all'), filter: Object.fromEntries(filter)}),
  };
};

const info = (words: readonly string[]): Mapping =>
  words.length > 0 ? undefined : {uses: 'docker.info', id: 'engine', title: 'See what the engine tells of itself'};

const ADDRESS =
  /^\{\{\s*(\.NetworkSettings\.IPAddress|range \.NetworkSettings\.Networks\s*\}\}\s*\{\{\s*\.IPAddress\s*\}\}\s*\{\{\s*end)\s*\}\}$/;

const inspect = (words: readonly string[], kind?: string): Mapping => {
  const flags = readFlags(words, {values: ['-f|--format', '--type']});
  const [name] = flags.rest;
  const format = flags.last('--format');
  if (name === undefined || flags.unknown !== undefined || flags.rest.length > 1) return undefined;
  if (format !== undefined && !ADDRESS.test(format)) return undefined;
  const show = format === undefined ? undefined : 'ip';
  return {
    uses: 'docker.inspect',
    id: show === 'ip' ? `${name}_address` : `inspect_${name}`,
    title: show === 'ip' ? `See the address of ${name}` : `Look at ${name}`,
    with: given({name, kind: kind ?? flags.last('--type'), show}),
    ...(show === 'ip' ? {value: 'ip', expect: 'result.ip != ""'} : {}),
  };
};

const logs = (words: readonly string[]): Mapping => {
  const flags = readFlags(words, {values: ['-n|--tail', '--since']});
  const [container] = flags.rest;
  if (flags.unknown !== undefined || container === undefined || flags.rest.length > 1) return undefined;
  const tail = flags.last('--tail');
  if (tail !== undefined && !/^\d+$/.test(tail)) return undefined;
  const options = given({container, tail: tail === undefined ? undefined : Number(tail), since: flags.last('--since')});
  return {uses: 'docker.logs', id: `logs_${container}`, title: `Read what ${container} has printed`, with: options};
};

const exec = (words: readonly string[]): Mapping => {
  const table = {values: ['-e|--env', '-u|--user', '-w|--workdir'], switches: ['-i|--interactive', '-t|--tty']};
  const flags = readFlags(words, table, true);
  const [container, ...command] = flags.rest;
  if (flags.unknown !== undefined) return {refused: `docker.exec has no option for ${flags.unknown}`};
  if (container === undefined || command.length === 0) return undefined;
  return {
    uses: 'docker.exec',
    id: `${container}_${command[0]?.split('/').at(-1)}`,
    title: `Run ${command.slice(0, 2).join(' ')} in ${container}`,
    with: given({
      container,
      command,
      env: pairs(flags.all('--env')),
      user: flags.last('--user'),
      workdir: flags.last('--workdir'),
    }),
  };
};

const build = (words: readonly string[]): Mapping => {
  const flags = readFlags(words, {values: ['-t|--tag', '-f|--file', '--build-arg', '--target', '--label']});
  const [context] = flags.rest;
  const [tag] = flags.all('--tag');
  if (flags.unknown !== undefined) return {refused: `docker.build has no option for ${flags.unknown}`};
  if (context === undefined || tag === undefined || flags.all('--tag').length > 1 || /^(https?:|git)/.test(context))
    return undefined;
  return {
    uses: 'docker.build',
    id: `build_${tag}`,
    title: `Build the image ${tag}`,
    value: 'ref',
    with: given({
      tag,
      context,
      dockerfile: flags.last('--file'),
      args: pairs(flags.all('--build-arg')),
      labels: pairs(flags.all('--label')),
      target: flags.last('--target'),
    }),
    decide: [`the folder "${context}" is looked for beside the runbook’s file`],
  };
};

const rm = (words: readonly string[]): Mapping => {
  const flags = readFlags(words, {switches: ['-f|--force', '-v|--volumes']});
  if (flags.unknown !== undefined || !flags.has('--force') || flags.rest.length === 0) return undefined;
  const names = flags.rest;
  return {
    uses: 'docker.rm',
    id: `remove_${names.length > 3 ? 'containers' : names.join('_')}`,
    title: `Remove ${names.join(', ')}`,
    with: {containers: names},
  };
};

const network = ([verb, ...words]: readonly string[]): Mapping => {
  if (verb === 'inspect') return inspect(words, 'network');
  if (verb !== 'create') return undefined;
  const flags = readFlags(words, {values: ['-d|--driver', '--subnet'], switches: ['--internal', '--attachable']});
  const [name] = flags.rest;
  if (flags.unknown !== undefined) return {refused: `docker.network has no option for ${flags.unknown}`};
  if (name === undefined || flags.rest.length > 1) return undefined;
  return {
    uses: 'docker.network',
    id: `network_${name}`,
    title: `Make the network ${name}`,
    value: 'id',
    with: given({
      name,
      driver: flags.last('--driver'),
      subnet: flags.last('--subnet'),
      internal: flags.has('--internal'),
      attachable: flags.has('--attachable'),
    }),
  };
};

const node = ([verb, ...words]: readonly string[]): Mapping =>
  verb === 'ls' && words.length === 0
    ? {uses: 'swarm.nodes', id: 'nodes', title: 'See the nodes of the swarm'}
    : verb === 'promote' && words.length === 1
      ? {uses: 'swarm.promote', id: `promote_${words[0]}`, title: `Make ${words[0]} a manager`, with: {node: words[0]}}
      : undefined;

const VERBS: Readonly<Record<string, (words: readonly string[]) => Mapping>> = {
  run: dockerRun,
  pull,
  ps,
  ls: ps,
  info,
  inspect,
  logs,
  exec,
  build,
  rm,
  network,
  node,
  swarm,
  service,
  stack,
};
