import * as v from 'valibot';
import type {Where} from './consul.ts';
import {curl} from './curl.ts';

/** The options that all `consul.*` types share: which agent is asked. */
export const agentOptions = {
  address: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^https?:\/\/[^\s/]+(\/\S*)?$/, 'an address starts with http:// or https://'),
      v.description("The agent's HTTP address; http://127.0.0.1:8500 by default"),
    ),
    'http://127.0.0.1:8500',
  ),
  token: v.optional(v.pipe(v.string(), v.description('The ACL token; a secret'))),
};

/** For what the servers keep, of any datacenter. */
export const serverOptions = {
  ...agentOptions,
  datacenter: v.optional(v.pipe(v.string(), v.description("The datacenter; the agent's own by default"))),
};

/** For what any server can tell, perhaps a little late. */
export const catalogOptions = {
  ...serverOptions,
  stale: v.optional(
    v.pipe(v.boolean(), v.description('Take the answer of any server, also while there is no leader')),
    false,
  ),
};

/** Options that may hold a secret. */
export const CONSUL_SECRETS = ['token'] as const;

interface ApiRequest {
  readonly method?: string;
  readonly body?: string;
  readonly query?: readonly string[];
  /** Flags instead of `-fsS`. */
  readonly flags?: readonly string[];
}

const segment = (text: string): string => encodeURIComponent(text).replaceAll('%2F', '/');

/** A path of the API from parts that may hold anything. */
export const apiPath = (...parts: readonly string[]): string => parts.map(segment).join('/');

/** The request to the agent as a person types it, whether or not `consul` is installed there. */
export const consulCurl = (where: Where, path: string, {query = [], ...request}: ApiRequest = {}): string => {
  const parameters = [
    ...query,
    ...(where.datacenter === undefined ? [] : [`dc=${encodeURIComponent(where.datacenter)}`]),
    ...(where.stale ? ['stale'] : []),
  ];
  const url = `${where.address.replace(/\/+$/, '')}/v1/${path}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
  return curl({...request, url, headers: where.token === undefined ? {} : {'X-Consul-Token': where.token}});
};
