import * as v from 'valibot';
import {defineStepType} from '../engine/step-type.ts';
import {ask, type Call, changesOf} from './clients/consul.ts';
import {CONSUL_SECRETS, catalogOptions, consulCurl} from './clients/consul-options.ts';
import {throughJq} from './clients/shell-json.ts';

const options = v.strictObject(catalogOptions);
type Options = v.InferOutput<typeof options>;

/** A node as the catalog has it; it has more fields. */
interface CatalogNode {
  readonly Node: string;
  readonly Address: string;
}

const list: Call = (api, common) => api.catalog.node.list({...common});
const command = (given: Options): string => consulCurl(given, 'catalog/nodes');

/** Looks at the catalog's nodes. */
export default defineStepType({
  name: 'consul.nodes',
  about: "Reads the nodes of Consul's catalog.",
  options,
  outputs: v.object({
    nodes: v.pipe(
      v.array(v.object({name: v.string(), address: v.string()})),
      v.description('Name and address of each, by name'),
    ),
    names: v.pipe(v.array(v.string()), v.description('The names alone, sorted')),
    json: v.pipe(v.any(), v.description('The answer as Consul gave it')),
  }),
  effect: 'reads',
  secretOptions: CONSUL_SECRETS,
  command,

  async run(given, context) {
    const json = await ask<readonly CatalogNode[]>(given, context, list);
    context.output(`${JSON.stringify(json, undefined, 2)}\n`);
    const nodes = json.map(({Node, Address}) => ({name: Node, address: Address}));
    nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
    return {nodes, names: nodes.map(({name}) => name), json};
  },

  changes: (given, context) => changesOf(given, context, list),
  shell: {
    outputs: {
      json: command,
      names: (given) => throughJq(command(given), '[.[].Node] | sort'),
      nodes: (given) => throughJq(command(given), 'map({name: .Node, address: .Address}) | sort_by(.name)'),
    },
  },
});
