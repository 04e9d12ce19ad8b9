import {quote, sh} from '../../../engine/sh.ts';
import {PermanentError, type Site, type StepContext, StepError, type Verdict} from '../../../engine/step-type.ts';
import {ACT_MS, type Docker, dockerClient, dockerCommand} from '../docker.ts';
import {type Difference, sideOf} from '../docker-compare.ts';
import {
  addressTemplate,
  type Container,
  findContainer,
  getContainer,
  handle,
  removeContainer,
  startContainer,
  trouble,
} from '../docker-containers.ts';
import {execute} from '../docker-exec.ts';
import {findImage, pullImage} from '../docker-images.ts';
import {findNetwork, type Network} from '../docker-networks.ts';
import {runCommand} from '../docker-run-flags.ts';
import type {RunOptions} from '../docker-run-options.ts';
import {specWithVolumes} from '../docker-volumes.ts';
import {madeByStep} from '../labels.ts';
import {isUsable, pickAddress, takenAddresses} from './addresses.ts';
import {contextFault, DESCRIPTION, refuseStranger, registerContext} from './contexts.ts';
import type {Driver, State} from './driver.ts';
import {ensureKeys, type Keys, readKeys} from './keys.ts';
import {
  containerOf,
  endpointOf,
  fixedAddress,
  isDesktop,
  isMachine,
  LABEL,
  type Placement,
  PORT,
  portFor,
  publishedPort,
  unlike,
  urlOf,
} from './machine-container.ts';
import type {CreateOptions, MachineOutputs, Selection} from './options.ts';
import {engineVersion, untilReady} from './ready.ts';
import {allRecords, writeRecord} from './store.ts';
import {packFiles} from './tar.ts';

/** Where a machine looks for its certificates; the path is docker-machine's own. */
export const CERTIFICATES = '/var/lib/boot2docker';

/** The engines that have refused a privileged container. */
const refusing = new Set<string>();

const portOf = async (docker: Docker, given: CreateOptions): Promise<number | undefined> => {
  if (given.port !== undefined) return given.port;
  const {OperatingSystem: system} = await docker.ask((api) => api.info());
  return isDesktop || /docker desktop/i.test(String(system)) ? portFor(given.name) : undefined;
};

const stranger = (name: string): PermanentError =>
  new PermanentError(`there is a container "${name}", and it is no machine of ours`, {
    code: 'name-taken',
    next: `keep it under another name (docker rename ${name} ${name}-old), or remove it: docker rm -f ${name}`,
  });

const otherMachine = (name: string, all: readonly Difference[]): PermanentError =>
  new PermanentError(`there is a machine "${name}" already, and it is not the one that is wanted`, {
    code: 'name-taken',
    expected: sideOf('wanted', all),
    found: sideOf('found', all),
    next: `remove it (${sh`docker rm -f -v ${name}`}), or take another name`,
  });

const wantedNetwork = async (docker: Docker, {network: name}: CreateOptions): Promise<Network> => {
  const found = await findNetwork(docker, name);
  if (found) return found;
  throw new PermanentError(`there is no network "${name}" for the machines`, {
    next: `make it in a step before: {uses: docker.network, with: {name: ${name}, fixed_addresses: true}}`,
  });
};

/** The machine's address: the given one, else a free one that is kept through crashes and restarts. */
const addressFor = async (docker: Docker, given: CreateOptions, context: StepContext): Promise<string> => {
  if (given.ip !== undefined) return given.ip;
  const network = await wantedNetwork(docker, given);
  const {env} = context;
  for (let tries = 1; ; tries++) {
    const name = tries === 1 ? 'address' : `address ${tries}`;
    const address = await context.remember(name, () => pickAddress(docker, network, given.name, env));
    // The network may have been made anew meanwhile, on another subnet, or somebody may have taken the address.
    if (isUsable(address, network, await takenAddresses(docker, network, given.name))) return address;
    if (tries > 20) throw new StepError(`network "${network.Name}" has no free address left`);
  }
};

