import {readFlags} from './flags.ts';
import {given, imageName, type Mapping, pairs} from './mapped.ts';

const RUN = {
  values: [
    '--name',
    '-h|--hostname',
    '-e|--env',
    '-p|--publish',
    '-v|--volume',
    '--net|--network',
    '--net-alias|--network-alias',
    '--ip',
    '--restart',
    '-l|--label',
    '-u|--user',
    '-w|--workdir',
    '--cap-add',
    '--cap-drop',
    '--security-opt',
    '--cgroupns',
    '--device-cgroup-rule',
    '--tmpfs',
    '--add-host',
    '--health-cmd',
    '--health-interval',
    '--entrypoint',
  ],
  switches: ['-d|--detach', '--privileged', '--init', '-t|--tty', '-i|--interactive', '--rm'],
};

/** `docker run -d` and `docker create` are containers that stay; any other `docker run` is a command that ends. */
export const dockerRun = (words: readonly string[]): Mapping => {
  const flags = readFlags(words, RUN, true);
  const [image, ...command] = flags.rest;
  if (!flags.has('--detach')) return undefined;
  if (flags.unknown !== undefined) return {refused: `docker.run has no option for ${flags.unknown}`};
  if (flags.has('--rm')) return {refused: 'a container that removes itself (--rm) leaves nothing to check or undo'};
  if (image === undefined) return undefined;
  if (flags.all('--env').some((one) => !one.includes('=')))
    return {refused: 'it takes a variable (-e NAME) from your environment'};
  const name = flags.last('--name') ?? imageName(image);
  const volumes = flags.all('--volume');
  return {
    uses: 'docker.run',
    id: name,
    title: `Start ${name}`,
    value: 'id',
    with: given({
      name,
      image,
      command: command.length > 0 ? command : undefined,
      entrypoint: flags.last('--entrypoint'),
      hostname: flags.last('--hostname'),
      env: pairs(flags.all('--env')),
      ports: flags.all('--publish'),
      volumes,
      network: flags.last('--network'),
      aliases: flags.all('--network-alias'),
      ip: flags.last('--ip'),
      restart: flags.last('--restart'),
      labels: pairs(flags.all('--label')),
      user: flags.last('--user'),
      workdir: flags.last('--workdir'),
      privileged: flags.has('--privileged'),
      cap_add: flags.all('--cap-add'),
      cap_drop: flags.all('--cap-drop'),
      security_opt: flags.all('--security-opt'),
      cgroupns: flags.last('--cgroupns'),
      device_cgroup_rules: flags.all('--device-cgroup-rule'),
      tmpfs: flags.all('--tmpfs'),
      extra_hosts: flags.all('--add-host'),
      init: flags.has('--init'),
      tty: flags.has('--tty'),
      interactive: flags.has('--interactive'),
      health_cmd: flags.last('--health-cmd'),
      health_interval: flags.last('--health-interval'),
    }),
    decide: [
      ...(flags.last('--name') === undefined
        ? [`the container had no name; it is called "${name}", so that it is found again`]
        : []),
      ...(volumes.some((one) => one.startsWith('.'))
        ? ['the folder of the volume is looked for beside the runbook’s file']
        : []),
      ...secretsIn(pairs(flags.all('--env'))),
    ],
  };
};

const secretsIn = (env: Readonly<Record<string, string>>): string[] =>
  Object.entries(env)
    .filter(
      ([name, value]) => /PASS(WORD)?|SECRET|TOKEN|API_?KEY/i.test(name) && value !== '' && !/^\uE000/.test(value),
    )
    .map(([name]) => `${name} stands here in clear: make it an input with "secret: true"`);
