import type {LookupAddress} from 'node:dns';
import dns from 'node:dns/promises';
import {isIP} from 'node:net';
import {orAborted, withLimit} from '../../engine/limit.ts';
import {StepError} from '../../engine/step-type.ts';

/** One try; there are two, and the second waits longer. */
const TRY_MS = 2000;
const TRIES = 2;
/** For the name of the server itself. */
const NAME_MS = 10_000;

/** What is asked, and whom. */
export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'SRV' | 'TXT' | 'CNAME' | 'PTR';
  readonly server?: string | undefined;
}

interface Found {
  readonly addresses: string[];
  readonly answers: string[];
  readonly records: {name: string; port: number; priority: number; weight: number; address: string | null}[];
}

/** What was found, and whether there is such a name. */
export interface DnsAnswer extends Found {
  readonly status: 'NOERROR' | 'NXDOMAIN';
}

/** Host and port of a server, as an author writes it. */
export const serverOf = (server: string): {host: string; port: string} => {
  const [, bracketed, plain = '', port = '53'] = /^(?:\[(.*)\]|(.*?))(?::(\d+))?$/.exec(server) ?? [];
  return {host: bracketed ?? plain, port};
};

const fail = (message: string, cause?: unknown, next?: string): StepError =>
  new StepError(message, {code: 'dns-failed', cause, ...(next !== undefined && {next})});

/** The system's own look-up can't be broken off. */
const lookUp = (host: string, signal: AbortSignal): Promise<LookupAddress[]> =>
  withLimit(NAME_MS, signal, (limited) => orAborted(dns.lookup(host, {all: true}), limited)).catch((error) => {
    signal.throwIfAborted();
    const why = error.name === 'TimeoutError' ? `is not found within ${NAME_MS / 1000} s` : 'has no address';
    throw fail(`the DNS server's own name ${host} ${why}`, error);
  });

/** Resolvers take addresses only; the name of a server is looked up by the system. All its addresses are tried, in order. */
const addressesOf = async (server: string, signal: AbortSignal): Promise<string[]> => {
  const {host, port} = serverOf(server);
  const found = isIP(host) ? [{address: host, family: isIP(host)}] : await lookUp(host, signal);
  return found.map(({address, family}) => (family === 6 ? `[${address}]:${port}` : `${address}:${port}`));
};

const REASONS: Readonly<Record<string, string>> = {
  ETIMEOUT: 'no answer in time',
  // by UDP; or by TCP, after an answer that was cut
  ECONNREFUSED: 'it refuses the connection',
  ESERVFAIL: 'it answered SERVFAIL',
  EREFUSED: 'it answered REFUSED',
  EBADNAME: 'that is no name',
  EFORMERR: 'it answered FORMERR',
  ENOTIMP: 'it answered NOTIMP',
  EBADRESP: "its answer can't be read",
  EOF: 'it hung up',
};

const NOTHING = ['ENOTFOUND', 'ENODATA'];
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

const explain = (error: unknown, {name, type, server}: Question): StepError => {
  const reason = REASONS[codeOf(error)] ?? String(error);
  const who = server === undefined ? "the system's DNS servers" : `the DNS server ${server}`;
  return fail(
    `cannot look up ${type} of ${name} at ${who}: ${reason}`,
    error,
    'see whether the server runs and is reachable',
  );
};

// as dig prints them
const dotted = (name: string): string => (name.endsWith('.') ? name : `${name}.`);
const quoted = (chunks: readonly string[]): string => chunks.map((chunk) => JSON.stringify(chunk)).join(' ');

const groups = (part: string | undefined): string[] =>
  part ? part.split(':').map((group) => group.padStart(4, '0')) : [];

/** The name that stands for an address. The library's own `reverse` would ask the hosts file before the server. */
const arpa = (address: string): string => {
  if (isIP(address) === 4) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const [head, tail] = address.split('::');
  const [first, last] = [groups(head), groups(tail)];
  const digits = [...first, ...Array(8 - first.length - last.length).fill('0000'), ...last].join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa`;
};

const ofServices = async (resolver: dns.Resolver, name: string): Promise<Found> => {
  const found = await resolver.resolveSrv(name);
  const addresses = (target: string) => resolver.resolve4(target).catch(() => []);
  const targets = [...new Set(found.map((record) => record.name))];
  const byTarget = new Map(
    await Promise.all(targets.map(async (target) => [target, await addresses(target)] as const)),
  );
  const records = found.map(({name: target, port, priority, weight}) => {
    return {name: target, port, priority, weight, address: byTarget.get(target)?.[0] ?? null};
  });
  records.sort((a, b) => (a.name === b.name ? a.port - b.port : a.name < b.name ? -1 : 1));
  const answers = records.map(
    ({priority, weight, port, name: target}) => `${priority} ${weight} ${port} ${dotted(target)}`,
  );
  return {records, answers: answers.sort(), addresses: [...new Set([...byTarget.values()].flat())].sort()};
};

const look = async (resolver: dns.Resolver, {name, type}: Question): Promise<Found> => {
  const only = (answers: readonly string[]) => ({addresses: [], answers: answers.toSorted(), records: []});
  const addresses = (found: readonly string[]) => ({...only(found), addresses: found.toSorted()});
  switch (type) {
    case 'A':
      return addresses(await resolver.resolve4(name));
    case 'AAAA':
      return addresses(await resolver.resolve6(name));
    case 'SRV':
      return ofServices(resolver, name);
    case 'TXT':
      return only((await resolver.resolveTxt(name)).map(quoted));
    case 'CNAME':
      return only((await resolver.resolveCname(name)).map(dotted));
    case 'PTR':
      return only((await resolver.resolvePtr(isIP(name) ? arpa(name) : name)).map(dotted));
  }
};

const resolverFor = async ({server}: Question, signal: AbortSignal): Promise<dns.Resolver> => {
  const resolver = new dns.Resolver({timeout: TRY_MS, tries: TRIES});
  if (server !== undefined) resolver.setServers(await addressesOf(server, signal));
  return resolver;
};

/**
 * Asks one question; a name that does not exist is an answer.
 * @throws StepError `dns-failed` where no server could say
 */
export const askDns = async (given: Question, signal: AbortSignal): Promise<DnsAnswer> => {
  signal.throwIfAborted();
  const resolver = await resolverFor(given, signal);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, {once: true});
  try {
    return {status: 'NOERROR', ...(await look(resolver, given))};
  } catch (error) {
    signal.throwIfAborted();
    if (!NOTHING.includes(codeOf(error))) throw explain(error, given);
    return {status: codeOf(error) === 'ENOTFOUND' ? 'NXDOMAIN' : 'NOERROR', addresses: [], answers: [], records: []};
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};
