import {PermanentError, StepError} from '../../engine/step-type.ts';
import type {Endpoint} from './docker-endpoint.ts';

/** What dockerode throws when the daemon answers with an error. */
interface HttpError extends Error {
  readonly statusCode: number;
  readonly json?: {readonly message?: string} | null;
}

const isHttpError = (error: unknown): error is HttpError => error instanceof Error && 'statusCode' in error;

/** Whether the daemon says that there is no such thing. */
export const isMissing = (error: unknown): boolean =>
  (isHttpError(error) && error.statusCode === 404) ||
  (error instanceof StepError && isHttpError(error.cause) && error.cause.statusCode === 404);

const daemonText = (error: HttpError): string =>
  error.json?.message ?? error.message.replace(/^\(HTTP code \d+\) .*? - /, '').trim();

type Explain = (match: RegExpExecArray, cause: unknown) => StepError;

// What daemons say, from 20.10 to 29, and what we make of it. The first that matches counts.
const KNOWN: readonly (readonly [RegExp, Explain])[] = [
  [
    /No such container: (\S+)/i,
    ([, name], cause) =>
      new StepError(`there is no container "${name}"`, {
        code: 'no-such-container',
        next: 'see which there are: docker ps -a',
        cause,
      }),
  ],
  [
    /No such image: (\S+)/i,
    ([, ref], cause) => new StepError(`image "${ref}" is not here`, {code: 'image-not-found', cause}),
  ],
  [
    /container name "\/?([^"]+)" is already in use by container "?(\w{12})?/,
    ([, name, id], cause) =>
      new PermanentError(`the name "${name}" is taken by container ${id ?? 'of that name'}`, {
        code: 'name-taken',
        cause,
      }),
  ],
  [
    /:(\d+)(?:\/\w+|:\S+)?(?: failed)?: (?:port is already allocated|(?:bind: )?address already in use)/,
    ([, port], cause) =>
      new StepError(`port ${port} is in use`, {
        code: 'port-taken',
        next: `see by whom: ss -lntup 'sport = :${port}'`,
        cause,
      }),
  ],
  [
    /container \S+ is not running/i,
    (_, cause) => new StepError('the container is not running', {next: 'start it: docker start NAME', cause}),
  ],
  [
    /network (\S+) not found/,
    ([, name], cause) =>
      new StepError(`there is no network "${name}"`, {
        next: `make it in a step before: {uses: docker.network, with: {name: ${name}}}`,
        cause,
      }),
  ],
  [
    /is not a swarm manager/i,
    (_, cause) =>
      new StepError('this engine is not a manager of a swarm', {
        code: 'not-a-manager',
        next: 'direct the step to a manager (`on:` its context), or form a swarm in a step before: uses: swarm.init',
        cause,
      }),
  ],
  [
    /swarm does not have a leader/i,
    (_, cause) =>
      new StepError('the swarm has no leader: too few of its managers answer', {
        code: 'not-a-manager',
        next: 'start managers until more than half of them run; see docker node ls',
        cause,
      }),
  ],
  [
    /HTTP request to an HTTPS server/,
    (_, cause) =>
      new PermanentError('the Docker daemon wants TLS', {
        code: 'docker-unreachable',
        next: 'set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or use a Docker context that has the certificates',
        cause,
      }),
  ],
];

/** What a daemon's sentence means, for a person. */
export const explainText = (text: string, cause: unknown): StepError => {
  for (const [pattern, explain] of KNOWN) {
    const match = pattern.exec(text);
    if (match) return explain(match, cause);
  }
  return new StepError(`Docker says: ${text.trim()}`, {cause});
};

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the daemon hung up',
  EPIPE: 'the daemon hung up',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name is unknown',
  EHOSTUNREACH: 'no route to the host',
  ETIMEDOUT: 'the host does not answer',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  CERT_HAS_EXPIRED: 'its certificate has expired; is the clock of this machine right?',
};

const reason = (error: unknown): string => {
  const {code, syscall, message} = error as NodeJS.ErrnoException;
  if (syscall === 'spawn ssh') return 'there is no ssh command';
  return UNREACHABLE[code ?? ''] ?? (message === 'socket hang up' ? 'the daemon hung up' : message);
};

/** The daemon cannot be talked to; says which one, and why. */
export const unreachable = ({host, chosenBy}: Endpoint, why: string, cause?: unknown): StepError =>
  new StepError(`cannot reach Docker at ${host} (${chosenBy}): ${why}`, {
    code: 'docker-unreachable',
    next: 'find out what is wrong: runbook doctor',
    cause,
  });

const denied = ({host, chosenBy}: Endpoint, cause: unknown): StepError =>
  new PermanentError(`you may not use Docker at ${host} (${chosenBy}): permission denied`, {
    code: 'docker-denied',
    next: 'join the group docker and log in again (sudo usermod -aG docker "$USER"); what is missing: runbook doctor',
    cause,
  });

/** Turns whatever a call to an engine threw into something a person can act on. */
export const explainError = (error: unknown, endpoint: Endpoint): Error => {
  if (error instanceof StepError) return error;
  if (isHttpError(error)) return explainText(daemonText(error), error);
  const {code} = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return denied(endpoint, error);
  return unreachable(endpoint, reason(error), error);
};