const putKeys = (docker: Docker, {Id}: Container, {ca, server}: Keys): Promise<unknown> => {
  const files = {'ca.pem': ca, 'server-key.pem': server.key, 'server.pem': server.cert};
  const archive = packFiles(CERTIFICATES.slice(1), files);
  return docker.ask((api) => handle(api, Id).putArchive(archive, {path: '/'}), ACT_MS);
};

const isRefusal = (error: unknown): boolean =>
  error instanceof StepError && /unable to apply caps|operation not permitted/i.test(error.message);

const explainStart = (error: unknown, {network}: CreateOptions): unknown => {
  if (!(error instanceof StepError)) return error;
  if (/user specified IP address is supported only/i.test(error.message)) {
    return new PermanentError(`network "${network}" lets no container choose its address`, {
      next: `make it with fixed_addresses: true, after: docker network rm ${network}`,
      cause: error,
    });
  }
  return error;
};

/** Makes the container, with its keys in it, and starts it; what cannot start is taken away again. */
const make = async (
  docker: Docker,
  given: CreateOptions,
  wanted: RunOptions,
  keys: Keys,
  context: StepContext,
): Promise<Container> => {
  const image = await findImage(docker, wanted.image);
  const spec = await specWithVolumes(docker, wanted, image, context);
  const {id} = await docker.ask((api) => api.createContainer(spec), ACT_MS);
  try {
    const created = await getContainer(docker, id);
    await putKeys(docker, created, keys);
    await startContainer(docker, created);
    return await getContainer(docker, id);
  } catch (error) {
    if (!context.signal.aborted) await removeContainer(docker, id);
    throw explainStart(error, given);
  }
};

const makeWithPrivileges = async (
  docker: Docker,
  given: CreateOptions,
  placement: Omit<Placement, 'privileged'>,
  keys: Keys,
  context: StepContext,
): Promise<Container> => {
  const {host} = docker.endpoint;
  const attempt = (privileged: boolean) =>
    make(docker, given, containerOf(given, {...placement, privileged}), keys, context);
  if (!given.privileged || refusing.has(host)) return attempt(false);
  try {
    return await attempt(true);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    refusing.add(host);
    const {message} = error as Error;
    context.output(`--privileged is refused here (${message}): just the capabilities that it needs\n`);
    return attempt(false);
  }
};

const outputsOf = ({name, network}: CreateOptions, found: Container): MachineOutputs => {
  const ip = fixedAddress(found, network) ?? endpointOf(found, network)?.IPAddress ?? '';
  return {name, ip, url: urlOf(ip, publishedPort(found)), context: name};
};

const targetOf = ({ca, client}: Keys, host: string) => ({host, tls: {ca, cert: client.cert, key: client.key}});

/** Registers the machine and waits until its engine answers. */
const finish = async (
  docker: Docker,
  outputs: MachineOutputs,
  found: Container,
  keys: Keys,
  context: StepContext,
): Promise<MachineOutputs> => {
  const {name, ip, url} = outputs;
  await writeRecord(context.env, {name, driver: 'docker', ip, url, certificates: keys.folder});
  await registerContext(context.env, name, targetOf(keys, url));
  const version = await untilReady(name, context, async () => {
    const now = await findContainer(docker, found.Id);
    return now ? trouble(docker, now) : 'somebody has removed its container';
  });
  context.output(`${name}: Docker Engine ${version} answers at ${url}\n`);
  return outputs;
};

const requireImage = async (docker: Docker, {image}: CreateOptions, context: StepContext): Promise<void> => {
  if (image !== undefined && !(await findImage(docker, image))) await pullImage(docker, image, context);
};

const createNew = async (docker: Docker, given: CreateOptions, context: StepContext): Promise<MachineOutputs> => {
  const {env} = context;
  const {name} = given;
  await wantedNetwork(docker, given);
  const [ip, port] = await Promise.all([
    addressFor(docker, given, context),
    portOf(docker, given),
    requireImage(docker, given, context),
  ]);
  const {labels, on} = context;
  await writeRecord(env, {name, driver: 'docker', ip, url: urlOf(ip, port), labels, ...(on !== undefined && {on})});
  const keys = await ensureKeys(env, name, [ip]);
  const made = await makeWithPrivileges(docker, given, {ip, port}, keys, context);
  return finish(docker, outputsOf(given, made), made, keys, context);
};

