import type Dockerode from 'dockerode';
import {afterAwake, orAborted} from '../../engine/limit.ts';
import type {Site, StepContext} from '../../engine/step-type.ts';
import {type Endpoint, resolveEndpoint} from './docker-endpoint.ts';
import {explainError, isMissing, unreachable} from './docker-errors.ts';
import {transport} from './docker-transport.ts';

/** A look-up is answered in milliseconds; a daemon that needs longer than this hangs. */
const LOOK_MS = 10_000;
/** Starting or removing a container on a busy machine. */
export const ACT_MS = 120_000;

/** What a streamed answer is read as. */
export type Chunks = AsyncIterable<Buffer | string>;

/** How long a stream may keep us waiting; without limits it lives until the step's signal. */
export interface Patience {
  /** Until the first byte. */
  readonly firstMs: number;
  /** Between two chunks. */
  readonly idleMs: number;
  /** The error when it takes longer. */
  readonly late: () => Error;
}

/** One engine, as one step sees it: every call ends with the step's signal or its own limit, and explains its error. */
export interface Docker {
  readonly endpoint: Endpoint;
  ask<T>(call: (api: Dockerode) => Promise<T>, limitMs?: number): Promise<T>;
  /** Like `ask`; undefined when there is no such thing. */
  find<T>(call: (api: Dockerode) => Promise<T>): Promise<T | undefined>;
  /** Like `ask`, but also after the step's signal: for taking back what a failure or an interrupt left half done. */
  tidy<T>(call: (api: Dockerode) => Promise<T>, limitMs?: number): Promise<T>;
  /** Reads a streamed answer to its end; leaving the loop closes the connection. */
  stream(call: (api: Dockerode) => Promise<Chunks>, patience?: Patience): AsyncGenerator<Buffer>;
}

/** The words that start a command line for this site's engine: `docker`, or `docker --context NAME`. */
export const dockerCommand = ({on}: Pick<Site, 'on'>): string[] =>
  on === undefined ? ['docker'] : ['docker', '--context', on];

type Modem = Dockerode['modem'];

const connections = new Map<string, Promise<Dockerode>>();

/** The engine that this step's `docker` command would talk to. */
export const dockerClient = async (context: Pick<StepContext, 'on' | 'env' | 'signal'>): Promise<Docker> => {
  const endpoint = await resolveEndpoint(context);
  // The connection's own settings make the key: a machine made anew has new certificates under its old name.
  const key = JSON.stringify([endpoint, endpoint.host.startsWith('ssh:') && context.env]);
  const connection = connections.get(key) ?? connect(endpoint, context.env);
  connections.set(key, connection);
  connection.catch(() => connections.delete(key));
  return withLimits(await connection, endpoint, context.signal);
};

// Loading dockerode takes a fifth of a second: only who needs it waits for it.
const connect = async (endpoint: Endpoint, env: StepContext['env']): Promise<Dockerode> => {
  const {default: Docker} = await import('dockerode');
  try {
    const options = connectionOptions(endpoint, env);
    return withoutDockerHost(() => new Docker(options));
  } catch (error) {
    throw unreachable(endpoint, error instanceof Error ? error.message : String(error), error);
  }
};

// Whatever it is given, dockerode reads DOCKER_HOST too, and throws when that or its certificates are no good.
const withoutDockerHost = <T>(act: () => T): T => {
  const {DOCKER_HOST: host} = process.env;
  delete process.env.DOCKER_HOST;
  try {
    return act();
  } finally {
    if (host !== undefined) process.env.DOCKER_HOST = host;
  }
};

/** Everything explicit, also what is absent: dockerode fills what is left out from the environment, in its own way. */
const connectionOptions = (endpoint: Endpoint, env: StepContext['env']): Dockerode.DockerOptions => {
  const options = {
    ...{host: undefined, port: undefined, socketPath: undefined, protocol: 'http', pathPrefix: '/', timeout: undefined},
    ...{ca: undefined, cert: undefined, key: undefined, username: undefined, agent: undefined},
    ...transport(endpoint, env),
  };
  return options as Dockerode.DockerOptions;
};

const withLimits = (connection: Dockerode, endpoint: Endpoint, signal: AbortSignal): Docker => {
  const bounded = async <T>(call: (api: Dockerode) => Promise<T>, limitMs: number, outer?: AbortSignal): Promise<T> => {
    const leash = new Leash(outer);
    leash.within(limitMs, () => unreachable(endpoint, `no answer within ${limitMs / 1000} s`));
    try {
      return await leash.hold(call(bound(connection, leash.signal)));
    } catch (error) {
      throw leash.reason ?? explainError(error, endpoint);
    } finally {
      leash.release();
    }
  };
  return {
    endpoint,
    ask: (call, limitMs = LOOK_MS) => bounded(call, limitMs, signal),
    tidy: (call, limitMs = ACT_MS) => bounded(call, limitMs),
    find: (call) =>
      bounded(call, LOOK_MS, signal).catch((error) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    stream: (call, patience) => read(connection, endpoint, signal, call, patience),
  };
};

async function* read(
  connection: Dockerode,
  endpoint: Endpoint,
  signal: AbortSignal,
  call: (api: Dockerode) => Promise<Chunks>,
  patience?: Patience,
): AsyncGenerator<Buffer> {
  const leash = new Leash(signal);
  try {
    leash.within(patience?.firstMs ?? ACT_MS, patience?.late ?? (() => unreachable(endpoint, 'no answer')));
    const stream = await leash.hold(call(bound(connection, leash.signal)));
    if (!patience) leash.loosen();
    for await (const chunk of stream) {
      if (patience) leash.within(patience.idleMs, patience.late);
      yield Buffer.from(chunk);
    }
    // A stream that is cut may end as if it were complete.
    leash.signal.throwIfAborted();
  } catch (error) {
    throw leash.reason ?? explainError(error, endpoint);
  } finally {
    leash.release();
    leash.cut();
  }
}

/** dockerode passes a signal on for some calls only; its modem takes one for all. */
const bound = (connection: Dockerode, abortSignal: AbortSignal): Dockerode => {
  const modem: Modem = Object.create(connection.modem);
  modem.dial = (options, callback) => connection.modem.dial({...options, abortSignal} as typeof options, callback);
  return Object.assign(Object.create(connection), {modem});
};

/** What ends one call: the step's signal, or a time limit that can be set again. */
class Leash {
  // A controller of our own per call: dockerode prints each request's signal, with all that hangs on it, to a debug text.
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #follow = () => this.#controller.abort(this.#outer?.reason);
  #loosen = (): void => {};
  #released = false;

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted) this.#follow();
    outer?.addEventListener('abort', this.#follow, {once: true});
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it was cut, when it was cut before it was released. */
  get reason(): unknown {
    return this.signal.aborted && !this.#released ? this.signal.reason : undefined;
  }

  within(limitMs: number, late: () => Error): void {
    this.loosen();
    this.#loosen = afterAwake(limitMs, () => this.#controller.abort(late()));
  }

  loosen(): void {
    this.#loosen();
  }

  /** The promise, or the reason as soon as it is cut. */
  hold<T>(promise: Promise<T>): Promise<T> {
    return orAborted(promise, this.signal);
  }

  release(): void {
    this.#released = true;
    this.loosen();
    this.#outer?.removeEventListener('abort', this.#follow);
  }

  cut(): void {
    this.#controller.abort();
  }
}
