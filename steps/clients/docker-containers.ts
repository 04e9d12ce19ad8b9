import {setTimeout as sleep} from 'node:timers/promises';
import type Dockerode from 'dockerode';
import {StepError} from '../../engine/step-type.ts';
import {ACT_MS, type Chunks, type Docker} from './docker.ts';
import {isMissing} from './docker-errors.ts';
import {demux, lastLines} from './docker-stream.ts';

export type Container = Dockerode.ContainerInspectInfo;

const LOOK_MS = 100;

/** A container by name or id. */
export const handle = (api: Dockerode, name: string): Dockerode.Container => api.getContainer(encodeURIComponent(name));

/** The container of that name or id, if there is one. */
export const findContainer = (docker: Docker, name: string): Promise<Container | undefined> =>
  docker.find((api) => handle(api, name).inspect());

/** The container of that name or id. */
export const getContainer = (docker: Docker, name: string): Promise<Container> =>
  docker.ask((api) => handle(api, name).inspect());

/** Its address on the named network, else on the first that gave it one; empty when it has none. */
export const addressOf = ({NetworkSettings: {Networks: networks}}: Container, network?: string): string =>
  (network === undefined ? undefined : networks[network]?.IPAddress) ??
  Object.values(networks).find(({IPAddress}) => IPAddress)?.IPAddress ??
  '';

/** The template that prints the same: `docker inspect -f TEMPLATE NAME`. */
export const addressTemplate = (network?: string): string =>
  network === undefined
    ? '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
    : `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;

/** The host's port for each published one: `{"80/tcp": 32768}`. */
export const portsOf = ({NetworkSettings: {Ports: ports}}: Container): Record<string, number> =>
  Object.fromEntries(
    Object.entries(ports ?? {}).flatMap(([inside, at]) => (at?.[0] ? [[inside, Number(at[0].HostPort)]] : [])),
  );

// Somebody else has started it meanwhile.
const unlessStarted = (error: {readonly statusCode?: number}): void => {
  if (error.statusCode !== 304) throw error;
};

/** Lets it run, whatever keeps it from that now. */
export const startContainer = async (docker: Docker, {Id, State}: Container): Promise<void> => {
  if (State.Paused) await docker.ask((api) => handle(api, Id).unpause(), ACT_MS);
  else if (!State.Running) await docker.ask((api) => handle(api, Id).start().catch(unlessStarted), ACT_MS);
};

/** Removes it, running or not, with its anonymous volumes; also after the step's time is up. It is gone afterwards. */
export const removeContainer = async (docker: Docker, name: string): Promise<void> => {
  const {Id} = await docker.tidy((api) => handle(api, name).inspect()).catch(orMissing);
  if (Id === undefined) return;
  try {
    await docker.tidy((api) => handle(api, Id).remove({force: true, v: true}));
  } catch (error) {
    if (isMissing(error)) return;
    if (!(error instanceof StepError) || !/already in progress/.test(error.message)) throw error;
    // Somebody else is removing it: a process of ours that was killed, as likely as not.
    await untilGone(docker, Id);
  }
};

const orMissing = (error: unknown): {readonly Id?: undefined} => {
  if (isMissing(error)) return {};
  throw error;
};

const untilGone = async (docker: Docker, id: string): Promise<void> => {
  for (const end = performance.now() + ACT_MS; performance.now() < end; await sleep(LOOK_MS)) {
    if ((await docker.tidy((api) => handle(api, id).inspect()).catch(orMissing)).Id === undefined) return;
  }
  throw new StepError(`container ${id.slice(0, 12)} is being removed, and does not go`);
};

/** The last lines that it printed. */
export const tailOf = async (docker: Docker, {Id, Config: {Tty}}: Container, lines = 5): Promise<string> => {
  let text = '';
  for await (const piece of demux(
    docker.stream((api) => logs(api, Id, {tail: lines})),
    Tty,
  ))
    text += piece.text;
  return lastLines(text, lines);
};

/** Which part of a container's log is wanted. */
export interface LogOptions {
  readonly tail?: number | 'all';
  /** Seconds since 1970. */
  readonly since?: number;
  readonly follow?: boolean;
}

/** A container's log as a stream. dockerode's own `logs` would take a log that happens to be JSON for an answer. */
export const logs = (api: Dockerode, id: string, options: LogOptions): Promise<Chunks> =>
  new Promise((resolve, reject) => {
    const request = {
      path: `/containers/${encodeURIComponent(id)}/logs?`,
      method: 'GET',
      isStream: true,
      statusCodes: {200: true, 404: 'no such container', 500: 'server error'},
      options: {stdout: true, stderr: true, ...options},
    };
    api.modem.dial(request as Parameters<typeof api.modem.dial>[0], (error, stream) =>
      error ? reject(error) : resolve(stream as Chunks),
    );
  });

/** What keeps a container from running, as a person would say it; undefined when it runs. */
export const trouble = async (docker: Docker, container: Container): Promise<string | undefined> => {
  const {State: state} = container;
  if (state.Paused) return 'it is paused';
  if (state.Running && !state.Restarting) return undefined;
  if (state.Status === 'created') return ['it was never started', state.Error].filter(Boolean).join(': ');
  const end = state.OOMKilled ? 'ran out of memory' : `exited with code ${state.ExitCode}`;
  const tail = await tailOf(docker, container).catch(() => '');
  return `it ${end}${state.Restarting ? ', and Docker starts it again and again' : ''}${tail && `:\n${tail}`}`;
};

/** Whether its health check says anything else than healthy. */
export const sickness = ({State: {Health: health}}: Container): string | undefined => {
  if (health === undefined || health.Status === 'none') return 'it has no health check';
  if (health.Status === 'healthy') return undefined;
  const output = health.Log?.at(-1)?.Output.trim();
  return `its health is "${health.Status}"${output ? `: ${output}` : ''}`;
};