/** The machine is there: started, with keys that are good, as an interrupted attempt or a stop has left it. */
const adopt = async (
  docker: Docker,
  given: CreateOptions,
  found: Container,
  context: StepContext,
): Promise<MachineOutputs> => {
  const {env} = context;
  const outputs = outputsOf(given, found);
  const before = await readKeys(env, given.name, [outputs.ip]);
  const keys = await ensureKeys(env, given.name, [outputs.ip]);
  await putKeys(docker, found, keys);
  // An engine reads its certificates when it starts.
  if ('fault' in before && found.State.Running) {
    await docker.ask((api) => handle(api, found.Id).restart({t: 10}), ACT_MS);
  } else await startContainer(docker, found);
  return finish(docker, outputs, found, keys, context);
};

const create = async (given: CreateOptions, context: StepContext): Promise<MachineOutputs> => {
  const docker = await dockerClient(context);
  await refuseStranger(context.env, given.name);
  const found = await findContainer(docker, given.name);
  if (found === undefined) return createNew(docker, given, context);
  if (!isMachine(found, given.name)) throw stranger(given.name);
  const all = await unlike(docker, given, found, context.dir);
  if (all.length === 0 && fixedAddress(found, given.network)) {
    try {
      return await adopt(docker, given, found, context);
    } catch (error) {
      // An attempt that was killed left it privileged, and never ran it: it holds nothing, and can't be started here.
      if (found.State.Status !== 'created' || !isRefusal(error)) throw error;
      refusing.add(docker.endpoint.host);
    }
  }
  if (all.length > 0 && !madeByStep(found.Config.Labels, context)) throw otherMachine(given.name, all);
  await removeContainer(docker, found.Id);
  return createNew(docker, given, context);
};

const look = async (given: CreateOptions, context: StepContext): Promise<Verdict<MachineOutputs>> => {
  const docker = await dockerClient(context);
  const {name} = given;
  const expected = `machine "${name}", whose engine answers over TLS`;
  const wrong = (text: string, partial?: 'underway' | 'incomplete'): Verdict<MachineOutputs> => ({
    ok: false,
    expected,
    found: text,
    ...(partial && {partial}),
  });
  const found = await findContainer(docker, name);
  if (!found) return wrong('no container of that name');
  if (!isMachine(found, name)) return wrong('the container of that name is no machine of ours');
  const all = await unlike(docker, given, found, context.dir);
  if (all.length > 0) return {ok: false, expected: sideOf('wanted', all), found: sideOf('found', all)};
  const trouble_ = await trouble(docker, found);
  if (trouble_) return wrong(trouble_, found.State.Running ? undefined : 'incomplete');
  if (!fixedAddress(found, given.network)) return wrong('its address is another one after a restart');
  const outputs = outputsOf(given, found);
  const keys = await readKeys(context.env, name, [outputs.ip]);
  if ('fault' in keys) return wrong(`its keys are no good: ${keys.fault}`, 'incomplete');
  const fault = await contextFault(context.env, name, targetOf(keys, outputs.url));
  if (fault !== undefined) return wrong(fault, 'incomplete');
  try {
    await engineVersion(name, context);
  } catch (error) {
    context.signal.throwIfAborted();
    return wrong(error instanceof Error ? error.message : String(error), 'underway');
  }
  return {ok: true, outputs};
};

const findMachine = async (docker: Docker, name: string): Promise<Container | undefined> => {
  const found = await findContainer(docker, name);
  return found && isMachine(found, name) ? found : undefined;
};

const getMachine = async (docker: Docker, name: string): Promise<Container> => {
  const found = await findMachine(docker, name);
  if (found) return found;
  throw new PermanentError(`there is no machine "${name}"`, {
    code: 'no-such-container',
    next: `see which there are: docker ps -a --filter label=${LABEL}`,
  });
};

const state = async ({name}: Selection, context: StepContext): Promise<State> => {
  const found = await findMachine(await dockerClient(context), name);
  if (!found) return 'absent';
  return found.State.Running && !found.State.Paused ? 'running' : 'stopped';
};

