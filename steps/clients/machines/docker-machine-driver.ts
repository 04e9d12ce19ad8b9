import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {sh} from '../../../engine/sh.ts';
import {PermanentError, type StepContext, StepError, type Verdict} from '../../../engine/step-type.ts';
import {lastLines} from '../docker-stream.ts';
import {runProcess} from '../process.ts';
import {contextFault, DESCRIPTION, refuseStranger, registerContext, type Target} from './contexts.ts';
import {type Listed, parseEnvironment, parseList, plainAddress} from './docker-machine-formats.ts';
import type {Driver, Executed, State} from './driver.ts';
import type {CreateOptions, MachineOutputs} from './options.ts';
import {engineVersion, untilReady} from './ready.ts';
import {writeRecord} from './store.ts';

const LIST = ['ls', '--format', '{{.Name}}|{{.DriverName}}|{{.State}}|{{.URL}}|{{.Error}}'];

type Running = Pick<StepContext, 'cwd' | 'env' | 'signal'> & {readonly output?: StepContext['output']};

const ask = async (args: readonly string[], {cwd, env, signal, output}: Running): Promise<Executed> => {
  try {
    return await runProcess({file: 'docker-machine', args, cwd, env, signal, ...(output && {output})});
  } catch (error) {
    if (!(error instanceof StepError) || !error.message.startsWith('command not found')) throw error;
    throw new PermanentError('there is no docker-machine command', {
      code: 'requirement-missing',
      next: 'it is no longer maintained: use driver docker or ssh, or put the binary that you have into the PATH',
      cause: error,
    });
  }
};

const must = async (args: readonly string[], running: Running): Promise<string> => {
  const {stdout, stderr, exitCode} = await ask(args, running);
  if (exitCode === 0) return stdout.trim();
  throw new StepError(`docker-machine ${args[0]} failed with exit code ${exitCode}`, {
    code: 'command-failed',
    found: lastLines(stderr.trim() || stdout.trim()) || 'it printed nothing',
    next: `see why: ${sh`docker-machine ${args}`}`,
  });
};

const quietly = ({cwd, env, signal}: StepContext): Running => ({cwd, env, signal});

const listAll = async (context: StepContext): Promise<Listed[]> => parseList(await must(LIST, quietly(context)));

const findListed = async (name: string, context: StepContext): Promise<Listed | undefined> =>
  (await listAll(context)).find((each) => each.name === name);

const createFlags = (given: CreateOptions): string[] => [
  ...['--driver', given.machine?.driver ?? ''],
  ...Object.entries(given.labels).flatMap(([name, value]) => ['--engine-label', `${name}=${value}`]),
  ...(given.registry_mirror === undefined ? [] : ['--engine-registry-mirror', given.registry_mirror]),
  ...engineOptions(given.engine_flags.map(String)),
  ...Object.entries(given.engine_env).flatMap(([name, value]) => ['--engine-env', `${name}=${value}`]),
  ...(given.machine?.flags ?? []).map(String),
];

// It wants `insecure-registry=registry:5000` for what dockerd calls `--insecure-registry registry:5000`.
const engineOptions = (flags: readonly string[]): string[] => {
  const options: string[] = [];
  for (const flag of flags) {
    if (flag.startsWith('-')) options.push(flag.replace(/^-+/, ''));
    else options.push(`${options.pop() ?? ''}=${flag}`);
  }
  return options.flatMap((option) => ['--engine-opt', option]);
};

/** Where its engine is, and by which certificates. */
const placeOf = async (name: string, context: StepContext) => {
  const values = parseEnvironment(await must(['env', '--shell', 'sh', name], quietly(context)));
  const {DOCKER_HOST: url = '', DOCKER_CERT_PATH: folder = ''} = values;
  return {url, folder, ip: plainAddress(url)};
};

const readCertificates = async (folder: string) => {
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  return {ca, cert, key};
};

const targetOf = async ({url, folder}: {url: string; folder: string}): Promise<Target> => {
  // Driver none leaves a machine's own folder empty; what opens all machines is beside it.
  const shared = join(folder, '..', '..', 'certs');
  try {
    return {host: url, tls: await readCertificates(folder).catch(() => readCertificates(shared))};
  } catch (error) {
    throw new StepError(`docker-machine has no certificates in ${folder}`, {
      expected: 'ca.pem, cert.pem and key.pem',
      cause: error,
    });
  }
};

const outputsOf = (name: string, {url, ip}: {url: string; ip: string}): MachineOutputs => ({
  name,
  ip,
  url,
  context: name,
});

const otherDriver = ({name, driver}: Listed, wanted: string): PermanentError =>
  new PermanentError(`docker-machine has a machine "${name}" already, with another driver`, {
    code: 'name-taken',
    expected: wanted,
    found: driver,
    next: `take another name, or remove it: docker-machine rm ${name}`,
  });

