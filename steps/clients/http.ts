import http from 'node:http';
import https from 'node:https';
import {TextDecoder} from 'node:util';
import {withLimit} from '../../engine/limit.ts';
import {PermanentError, StepError} from '../../engine/step-type.ts';

/** How much of a body is kept; the rest is not read. */
export const KEPT_BYTES = 1024 * 1024;
/** One exchange, unless the step says otherwise. */
export const DEFAULT_TIMEOUT = '10s';
const MAX_REDIRECTS = 20;

/** One request; `exchange` follows redirects where asked. */
export interface Request {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly follow: boolean;
  /** Accepts any TLS certificate. */
  readonly insecure: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface Response {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case; several of one name joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the body was longer than what is kept. */
  readonly truncated: boolean;
}

const UNITS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000};

/** A duration such as `500ms`, `10s` or `1m`. */
export const DURATION = /^(\d+)(ms|s|m)$/;

export const milliseconds = (duration: string): number => {
  const [, amount = '0', unit = 's'] = DURATION.exec(duration) ?? [];
  return Number(amount) * (UNITS[unit] ?? 1000);
};

/** The URL as the author wrote it, and its host. */
type Target = Pick<URL, 'href' | 'hostname'>;
type Explain = (url: Target, ms: number) => {message: string; next?: string};
const REASONS: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: ({href}) => ({message: `connection refused: ${href}`, next: 'start what should answer there'}),
  ENOTFOUND: ({hostname}) => ({message: `no such host: ${hostname}`}),
  EAI_AGAIN: ({hostname}) => ({message: `the name ${hostname} cannot be looked up now`}),
  ECONNRESET: ({href}) => ({message: `the connection was closed before the answer was complete: ${href}`}),
  EHOSTUNREACH: ({href}) => ({message: `no route to the host: ${href}`}),
  ENETUNREACH: ({href}) => ({message: `no route to the network: ${href}`}),
  TimeoutError: ({href}, ms) => ({message: `no answer within ${ms / 1000} s: ${href}`}),
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return '';
  // both addresses of a host failed, each for its reason
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const {code} = first as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : error.name; // a DOMException has a number
};

const explain = (error: unknown, url: Target, timeoutMs: number): StepError => {
  const code = codeOf(error);
  const known = REASONS[code]?.(url, timeoutMs);
  if (known)
    return new StepError(known.message, {code: 'http-failed', cause: error, ...(known.next && {next: known.next})});
  const said = error instanceof Error ? error.message : String(error);
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY/.test(code)) {
    const next = 'trust its authority with NODE_EXTRA_CA_CERTS, or set `insecure: true`';
    return new StepError(`the certificate is not trusted (${said}): ${url.href}`, {
      code: 'http-failed',
      cause: error,
      next,
    });
  }
  return new StepError(`the request failed (${said}): ${url.href}`, {code: 'http-failed', cause: error});
};

const decode = (bytes: Buffer, contentType: string | undefined): string => {
  const [, charset = 'utf-8'] = /charset="?([\w-]+)/i.exec(contentType ?? '') ?? [];
  try {
    return new TextDecoder(charset, {ignoreBOM: true}).decode(bytes);
  } catch {
    return bytes.toString(); // a charset that nobody knows
  }
};

const readBody = async (response: http.IncomingMessage) => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > KEPT_BYTES) break; // leaving the loop closes the connection
  }
  const kept = Buffer.concat(chunks).subarray(0, KEPT_BYTES);
  return {body: decode(kept, response.headers['content-type']), truncated: length > KEPT_BYTES};
};

const joinedHeaders = (response: http.IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : `${value}`,
    ]),
  );

const send = (url: URL, request: Request, signal: AbortSignal): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    const options = {
      method: request.method,
      headers: {'user-agent': 'runbook', accept: '*/*', ...request.headers},
      agent: false as const, // no connection outlives the exchange
      signal,
      ...(request.insecure && {rejectUnauthorized: false}),
    };
    const sent = (url.protocol === 'https:' ? https : http).request(url, options, resolve);
    sent.on('error', reject);
    sent.end(request.body);
  });

/** The request that a redirect asks for, as `curl -L` makes it. */
const redirected = (request: Request, from: URL, to: URL, status: number): Request => {
  const becomesGet = status === 303 || (status < 303 && request.method === 'POST');
  const kept = Object.entries(request.headers ?? {}).filter(
    ([name]) => from.host === to.host || !/^(authorization|cookie)$/i.test(name),
  );
  const next = {...request, url: to.href, headers: Object.fromEntries(kept)};
  return becomesGet && request.method !== 'HEAD' ? {...next, method: 'GET', body: undefined} : next;
};

const answer = async (request: Request, signal: AbortSignal, redirects: number): Promise<Response> => {
  const url = new URL(request.url);
  const response = await send(url, request, signal);
  const status = response.statusCode ?? 0;
  const {location} = response.headers;
  if (request.follow && location !== undefined && [301, 302, 303, 307, 308].includes(status)) {
    response.destroy();
    if (redirects === 0) throw new Error(`more than ${MAX_REDIRECTS} redirects`);
    return answer(redirected(request, url, new URL(location, url), status), signal, redirects - 1);
  }
  return {
    status,
    reason: response.statusMessage ?? '',
    headers: joinedHeaders(response),
    ...(await readBody(response)),
  };
};

/**
 * One exchange, bounded in time and size. No connection stays open after it.
 * @throws StepError `http-failed` where no whole answer came; a status is never an error here
 */
export const exchange = (request: Request): Promise<Response> =>
  withLimit(request.timeoutMs, request.signal, (signal) => exchangeWithin(signal, request));

const exchangeWithin = async (signal: AbortSignal, request: Request): Promise<Response> => {
  if (!URL.canParse(request.url)) throw new PermanentError(`not a URL: ${request.url}`, {code: 'http-failed'});
  try {
    return await answer(request, signal, MAX_REDIRECTS);
  } catch (error) {
    request.signal.throwIfAborted();
    const target = {href: request.url, hostname: new URL(request.url).hostname};
    throw explain(signal.aborted ? signal.reason : error, target, request.timeoutMs);
  }
};
