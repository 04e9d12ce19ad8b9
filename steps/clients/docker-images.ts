import {setTimeout as sleep} from 'node:timers/promises';
import type Dockerode from 'dockerode';
import * as v from 'valibot';
import {PermanentError, type Stays, type StepContext, StepError} from '../../engine/step-type.ts';
import type {Docker} from './docker.ts';
import {registryAuth} from './docker-auth.ts';
import {isMissing} from './docker-errors.ts';
import {type Progress, progress} from './docker-stream.ts';

/** A reference to an image, such as `hashicorp/consul:1.21` or `registry:5000/team/app@sha256:...`. */
export const imageRef = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.:/@-]*$/, 'not an image name, such as nginx:1.27'));

export type Image = Dockerode.ImageInspectInfo;

/** The image if the engine has it. */
export const findImage = (docker: Docker, ref: string): Promise<Image | undefined> =>
  docker.find((api) => api.getImage(ref).inspect());

/** A registry that does not answer is found out in this time: the daemon itself goes on trying for minutes. */
const FIRST_MS = 15_000;
const IDLE_MS = 60_000;

const UNREACHABLE =
  /no such host|connection refused|i\/o timeout|TLS handshake timeout|server misbehaving|network is unreachable|no route to host|Temporary failure in name resolution|deadline exceeded|request canceled|proxyconnect|connection reset|EOF|x509|service unavailable|bad gateway/i;
const DENIED =
  /pull access denied|repository does not exist|unauthorized|no basic auth credentials|authentication required|access.* denied/i;
const UNKNOWN =
  /manifest unknown|manifest for .* not found|not found|no matching manifest|name unknown|invalid reference/i;

const unreachableRegistry = (ref: string, why: string, cause?: unknown): StepError =>
  new StepError(`image "${ref}" is not here, and its registry cannot be reached`, {
    code: 'registry-unreachable',
    found: why,
    next: `look at the network and retry, load the image (docker load), or build it: {uses: docker.image, with: {image: ${ref}, build: ...}}`,
    cause,
  });

const notFound = (ref: string, why: string, cause?: unknown): PermanentError =>
  new PermanentError(`there is no image "${ref}" that may be pulled`, {
    code: 'image-not-found',
    found: why,
    next: 'check its name and tag; for a private one: docker login',
    cause,
  });

const explainPull = (ref: string, why: string, cause?: unknown): StepError => {
  if (/toomanyrequests|rate limit/i.test(why)) {
    return new StepError(`the registry of "${ref}" wants you to wait`, {
      code: 'registry-unreachable',
      found: why,
      cause,
    });
  }
  if (DENIED.test(why)) return notFound(ref, why, cause);
  if (UNREACHABLE.test(why)) return unreachableRegistry(ref, why, cause);
  if (UNKNOWN.test(why)) return notFound(ref, why, cause);
  return new StepError(`cannot pull "${ref}": ${why}`, {cause});
};

// Without a tag the daemon would pull every tag there is.
const withTag = (ref: string): string => (/@|:[^/]+$/.test(ref) ? ref : `${ref}:latest`);

// Bars that move are for terminals: a line when a layer enters another state is enough.
const line = ({id, status, progressDetail}: Progress): string =>
  status === undefined || progressDetail?.total ? '' : `${id === undefined ? '' : `${id}: `}${status}\n`;

/** Pulls an image as `docker pull` does, and says in seconds when the registry does not answer. */
export const pullImage = async (
  docker: Docker,
  ref: string,
  context: Pick<StepContext, 'env' | 'signal' | 'output'>,
  platform?: string,
): Promise<Image> => {
  const auth = await registryAuth(ref, context);
  const late = () => unreachableRegistry(ref, 'no answer');
  const request = {fromImage: withTag(ref), ...(platform && {platform})};
  try {
    const chunks = docker.stream((api) => api.createImage(auth ?? {}, request), {
      firstMs: FIRST_MS,
      idleMs: IDLE_MS,
      late,
    });
    for await (const message of progress(chunks)) {
      if (message.error) throw explainPull(ref, message.error);
      context.output(line(message));
    }
  } catch (error) {
    throw afterPull(ref, error);
  }
  return docker.ask((api) => api.getImage(ref).inspect());
};

const afterPull = (ref: string, error: unknown): unknown => {
  const cause = error instanceof StepError ? error.cause : undefined;
  if (!(cause instanceof Error) || !('statusCode' in cause)) return error;
  return explainPull(ref, cause.message.replace(/^\(HTTP code \d+\) .*? - /, '').trim(), cause);
};

/** The containers of a service that was removed end, and are removed, a little later: each has ten seconds to end. */
const TASKS_END_MS = 15_000;
const PAUSE_MS = 200;

/** What undo says of an image that it does not touch. */
export const wasHereBefore = (ref: string): Stays => ({stays: `image ${ref} stays: it was here before`});

const tasksWith = async (docker: Docker, ref: string): Promise<number> => {
  const filters = {ancestor: [ref], label: ['com.docker.swarm.task']};
  return (await docker.tidy((api) => api.listContainers({all: true, filters}))).length;
};

const isConflict = ({cause}: StepError): boolean => (cause as {statusCode?: number} | undefined)?.statusCode === 409;

/** Removes an image that a run brought, unless a container needs it. */
export const removeImage = async (docker: Docker, ref: string): Promise<Stays | undefined> => {
  for (const end = performance.now() + TASKS_END_MS; ; await sleep(PAUSE_MS)) {
    try {
      await docker.tidy((api) => api.getImage(ref).remove());
      return undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (!isConflict(error as StepError)) throw error;
      if (performance.now() < end && (await tasksWith(docker, ref)) > 0) continue;
      return {stays: `image ${ref} stays: a container uses it`};
    }
  }
};
