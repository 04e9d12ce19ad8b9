import {isIP} from 'node:net';
import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType} from '../engine/step-type.ts';
import {askDns, serverOf} from './clients/dns.ts';
import {asList, throughJq} from './clients/shell-json.ts';

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

const command = ({name, type, server}: Options): string => {
  const at = server === undefined ? undefined : serverOf(server);
  const where = at === undefined ? [] : [`@${at.host}`, ...(at.port === '53' ? [] : ['-p', at.port])];
  if (type === 'PTR' && isIP(name)) return sh`dig +short ${where} -x ${name}`;
  return sh`dig +short ${where} ${name} ${type === 'A' ? [] : type}`;
};

// dig prints the aliases on the way, too; those end in a dot
const ADDRESSES = '[inputs | select(test("^[0-9a-fA-F:.]*[0-9a-fA-F]$"))] | unique';

// `dig` itself leaves out what a server tells of the targets when it is to be short
const withTargets = (given: Options): string => command(given).replace('+short', '+noall +answer +additional');

/** SRV records as dig prints them: name, time to live, IN, SRV, priority, weight, port, target; A records behind them. */
const RECORDS = `[inputs | [splits("[ \t]+")]] | . as $all
  | [.[] | select(.[3] == "SRV") | .[7] as $target
  | {name: ($target | rtrimstr(".")), port: (.[6] | tonumber), priority: (.[4] | tonumber), weight: (.[5] | tonumber),
     address: (first($all[] | select(.[0] == $target and (.[3] == "A" or .[3] == "AAAA")) | .[4]) // null)}]
  | sort_by(.name, .port)`.replace(/\n\s*/g, ' ');

const records = (given: Options): string =>
  given.type === 'SRV' ? throughJq(withTargets(given), RECORDS, '-Rnc') : "echo '[]'";

const addresses = (given: Options): string =>
  given.type === 'SRV'
    ? throughJq(withTargets(given), `${RECORDS} | map(.address | select(. != null)) | unique`, '-Rnc')
    : throughJq(command(given), ADDRESSES, '-Rnc');

/** Looks up a name. */
export default defineStepType({
  name: 'dns.lookup',
  about: 'Asks a DNS server for a name; a name that does not exist is an empty answer, not a failure.',
  options,
  outputs,
  effect: 'reads',
  command,

  async run(given, context) {
    const found = await askDns(given, context.signal);
    for (const answer of found.answers) context.output(`${answer}\n`);
    return found;
  },

  shell: {
    outputs: {
      answers: (given) => asList(command(given)),
      addresses,
      records,
    },
  },
});