const flagsLine = (given: CreateOptions, site: Site): string => {
  const port = given.port ?? (isDesktop ? portFor(given.name) : undefined);
  return runCommand(containerOf(given, {ip: given.ip, port, privileged: given.privileged}), site);
};

/** What a person would type. The keys come from our own command; all else is plain Docker. */
const createLines = (given: CreateOptions, site: Site): string => {
  const {name, network} = given;
  const docker = dockerCommand(site);
  const port = given.port ?? (isDesktop ? portFor(name) : undefined);
  const address = given.ip === undefined ? '"$ip"' : quote(given.ip);
  const place = given.ip === undefined ? '$ip' : given.ip;
  const host = port === undefined ? `tcp://${place}:${PORT}` : urlOf('', port);
  return [
    flagsLine(given, site),
    ...(given.ip === undefined
      ? [
          sh`ip=$(${docker} inspect -f ${addressTemplate(network)} ${name})`,
          `${sh`${docker} network disconnect ${network} ${name}`} && ${sh`${docker} network connect --ip`} "$ip" ${sh`${network} ${name}`}`,
        ]
      : []),
    `keys=$(${sh`runbook keys ${name}`} ${address})`,
    `${sh`${docker} cp`} "$keys/server/." ${quote(`${name}:${CERTIFICATES}`)}`,
    `${sh`docker context create ${name} --description ${DESCRIPTION} --docker`} \\\n  "host=${host},ca=$keys/ca.pem,cert=$keys/cert.pem,key=$keys/key.pem"`,
    `until ${sh`docker --context ${name}`} version >/dev/null 2>&1; do sleep 0.2; done`,
  ].join('\n');
};

/** A machine that is a container with an engine of its own, as kind has its nodes. */
export const dockerDriver: Driver = {
  name: 'docker',
  create,
  look,
  state,

  async start({name}, context) {
    const docker = await dockerClient(context);
    const found = await getMachine(docker, name);
    await startContainer(docker, found);
    await untilReady(name, context, () => getContainer(docker, found.Id).then((now) => trouble(docker, now)));
  },

  async stop({name}, context) {
    const docker = await dockerClient(context);
    const {Id} = await getMachine(docker, name);
    await docker
      .ask((api) => handle(api, Id).stop({t: 20}), ACT_MS)
      .catch((error) => {
        if (!/not modified|304/.test(String(error))) throw error;
      });
  },

  async remove({name}, context) {
    const docker = await dockerClient(context);
    const found = await findMachine(docker, name);
    if (found) await removeContainer(docker, found.Id);
  },

  async exec({name}, command, context) {
    const docker = await dockerClient(context);
    await getMachine(docker, name);
    return execute(docker, {container: name, command, env: []}, context);
  },

  async list(context) {
    const docker = await dockerClient(context);
    const filters = JSON.stringify({label: [LABEL]});
    const containers = await docker.ask((api) => api.listContainers({all: true, filters}));
    const names = containers.map(({Names}) => Names[0]?.slice(1) ?? '');
    const records = (await allRecords(context.env)).filter(({driver}) => driver === 'docker');
    return [...new Set([...names, ...records.map(({name}) => name)])]
      .sort()
      .map((name) => records.find((each) => each.name === name) ?? {name, ip: '', url: ''});
  },

  lines: {
    create: createLines,
    remove: ({name}, site) => sh`${dockerCommand(site)} rm -f -v ${name}`,
    start: ({name}, site) =>
      sh`${dockerCommand(site)} start ${name} && until docker --context ${name} version >/dev/null 2>&1; do sleep 0.2; done`,
    stop: ({name}, site) => sh`${dockerCommand(site)} stop ${name}`,
    exec: ({name}, command, site) => sh`${dockerCommand(site)} exec ${name} ${command}`,
    enter: ({name}, site) => sh`${dockerCommand(site)} exec -it ${name} sh`,
    inspect: ({name}, site) => sh`${dockerCommand(site)} inspect ${name}`,
    list: (site) => sh`${dockerCommand(site)} ps -a --filter ${`label=${LABEL}`}`,
  },
};
