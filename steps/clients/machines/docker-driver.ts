import {PermanentError, type StepContext, type Verdict} from '../../../engine/step-type.ts';
import {ACT_MS, type Docker, dockerClient} from '../docker.ts';
import {sideOf} from '../docker-compare.ts';
import {
  type Container,
  findContainer,
  getContainer,
  handle,
  removeContainer,
  startContainer,
  trouble,
} from '../docker-containers.ts';
import {execute} from '../docker-exec.ts';
import {contextFault, targetOf} from './contexts.ts';
import {createMachine} from './docker-create.ts';
import {dockerLines} from './docker-lines.ts';
import type {Driver, State} from './driver.ts';
import {readKeys} from './keys.ts';
import {fixedAddress, isMachine, LABEL, outputsOf, unlike} from './machine-container.ts';
import type {CreateOptions, MachineOutputs, Selection} from './options.ts';
import {engineVersion, untilReady} from './ready.ts';
import {allRecords} from './store.ts';

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
  const fault = await contextFault(context.env, name, targetOf(outputs.url, keys));
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

/** A machine that is a container with an engine of its own, as kind has its nodes. */
export const dockerDriver: Driver = {
  name: 'docker',
  lines: dockerLines,
  create: createMachine,
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
};
