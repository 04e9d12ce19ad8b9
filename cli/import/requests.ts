import {readFlags} from './flags.ts';
import {given, type Mapping} from './mapped.ts';

const CURL = {
  values: [
    '-X|--request',
    '-H|--header',
    '--data|--data-raw|--data-ascii|-d',
    '--data-binary',
    '--json',
    '-m|--max-time',
  ],
  switches: [
    '-s|--silent',
    '-S|--show-error',
    '-f|--fail',
    '-L|--location',
    '-k|--insecure',
    '-I|--head',
    '-i|--include',
    '-v|--verbose',
    '-#|--progress-bar',
    '--compressed',
    '-G|--get',
  ],
};
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** `curl`; what it is piped into to be readable is left to the step type. */
export const curl = (words: readonly string[]): Mapping => {
  const flags = readFlags(words, CURL);
  const [address] = flags.rest;
  if (flags.unknown !== undefined) return {refused: `http.get and http.request have no option for ${flags.unknown}`};
  if (address === undefined || flags.rest.length > 1 || flags.has('--get')) return undefined;
  const url = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
  if (!/^https?:/i.test(url)) return undefined;
  const data = flags.last('-d') ?? flags.last('--data-binary') ?? flags.last('--json');
  if (data?.startsWith('@') || flags.all('-d').length > 1) return {refused: 'it sends what is in a file'};
  const method = (
    flags.last('--request') ?? (data !== undefined ? 'POST' : flags.has('--head') ? 'HEAD' : 'GET')
  ).toUpperCase();
  const headers = Object.fromEntries(
    flags.all('--header').map((one) => [
      one
        .replace(/:[\s\S]*$/, '')
        .trim()
        .toLowerCase(),
      one.replace(/^[^:]*:\s*/, ''),
    ]),
  );
  const common = {url, headers, follow: flags.has('--location'), insecure: flags.has('--insecure')};
  if (method === 'GET' && data === undefined)
    return {
      uses: 'http.get',
      id: `get_${lastWord(url)}`,
      title: `Get ${short(url)}`,
      with: given(common),
      value: 'body',
    };
  if (!METHODS.includes(method)) return undefined;
  const registered = method === 'PUT' && data !== undefined ? register(url, data) : undefined;
  if (registered !== undefined) return registered;
  return {
    uses: 'http.request',
    id: `${method.toLowerCase()}_${lastWord(url)}`,
    title: `${method} ${short(url)}`,
    value: 'body',
    with: given({method, ...common, ...content(data, headers, flags.has('--json'))}),
    ...(method === 'HEAD' ? {effect: 'reads' as const} : {}),
  };
};

/** A service that Consul is told of: the same, and it can be taken back. */
const register = (url: string, data: string): Mapping => {
  const address = /^(https?:\/\/[^/]+)\/v1\/agent\/service\/register$/.exec(url)?.[1];
  if (address === undefined) return undefined;
  try {
    const told = Object.entries(JSON.parse(data) as Record<string, unknown>).map(
      ([key, value]) => [key.toLowerCase(), value] as const,
    );
    if (told.some(([key]) => !['id', 'name', 'address', 'port', 'tags', 'meta'].includes(key))) return undefined;
    const service = Object.fromEntries(told);
    const id = String(service.id ?? service.name);
    return {uses: 'consul.register', id: `register_${id}`, title: `Register ${id} in Consul`, with: {service, address}};
  } catch {
    return undefined;
  }
};

const content = (data: string | undefined, headers: Record<string, string>, json: boolean): Record<string, unknown> => {
  if (data === undefined) return {};
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null && (json || !/urlencoded/.test(headers['content-type'] ?? '')))
      return {json: value};
  } catch {
    // it is text, then
  }
  const type = headers['content-type'] === undefined ? {headers: {...headers, 'content-type': FORM}} : {};
  return {body: data, ...type};
};

const FORM = 'application/x-www-form-urlencoded';

const short = (url: string): string => {
  const plain = url.replace(/^https?:\/\//, '').replace(/\uE000\d+\uE001/g, '…');
  return plain.length > 50 ? `${plain.slice(0, 49)}…` : plain;
};

const lastWord = (url: string): string => {
  const path = url.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*$/, '');
  return path.split('/').findLast((part) => /^[A-Za-z]/.test(part)) ?? 'page';
};

const TYPES = ['A', 'AAAA', 'SRV', 'TXT', 'CNAME', 'PTR'];

/** `dig` */
export const dig = (words: readonly string[]): Mapping => {
  let server: string | undefined;
  let port: string | undefined;
  let type: string | undefined;
  let name: string | undefined;
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word.startsWith('+')) continue;
    if (word.startsWith('@')) server = word.slice(1);
    else if (word === '-p') port = queue.shift();
    else if (word === '-t') type = queue.shift()?.toUpperCase();
    else if (word.startsWith('-')) return {refused: `dns.lookup has no option for ${word}`};
    else if (TYPES.includes(word.toUpperCase())) type = word.toUpperCase();
    else name ??= word;
  }
  if (name === undefined || (type !== undefined && !TYPES.includes(type))) return undefined;
  const host = server === '0.0.0.0' ? '127.0.0.1' : server;
  return {
    uses: 'dns.lookup',
    id: `lookup_${name.split('.')[0]}`,
    title: `Look up ${name}`,
    value: 'answers[0]',
    with: given({name, type: type === 'A' ? undefined : type, server: host && `${host}:${port ?? 53}`}),
    expect: 'size(result.answers) > 0',
    ...(server === '0.0.0.0' ? {decide: ['dig asked 0.0.0.0; the step asks 127.0.0.1, which is the same host']} : {}),
  };
};

/** `consul` */
export const consul = ([verb, ...words]: readonly string[]): Mapping => {
  const flags = readFlags(words, {values: ['-http-addr']});
  const [sub, key, value] = flags.rest;
  const rest = flags.rest.length;
  if (words.some((word) => word.startsWith('-'))) return undefined;
  if (verb === 'members' && rest === 0)
    return {uses: 'consul.members', id: 'members', title: 'See the members of the Consul cluster'};
  if (verb !== 'kv' || key === undefined) return undefined;
  if (sub === 'put' && value !== undefined && rest === 3 && !value.startsWith('@'))
    return {uses: 'consul.kv', id: `set_${key}`, title: `Set ${key}`, with: {key, value}};
  if (sub === 'delete' && rest === 2)
    return {uses: 'consul.kv', id: `remove_${key}`, title: `Remove ${key}`, with: {key, absent: true}};
  return undefined;
};
