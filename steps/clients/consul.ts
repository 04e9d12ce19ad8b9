import {EventEmitter} from 'node:events';
import http from 'node:http';
import https from 'node:https';
import {setTimeout as pause} from 'node:timers/promises';
import type Consul from 'consul';
import {PermanentError, type StepContext, StepError} from '../../engine/step-type.ts';

/** One request. */
const LIMIT_MS = 10_000;
/** How long the agent may hold back the answer to a blocking query; it adds up to a sixteenth. */
const WAIT_S = 55;
/** Between two blocking queries when the agent is away, or counts nothing. */
const PAUSE_MS = 500;

/** Which agent is asked, and how. */
export interface Where {
  readonly address: string;
  readonly datacenter?: string | undefined;
  readonly token?: string | undefined;
  readonly stale?: boolean | undefined;
}

/** Options that every call of the client takes; its own types know only some of them. */
export type Common = Readonly<Record<string, unknown>>;

/** What a failure of the `consul` package carries. */
interface Failure extends Error {
  readonly code?: string;
  readonly isTimeout?: boolean;
  /** The client refused what it was given; nothing was sent. */
  readonly isValidation?: boolean;
  readonly response?: {readonly statusCode: number; readonly body?: unknown};
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host cannot be looked up now',
  EHOSTUNREACH: 'no route to the host',
};

const NEXT = 'start the agent (`docker ps` shows whether it runs), or set `address:`';

const unreachable = (where: Where, error: Failure): StepError => {
  const cause = error instanceof AggregateError ? (error.errors[0] as Failure) : error;
  const reason = error.isTimeout
    ? `no answer within ${LIMIT_MS / 1000} s`
    : (REASONS[cause.code ?? ''] ?? cause.message);
  const message = `no Consul agent answers at ${where.address}: ${reason}`;
  return new StepError(message, {code: 'consul-unreachable', cause: error, next: NEXT});
};

/** What agents answer while too few servers are there to choose a leader, or while they choose. */
const LEADERLESS =
  /No cluster leader|No known Consul servers|not the leader|leadership (?:lost|transfer)|rpc error \w+ (?:call|client): .*(?:EOF|dial|get conn|refused|reset|i\/o)/i;

const leaderless = (where: Where, body: string, cause: Error): StepError =>
  new StepError(`the Consul cluster at ${where.address} has no leader: too few of its servers answer`, {
    code: 'consul-unreachable',
    expected: 'a leader',
    found: body,
    next: `start servers until more than half of them run; those that count: curl ${where.address}/v1/status/peers`,
    cause,
  });

/** Whether the agent answers, but its cluster has no leader. */
export const isLeaderless = (error: unknown): boolean =>
  error instanceof StepError && LEADERLESS.test(error.details.found ?? '');

const refused = (where: Where, status: number, body: string, cause: Error): StepError => {
  if (status === 500 && LEADERLESS.test(body)) return leaderless(where, body, cause);
  const message = `Consul at ${where.address} answered ${status}${body === '' ? '' : `: ${body}`}`;
  const details = {code: 'consul-unreachable', cause};
  if (status === 403) return new PermanentError(message, {...details, next: 'give a `token:` that may do this'});
  if (status === 400) return new PermanentError(message, {...details, code: 'step-failed'});
  return new StepError(message, details);
};

const explain = (where: Where, error: Failure): StepError => {
  const {response} = error;
  if (error.isValidation) return new PermanentError(error.message, {cause: error});
  if (response === undefined) return unreachable(where, error);
  return refused(where, response.statusCode, String(response.body ?? '').trim(), error);
};

const connect = async ({address}: Where): Promise<Consul> => {
  const {default: Client} = await import('consul');
  // no connection outlives its request
  const agent = new (address.startsWith('https:') ? https : http).Agent({keepAlive: false});
  const options = {baseUrl: `${address.replace(/\/+$/, '')}/v1`, agent};
  return new Client(options as ConstructorParameters<typeof Client>[0]);
};

const commonOf = ({datacenter, token, stale}: Where): Common => ({
  ...(datacenter !== undefined && {dc: datacenter}),
  ...(token !== undefined && {token}),
  ...(stale && {stale}),
});

/** An answer, and the index that the next blocking query starts from. */
export interface Answer<T> {
  readonly value: T;
  readonly index: string;
}

/** One call of the client's, given what all calls take. */
export type Call = (api: Consul, common: Common) => Promise<unknown>;

const request = async <T>(where: Where, signal: AbortSignal, call: Call, query: Common): Promise<Answer<T>> => {
  signal.throwIfAborted();
  const api = await connect(where);
  // the client knows no AbortSignal, but this; with it the answer comes as [response, value]
  const ctx = Object.assign(new EventEmitter(), {includeResponse: true});
  const cancel = (): void => void ctx.emit('cancel');
  signal.addEventListener('abort', cancel, {once: true});
  try {
    const [response, value] = (await call(api, {timeout: LIMIT_MS, ...commonOf(where), ...query, ctx})) as [
      http.IncomingMessage | undefined,
      T,
    ];
    return {value, index: String(response?.headers['x-consul-index'] ?? '0')};
  } catch (error) {
    signal.throwIfAborted();
    throw explain(where, error as Failure);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};

/**
 * One request to an agent, bounded in time: `ask(where, context, (api, common) => api.kv.get({key, ...common}))`.
 * @throws StepError `consul-unreachable`, also where the agent answers but cannot say
 */
export const ask = async <T>(where: Where, context: Pick<StepContext, 'signal'>, call: Call): Promise<T> =>
  (await request<T>(where, context.signal, call, {})).value;

/** How long what needs a leader waits for one: choosing one takes seconds. */
const LEADER_MS = 30_000;

/** For what is to be done: waits for a leader where there is none. It may be begun several times. */
export const onceLed = async <T>({signal}: Pick<StepContext, 'signal'>, act: () => Promise<T>): Promise<T> => {
  for (const end = performance.now() + LEADER_MS; ; await pause(PAUSE_MS, undefined, {signal})) {
    try {
      return await act();
    } catch (error) {
      if (!isLeaderless(error) || performance.now() > end) throw error;
    }
  }
};

/**
 * Yields when what a blocking query looks at may have changed, and when the agent is back. Ends with the signal.
 * https://developer.hashicorp.com/consul/api-docs/features/blocking
 */
export async function* changesOf(
  where: Where,
  {signal}: Pick<StepContext, 'signal'>,
  call: Call,
): AsyncGenerator<undefined> {
  let index = '0';
  while (!signal.aborted) {
    const query = index === '0' ? {} : {index, wait: `${WAIT_S}s`, timeout: WAIT_S * 1200};
    const answer = await request(where, signal, call, query).catch(() => undefined);
    if (signal.aborted) return;
    const next = answer?.index ?? '0';
    if (answer && next !== index) yield undefined;
    // an index that goes back starts anew; one that is no number counts nothing
    index = !/^\d+$/.test(next) || BigInt(next) < BigInt(index) ? '0' : next;
    if (index === '0') await pause(PAUSE_MS, undefined, {signal}).catch(() => undefined);
  }
}
