import * as v from 'valibot';
import {type StepContext, StepError} from '../../engine/step-type.ts';
import {curl} from './curl.ts';
import {DEFAULT_TIMEOUT, DURATION, exchange, milliseconds, type Request, type Response} from './http.ts';

/** The options that `http.get` and `http.request` share. */
export const httpOptions = {
  url: v.pipe(
    v.string(),
    v.regex(/^https?:\/\/\S+$/, 'a URL starts with http:// or https:// and has no spaces'),
    v.description('The whole URL'),
  ),
  headers: v.optional(v.pipe(v.record(v.string(), v.string()), v.description('Request headers'))),
  allow: v.optional(
    v.pipe(
      v.array(v.pipe(v.number(), v.integer())),
      v.description('Further statuses to accept, such as [404]; 2xx and 3xx always are'),
    ),
    [],
  ),
  follow: v.optional(v.pipe(v.boolean(), v.description('Follow redirects; off by default, as with curl')), false),
  insecure: v.optional(v.pipe(v.boolean(), v.description('Accept any TLS certificate')), false),
  timeout: v.optional(
    v.pipe(
      v.string(),
      v.regex(DURATION, 'a duration such as 500ms, 10s or 1m'),
      v.description('How long one exchange may take; 10s by default'),
    ),
    DEFAULT_TIMEOUT,
  ),
};

/** What both hand on. */
export const httpOutputs = v.object({
  status: v.pipe(v.number(), v.description('The HTTP status')),
  headers: v.pipe(v.record(v.string(), v.string()), v.description('Response headers, names in lower case')),
  body: v.pipe(v.string(), v.description('The body as text; at most 1 MB of it')),
  truncated: v.pipe(v.boolean(), v.description('Whether the body was longer')),
  json: v.pipe(v.any(), v.description('The body read as JSON; null when it is none')),
});
export type HttpOutputs = v.InferOutput<typeof httpOutputs>;

type Common = Omit<v.InferOutput<v.StrictObjectSchema<typeof httpOptions, undefined>>, 'headers'>;

// curl cannot be told which statuses are good: it prints the status as a last line, and awk judges that
const judged = (line: string, allow: readonly number[]): string =>
  `${line} | awk 'NR > 1 {print last} {last = $0} END {exit last !~ /^(${['[23]..', ...allow].join('|')})$/}'`;

/** The exchange as curl makes it, with a status that is not accepted as its failure. */
export const curlLine = (given: Common, request: Pick<Request, 'body' | 'headers'> & {method?: string}): string => {
  const {url, follow, insecure, timeout, allow} = given;
  const flags = [
    ...(allow.length === 0 ? ['-fsS'] : ['-sS', '-w', '\\n%{http_code}\\n']),
    ...(follow ? ['-L'] : []),
    ...(insecure ? ['-k'] : []),
    ...(timeout === DEFAULT_TIMEOUT ? [] : ['--max-time', String(milliseconds(timeout) / 1000)]),
  ];
  const line = curl({...request, url, flags});
  return allow.length === 0 ? line : judged(line, allow);
};

/** How each output is read in a shell. */
export const httpShellOutputs = <Given extends Common>(headersOf: (given: Given) => Pick<Request, 'headers'>) => {
  const line = (given: Given, flags: readonly string[]): string => {
    const {follow, insecure, url, allow} = given;
    const judged = allow.length === 0 ? '-fsS' : '-sS';
    return curl({
      ...headersOf(given),
      url,
      flags: [judged, ...flags, ...(follow ? ['-L'] : []), ...(insecure ? ['-k'] : [])],
    });
  };
  return {
    status: (given: Given) => line(given, ['-o', '/dev/null', '-w', '%{http_code}']),
    body: (given: Given) => line(given, []),
    json: (given: Given) => line(given, []),
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const EXCERPT = 300;

const refuse = ({status, reason, body}: Response, url: string): StepError => {
  const excerpt = body.length > EXCERPT ? `${body.slice(0, EXCERPT)}...` : body;
  return new StepError(`HTTP ${`${status} ${reason}`.trim()}: ${url}`, {
    code: 'http-failed',
    expected: 'a status of 2xx or 3xx, or one of `allow`',
    found: `${status}${excerpt.trim() === '' ? '' : `, ${excerpt.trim()}`}`,
  });
};

/** Makes the exchange that the options describe, shows what came, and judges the status. */
export const fetched = async (
  given: Common,
  request: Pick<Request, 'method' | 'headers' | 'body'>,
  context: StepContext,
): Promise<HttpOutputs> => {
  const {url, follow, insecure, allow} = given;
  const timeoutMs = milliseconds(given.timeout);
  const response = await exchange({...request, url, follow, insecure, timeoutMs, signal: context.signal});
  const {status, headers, body, truncated} = response;
  if (body !== '') context.output(body.endsWith('\n') ? body : `${body}\n`);
  if (status >= 400 && !allow.includes(status)) throw refuse(response, url);
  return {status, headers, body, truncated, json: truncated ? null : parsed(body)};
};
