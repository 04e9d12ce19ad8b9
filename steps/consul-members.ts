import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site} from '../engine/step-type.ts';
import {ask, changesOf} from './clients/consul.ts';
import {agentOptions, CONSUL_SECRETS, consulCurl} from './clients/consul-options.ts';
import {throughJq} from './clients/shell-json.ts';

const options = v.strictObject({
  ...agentOptions,
  container: v.optional(
    v.pipe(
      v.string(),
      v.description('The container whose `consul` a person asks: shown as `docker exec CONTAINER consul members`'),
    ),
  ),
});
type Options = v.InferOutput<typeof options>;

/** A member as the agent tells it; it has more fields. */
interface AgentMember {
  readonly Name: string;
  readonly Addr: string;
  readonly Port: number;
  readonly Status: number;
  readonly ProtocolCur: number;
  readonly Tags: Readonly<Record<string, string | undefined>>;
}

// serf's numbers: https://pkg.go.dev/github.com/hashicorp/serf/serf#MemberStatus
const STATUS = ['none', 'alive', 'leaving', 'left', 'failed'];

const memberOf = ({Name, Addr, Status, Tags}: AgentMember) => ({
  name: Name,
  address: Addr,
  status: STATUS[Status] ?? 'unknown',
  type: Tags.role === 'consul' ? 'server' : 'client',
  build: Tags.build?.split(':')[0] ?? '',
  dc: Tags.dc ?? '',
});
type Member = ReturnType<typeof memberOf>;

// servers first, as `consul members` has them
const order = (a: Member, b: Member): number => {
  if (a.type !== b.type) return a.type === 'server' ? -1 : 1;
  return a.name < b.name ? -1 : 1;
};

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
};

/** The table that `consul members` prints. */
const printed = (members: readonly Member[], found: readonly AgentMember[]): string => {
  const rows = members.map(({name, address, status, type, build, dc}) => {
    const raw = found.find((one) => one.Name === name && one.Addr === address);
    return [name, `${address}:${raw?.Port}`, status, type, build, String(raw?.ProtocolCur), dc];
  });
  return table([['Node', 'Address', 'Status', 'Type', 'Build', 'Protocol', 'DC'], ...rows]);
};

const asCurl = (given: Options): string => consulCurl(given, 'agent/members');
const names = (filter: string) => (given: Options) => throughJq(asCurl(given), `[.[]${filter} | .Name] | sort`);

/** `memberOf` in jq, in the order of `order`. */
const MEMBERS = `map({name: .Name, address: .Addr, status: (${JSON.stringify(STATUS)}[.Status] // "unknown"),
  type: (if .Tags.role == "consul" then "server" else "client" end), build: (.Tags.build // "" | split(":")[0] // ""),
  dc: (.Tags.dc // "")}) | sort_by(.type != "server", .name)`.replace(/\n\s*/g, ' ');

/** Looks at the cluster's members, as one agent sees them. */
export default defineStepType({
  name: 'consul.members',
  about: 'Reads who belongs to the Consul cluster and who of them is alive, as one agent sees it.',
  options,
  outputs: v.object({
    members: v.pipe(
      v.array(
        v.object({
          name: v.string(),
          address: v.string(),
          status: v.pipe(v.string(), v.description('alive, leaving, left or failed')),
          type: v.pipe(v.string(), v.description('server or client')),
          build: v.string(),
          dc: v.string(),
        }),
      ),
      v.description('Each member; servers first, then by name'),
    ),
    names: v.pipe(v.array(v.string()), v.description('All names, sorted')),
    alive: v.pipe(v.array(v.string()), v.description('Names of those that are alive, sorted')),
  }),
  effect: 'reads',
  secretOptions: CONSUL_SECRETS,

  command: (given: Options, site: Site) => {
    if (given.container === undefined) return asCurl(given);
    return sh`docker ${site.on === undefined ? [] : ['--context', site.on]} exec ${given.container} consul members`;
  },

  async run(given, context) {
    const found = await ask<readonly AgentMember[]>(given, context, (api, common) => api.agent.members({...common}));
    const members = found.map(memberOf).sort(order);
    context.output(printed(members, found));
    const alive = members.filter(({status}) => status === 'alive');
    return {members, names: members.map(({name}) => name).sort(), alive: alive.map(({name}) => name).sort()};
  },

  // the agent cannot be asked to wait; the catalog, which follows the members, can
  changes: (given, context) =>
    changesOf({...given, stale: true}, context, (api, common) => api.health.state({state: 'any', ...common})),
  shell: {
    outputs: {
      members: (given) => throughJq(asCurl(given), MEMBERS),
      names: names(''),
      alive: names(' | select(.Status == 1)'),
    },
  },
});