const create = async (given: CreateOptions, context: StepContext): Promise<MachineOutputs> => {
  const {env} = context;
  const {name} = given;
  const wanted = given.machine?.driver ?? '';
  await refuseStranger(env, name);
  const found = await findListed(name, context);
  if (found && found.driver !== wanted) throw otherDriver(found, wanted);
  const wasThere = await context.remember('wasThere', async () => found !== undefined);
  // What an attempt of ours has only begun can't be gone on with.
  const isHalf = found?.state === 'error' && !wasThere;
  if (isHalf) await must(['rm', '-f', '-y', name], context);
  if (!wasThere) await writeRecord(env, {name, driver: 'docker-machine', ip: '', url: '', labels: context.labels});
  if (found === undefined || isHalf) await must(['create', ...createFlags(given), name], context);
  else if (found.state === 'stopped') await must(['start', name], context);
  const place = await placeOf(name, context);
  const outputs = outputsOf(name, place);
  await registerContext(env, name, await targetOf(place));
  await writeRecord(env, {
    name,
    driver: 'docker-machine',
    ip: place.ip,
    url: place.url,
    certificates: place.folder,
  });
  const version = await untilReady(name, context, async () => undefined);
  context.output(`${name}: Docker Engine ${version} answers at ${place.url}\n`);
  return outputs;
};

const look = async (given: CreateOptions, context: StepContext): Promise<Verdict<MachineOutputs>> => {
  const {name} = given;
  const expected = `docker-machine’s machine "${name}" of driver ${given.machine?.driver}, whose engine answers`;
  const wrong = (found: string): Verdict<MachineOutputs> => ({ok: false, expected, found});
  const found = await findListed(name, context);
  if (found === undefined) return wrong('docker-machine has none of that name');
  if (found.driver !== given.machine?.driver) return wrong(`one of driver ${found.driver}`);
  if (found.state !== 'running' && found.state !== 'unknown') return wrong([found.state, found.error].join(' ').trim());
  try {
    const place = await placeOf(name, context);
    const fault = await contextFault(context.env, name, await targetOf(place));
    if (fault !== undefined) return wrong(fault);
    await engineVersion(name, context);
    return {ok: true, outputs: outputsOf(name, place)};
  } catch (error) {
    context.signal.throwIfAborted();
    return wrong(error instanceof Error ? error.message : String(error));
  }
};

const stateOf = (listed: Listed | undefined): State => {
  if (listed === undefined) return 'absent';
  return listed.state === 'running' ? 'running' : 'stopped';
};

const createLines = (given: CreateOptions): string => {
  const {name} = given;
  const folder = given.machine?.driver === 'none' ? '$DOCKER_CERT_PATH/../../certs' : '$DOCKER_CERT_PATH';
  const endpoint = `host=$DOCKER_HOST,ca=${folder}/ca.pem,cert=${folder}/cert.pem,key=${folder}/key.pem`;
  return [
    sh`docker-machine create ${createFlags(given)} ${name}`,
    `eval "$(${sh`docker-machine env --shell sh ${name}`})"`,
    `${sh`docker context create ${name} --description ${DESCRIPTION} --docker`} \\\n  "${endpoint}"`,
    'eval "$(docker-machine env --shell sh -u)"',
  ].join('\n');
};

/** Whatever docker-machine can make, with its own flags; its machines stay its own, and ours only by their contexts. */
export const dockerMachineDriver: Driver = {
  name: 'docker-machine',
  create,
  look,
  state: async ({name}, context) => stateOf(await findListed(name, context)),

  async start({name}, context) {
    await must(['start', name], context);
    // A machine may have another address now, and wants certificates for it.
    const {stdout, exitCode} = await ask(['env', '--shell', 'sh', name], quietly(context));
    if (exitCode !== 0 || stdout === '') await must(['regenerate-certs', '-f', name], context);
    const place = await placeOf(name, context);
    await registerContext(context.env, name, await targetOf(place));
    await writeRecord(context.env, {
      name,
      driver: 'docker-machine',
      ip: place.ip,
      url: place.url,
      certificates: place.folder,
    });
    await untilReady(name, context, async () => undefined);
  },

  stop: async ({name}, context) => void (await must(['stop', name], context)),

  async remove({name}, context) {
    if (await findListed(name, context)) await must(['rm', '-y', name], context);
  },

  exec: ({name}, command, context) => ask(['ssh', name, sh`${command}`], context),

  async list(context) {
    return (await listAll(context)).map(({name, url}) => ({name, url, ip: plainAddress(url)}));
  },

  lines: {
    create: createLines,
    remove: ({name}) => sh`docker-machine rm -y ${name}`,
    start: ({name}) => sh`docker-machine start ${name}`,
    stop: ({name}) => sh`docker-machine stop ${name}`,
    exec: ({name}, command) => sh`docker-machine ssh ${name} ${sh`${command}`}`,
    enter: ({name}) => sh`docker-machine ssh ${name}`,
    inspect: ({name}) => sh`docker-machine inspect ${name}`,
    list: () => 'docker-machine ls',
  },
};
