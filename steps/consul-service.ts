import * as v from 'valibot';
import {defineStepType} from '../engine/step-type.ts';
import {ask, type Call, changesOf} from './clients/consul.ts';
import {apiPath, CONSUL_SECRETS, catalogOptions, consulCurl} from './clients/consul-options.ts';
import {throughJq} from './clients/shell-json.ts';

const options = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.description("The service's name")),
  tag: v.optional(v.pipe(v.string(), v.description('Only instances with this tag'))),
  passing: v.optional(v.pipe(v.boolean(), v.description('Only instances whose checks all pass')), false),
  ...catalogOptions,
});
type Options = v.InferOutput<typeof options>;

/** An instance as Consul tells it; it has more fields. */
interface Entry {
  readonly Node: {readonly Node: string; readonly Address: string};
  readonly Service: {
    readonly ID: string;
    readonly Address: string;
    readonly Port: number;
    readonly Tags: readonly string[] | null;
  };
  readonly Checks: readonly {readonly Status: string}[];
}

const SEVERITY = ['passing', 'warning', 'critical', 'maintenance'];

/** An instance is as well as its worst check. */
const worst = ({Checks}: Entry): string =>
  SEVERITY[Math.max(0, ...Checks.map(({Status}) => SEVERITY.indexOf(Status)))] ?? 'passing';

const instanceOf = (entry: Entry) => ({
  id: entry.Service.ID,
  node: entry.Node.Node,
  // without an address of its own a service has its node's
  address: entry.Service.Address || entry.Node.Address,
  port: entry.Service.Port,
  status: worst(entry),
  tags: [...(entry.Service.Tags ?? [])],
});

const look =
  ({name, tag, passing}: Options): Call =>
  (api, common) =>
    api.health.service({service: name, ...(tag !== undefined && {tag}), ...(passing && {passing}), ...common});

const command = (given: Options): string => {
  const tag = given.tag === undefined ? [] : [`tag=${encodeURIComponent(given.tag)}`];
  return consulCurl(given, apiPath('health', 'service', given.name), {
    query: [...tag, ...(given.passing ? ['passing'] : [])],
  });
};

/** `instanceOf` in jq, by id. */
const INSTANCES = `map({id: .Service.ID, node: .Node.Node,
  address: (if .Service.Address != "" then .Service.Address else .Node.Address end), port: .Service.Port,
  status: ([.Checks[].Status] | map(. as $one | ${JSON.stringify(SEVERITY)} | index($one) // 0) | max // 0
    | ${JSON.stringify(SEVERITY)}[.]), tags: (.Service.Tags // [])}) | sort_by(.id)`.replace(/\n\s*/g, ' ');

/** Looks at the instances of a service. */
export default defineStepType({
  name: 'consul.service',
  about: 'Reads where the instances of a service are and whether their checks pass.',
  options,
  outputs: v.object({
    addresses: v.pipe(v.array(v.string()), v.description('Each address once, sorted')),
    instances: v.pipe(
      v.array(
        v.object({
          id: v.string(),
          node: v.string(),
          address: v.string(),
          port: v.number(),
          status: v.pipe(v.string(), v.description('passing, warning, critical or maintenance')),
          tags: v.array(v.string()),
        }),
      ),
      v.description('Each instance, by id'),
    ),
    passing: v.pipe(v.number(), v.description('How many of them pass')),
  }),
  effect: 'reads',
  secretOptions: CONSUL_SECRETS,
  command,

  async run(given, context) {
    const found = await ask<readonly Entry[]>(given, context, look(given));
    const instances = found.map(instanceOf).sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const {id, address, port, status} of instances) context.output(`${id} ${address}:${port} ${status}\n`);
    return {
      addresses: [...new Set(instances.map(({address}) => address))].sort(),
      instances,
      passing: instances.filter(({status}) => status === 'passing').length,
    };
  },

  changes: (given, context) => changesOf(given, context, look(given)),
  shell: {
    outputs: {
      addresses: (given) => throughJq(command(given), `${INSTANCES} | map(.address) | unique`),
      instances: (given) => throughJq(command(given), INSTANCES),
      passing: (given) => throughJq(command(given), `${INSTANCES} | map(select(.status == "passing")) | length`),
    },
  },
});
