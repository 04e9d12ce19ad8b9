import dns from 'node:dns/promises';
import {isIP} from 'node:net';
import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type StepContext, StepError} from '../engine/step-type.ts';

/** One try; there are two, so a look takes 6 s at most (the second try waits longer). */
const TRY_MS = 2000;
const TRIES = 2;

const options = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.description('The name; an address for PTR')),
  type: v.optional(
    v.pipe(v.picklist(['A', 'AAAA', 'SRV', 'TXT', 'CNAME', 'PTR']), v.description('Which records; A by default')),
    'A',
  ),
  server: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+)(:\d{1,5})?$/, 'a server is host or host:port, such as 127.0.0.1:8600'),
      v.description("Who is asked, as host:port; the system's servers by default"),
    ),
  ),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  status: v.pipe(v.picklist(['NOERROR', 'NXDOMAIN']), v.description('NXDOMAIN: there is no such name')),
  addresses: v.pipe(v.array(v.string()), v.description('A and AAAA: the addresses. SRV: those of the targets. Sorted')),
  answers: v.pipe(v.array(v.string()), v.description('Each answer as `dig +short` prints it, sorted')),
  records: v.pipe(
    v.array(
      v.object({
        name: v.string(),
        port: v.number(),
        priority: v.number(),
        weight: v.number(),
        address: v.pipe(v.nullable(v.string()), v.description('Address of the target; null when it has none')),
      }),
    ),
    v.description('SRV: each record, by target and port; empty for other types'),
  ),
});
type Outputs = v.InferOutput<typeof outputs>;

const serverOf = (server: string): {host: string; port: string} => {
  const [, bracketed, plain = '', port = '53'] = /^(?:\[(.*)\]|(.*?))(?::(\d+))?$/.exec(server) ?? [];
  return {host: bracketed ?? plain, port};
};

const fail = (message: string, cause?: unknown, next?: string): StepError =>
  new StepError(message, {code: 'dns-failed', cause, ...(next !== undefined && {next})});

/** Resolvers take addresses only; the name of a server is looked up by the system. */
const addressOf = async (server: string): Promise<string> => {
  const {host, port} = serverOf(server);
  const address = isIP(host)
    ? host
    : await dns.lookup(host).then(
        (found) => found.address,
        (error) => Promise.reject(fail(`the DNS server's own name ${host} has no address`, error)),
      );
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
};

const REASONS: Readonly<Record<string, string>> = {
  ETIMEOUT: 'no answer in time',
  ECONNREFUSED: 'nothing listens there',
  ESERVFAIL: 'it answered SERVFAIL',
  EREFUSED: 'it answered REFUSED',
  EBADNAME: 'that is no name',
  EFORMERR: 'it answered FORMERR',
};

const NOTHING = ['ENOTFOUND', 'ENODATA'];
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

const explain = (error: unknown, {name, type, server}: Options): StepError => {
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

const ofServices = async (resolver: dns.Resolver, name: string): Promise<Omit<Outputs, 'status'>> => {
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

const look = async (resolver: dns.Resolver, {name, type}: Options): Promise<Omit<Outputs, 'status'>> => {
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

const resolverFor = async ({server}: Options): Promise<dns.Resolver> => {
  const resolver = new dns.Resolver({timeout: TRY_MS, tries: TRIES});
  if (server !== undefined) resolver.setServers([await addressOf(server)]);
  return resolver;
};

const find = async (given: Options, {signal}: StepContext): Promise<Outputs> => {
  signal.throwIfAborted();
  const resolver = await resolverFor(given);
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

const command = ({name, type, server}: Options): string => {
  const at = server === undefined ? undefined : serverOf(server);
  const where = at === undefined ? [] : [`@${at.host}`, ...(at.port === '53' ? [] : ['-p', at.port])];
  if (type === 'PTR' && isIP(name)) return sh`dig +short ${where} -x ${name}`;
  return sh`dig +short ${where} ${name} ${type === 'A' ? [] : type}`;
};

/** Looks up a name. */
export default defineStepType({
  name: 'dns.lookup',
  about: 'Asks a DNS server for a name; a name that does not exist is an empty answer, not a failure.',
  options,
  outputs,
  effect: 'reads',
  command,

  async run(given, context) {
    const found = await find(given, context);
    for (const answer of found.answers) context.output(`${answer}\n`);
    return found;
  },

  shell: {
    outputs: {
      answers: (given) => `${command(given)} | sort`,
      // dig prints the aliases on the way, too; those end in a dot
      addresses: (given) => `${command(given)} | grep -v '\\.$' | sort`,
    },
  },
});
