import {readFlags} from './flags.ts';
import {given, type Mapping, pairs} from './mapped.ts';

/** `docker swarm ...` */
export const swarm = ([verb = '', ...words]: readonly string[]): Mapping => {
  const values = ['--advertise-addr', '--listen-addr', '--availability', '--token'];
  const flags = readFlags(words, {values, switches: ['-f|--force', '-q|--quiet']});
  if (flags.unknown !== undefined) return {refused: `swarm.${verb} has no option for ${flags.unknown}`};
  const own = given({
    advertise_addr: flags.last('--advertise-addr'),
    listen_addr: flags.last('--listen-addr'),
    availability: flags.last('--availability'),
  });
  const [word] = flags.rest;
  switch (verb) {
    case 'init':
      return {uses: 'swarm.init', id: 'swarm', title: 'Form a swarm', with: own};
    case 'join': {
      const token = flags.last('--token');
      if (word === undefined || token === undefined) return undefined;
      const decide = ['join tokens differ each time: read it with a step swarm.join_token, and take its output'];
      return {uses: 'swarm.join', id: 'join', title: 'Join the swarm', with: {manager: word, token, ...own}, decide};
    }
    case 'join-token':
      if (word !== 'worker' && word !== 'manager') return undefined;
      return {uses: 'swarm.join_token', id: `${word}_token`, title: `Read the ${word}’s token`, with: {role: word}};
    case 'leave':
      return {uses: 'swarm.leave', id: 'leave', title: 'Leave the swarm', with: given({force: flags.has('--force')})};
    default:
      return undefined;
  }
};

/** `docker service ...` */
export const service = ([verb = '', ...words]: readonly string[]): Mapping => {
  if (verb === 'create') return create(words);
  const flags = readFlags(words, {});
  const [name = '', second] = flags.rest;
  if (flags.unknown !== undefined || name === '' || second !== undefined) return undefined;
  if (verb === 'ps') return {uses: 'service.ps', id: `tasks_${name}`, title: `See the tasks of ${name}`, with: {name}};
  if (verb === 'rm')
    return {uses: 'service.remove', id: `remove_${name}`, title: `Remove the service ${name}`, with: {name}};
  const scaled = /^([^=]+)=(\d+)$/.exec(name);
  if (verb !== 'scale' || scaled === null) return undefined;
  const [, scaledName = '', count] = scaled;
  return {
    uses: 'service.scale',
    id: `scale_${scaledName}`,
    title: `Run ${count} of ${scaledName}`,
    with: {name: scaledName, replicas: Number(count)},
  };
};

const create = (words: readonly string[]): Mapping => {
  const values = [
    '--name',
    '--replicas',
    '-p|--publish',
    '--constraint',
    '-e|--env',
    '--network',
    '--mode',
    '-l|--label',
  ];
  const flags = readFlags(words, {values, switches: ['-d|--detach']}, true);
  const [image, ...command] = flags.rest;
  const name = flags.last('--name');
  const mode = flags.last('--mode');
  const publish = flags.all('--publish').map((one) => /^(\d+):(\d+)(?:\/(tcp|udp))?$/.exec(one));
  if (flags.unknown !== undefined) return {refused: `service.create has no option for ${flags.unknown}`};
  if (image === undefined || name === undefined || publish.includes(null)) return undefined;
  if (mode !== undefined && !['global', 'replicated'].includes(mode)) return undefined;
  const replicas = flags.last('--replicas');
  return {
    uses: 'service.create',
    id: name,
    title: `Start the service ${name}`,
    with: given({
      name,
      image,
      command: command.length > 0 ? command : undefined,
      replicas: replicas === undefined ? undefined : Number(replicas),
      global: mode === 'global',
      publish: publish.map((one) =>
        given({published: Number(one?.[1]), target: Number(one?.[2]), mode: 'ingress', protocol: one?.[3]}),
      ),
      constraints: flags.all('--constraint'),
      env: pairs(flags.all('--env')),
      networks: flags.all('--network'),
      labels: pairs(flags.all('--label')),
    }),
  };
};

/** `docker stack ...` */
export const stack = ([verb = '', ...words]: readonly string[]): Mapping => {
  const flags = readFlags(words, {values: ['-c|--compose-file']});
  const [name, more] = flags.rest;
  if (flags.unknown !== undefined || name === undefined || more !== undefined) return undefined;
  const file = flags.last('--compose-file');
  if (verb === 'deploy' && file !== undefined && flags.all('--compose-file').length === 1)
    return {uses: 'stack.deploy', id: name, title: `Deploy the stack ${name}`, with: {name, file}};
  if (verb === 'rm')
    return {uses: 'stack.remove', id: `remove_${name}`, title: `Remove the stack ${name}`, with: {name}};
  return undefined;
};

/** `docker compose ...`; `project` is what it is called where the line does not say. */
export const compose = (words: readonly string[], project: string, file: string): Mapping => {
  const globals = readFlags(words, {values: ['-f|--file', '-p|--project-name']}, true);
  if (globals.unknown !== undefined || globals.all('--file').length > 1) return undefined;
  const [verb = '', ...rest] = globals.rest;
  const flags = readFlags(rest, {switches: ['-d|--detach', '--build', '-v|--volumes', '--wait']});
  const name = globals.last('--project-name') ?? project;
  const where = globals.last('--file') ?? file;
  const decide = globals.last('--project-name') === undefined ? [`the Compose project is called "${name}" here`] : [];
  if (flags.unknown !== undefined) return undefined;
  if (verb === 'up' && flags.has('--detach') && !flags.has('--volumes'))
    return {
      uses: 'compose.up',
      id: 'compose_up',
      title: `Start the containers of ${where}`,
      with: given({project: name, file: where, services: flags.rest, build: flags.has('--build')}),
      decide: [...decide, `"${where}" is looked for beside the runbook’s file`],
    };
  if (verb === 'down' && flags.rest.length === 0)
    return {
      uses: 'compose.down',
      id: 'compose_down',
      title: `Remove the containers of ${name}`,
      with: given({project: name, volumes: flags.has('--volumes')}),
      decide,
    };
  return undefined;
};
