import {sh} from '../../../engine/sh.ts';
import {PermanentError, type StepContext, StepError} from '../../../engine/step-type.ts';
import {ACT_MS, type Docker, dockerClient} from '../docker.ts';
import {type Difference, sideOf} from '../docker-compare.ts';
import {
  type Container,
  findContainer,
  getContainer,
  handle,
  removeContainer,
  startContainer,
  trouble,
} from '../docker-containers.ts';
import {findImage, pullImage} from '../docker-images.ts';
import {findNetwork, type Network} from '../docker-networks.ts';
import type {RunOptions} from '../docker-run-options.ts';
import {specWithVolumes} from '../docker-volumes.ts';
import {madeByStep} from '../labels.ts';
import {addressFor} from './addresses.ts';
import {refuseStranger, registerContext, targetOf} from './contexts.ts';
import {ensureKeys, type Keys, packServerKeys, readKeys} from './keys.ts';
import {
  CERTIFICATES,
  containerOf,
  fixedAddress,
  isDesktop,
  isMachine,
  outputsOf,
  portFor,
  unlike,
  urlOf,
} from './machine-container.ts';
import type {CreateOptions, MachineOutputs} from './options.ts';
import {isRefusal, noteRefusal, withPrivileges} from './privileges.ts';
import {untilReady} from './ready.ts';
import {writeRecord} from './store.ts';

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

const putKeys = (docker: Docker, {Id}: Container, keys: Keys): Promise<unknown> =>
  docker.ask((api) => handle(api, Id).putArchive(packServerKeys(keys, CERTIFICATES), {path: '/'}), ACT_MS);

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

interface Made {
  readonly container: Container;
  readonly keys: Keys;
}

/** Makes the container, with its keys in it, and starts it; what cannot start is taken away again. */
const make = async (
  docker: Docker,
  given: CreateOptions,
  wanted: RunOptions,
  addresses: readonly string[],
  context: StepContext,
): Promise<Made> => {
  const image = await findImage(docker, wanted.image);
  const spec = await specWithVolumes(docker, wanted, image, context);
  const [{id}, keys] = await Promise.all([
    docker.ask((api) => api.createContainer(spec), ACT_MS),
    ensureKeys(context.env, given.name, addresses),
  ]);
  try {
    const created = await getContainer(docker, id);
    await putKeys(docker, created, keys);
    await startContainer(docker, created);
    return {container: await getContainer(docker, id), keys};
  } catch (error) {
    if (!context.signal.aborted) await removeContainer(docker, id);
    throw explainStart(error, given);
  }
};

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
  await registerContext(context.env, name, targetOf(url, keys));
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
  const network = await wantedNetwork(docker, given);
  const [ip, port] = await Promise.all([
    addressFor(docker, network, given, context),
    portOf(docker, given),
    requireImage(docker, given, context),
  ]);
  const {labels, on} = context;
  await writeRecord(env, {name, driver: 'docker', ip, url: urlOf(ip, port), labels, ...(on !== undefined && {on})});
  const wanted = (privileged: boolean) => containerOf(given, {ip, port, privileged});
  const {container, keys} = await withPrivileges(
    docker,
    given.privileged,
    (privileged) => make(docker, given, wanted(privileged), [ip], context),
    context,
  );
  return finish(docker, outputsOf(given, container), container, keys, context);
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

/** Has the machine: made, or adopted as an earlier attempt or another run has left it. */
export const createMachine = async (given: CreateOptions, context: StepContext): Promise<MachineOutputs> => {
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
      noteRefusal(docker);
    }
  }
  if (all.length > 0 && !madeByStep(found.Config.Labels, context)) throw otherMachine(given.name, all);
  await removeContainer(docker, found.Id);
  return createNew(docker, given, context);
};
