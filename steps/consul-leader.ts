import * as v from 'valibot';
import {defineStepType} from '../engine/step-type.ts';
import {ask, isLeaderless} from './clients/consul.ts';
import {agentOptions, CONSUL_SECRETS, consulCurl} from './clients/consul-options.ts';
import {throughJq} from './clients/shell-json.ts';

const options = v.strictObject(agentOptions);

const command = (given: v.InferOutput<typeof options>): string => consulCurl(given, 'status/leader');

/** An agent that reaches no server answers 500; that is no leader, too. */
const orNone = async <T>(none: T, look: Promise<T>): Promise<T> => {
  try {
    return await look;
  } catch (error) {
    if (isLeaderless(error)) return none;
    throw error;
  }
};

/** As `orNone`: a server that answers 500 since there is no leader has said so. */
const orNothing = (
  given: v.InferOutput<typeof options>,
  path: string,
  flags: string,
  none: string,
  rest = '',
): string => {
  const asked = consulCurl(given, path, {flags: ['-sS']});
  const known = `if test("No cluster leader|No known Consul servers") then ${none} else fromjson${rest} end`;
  return throughJq(asked, known, `-Rs ${flags}`);
};

/** Looks at the cluster's leader. */
export default defineStepType({
  name: 'consul.leader',
  about: 'Reads which server leads the Consul cluster; an empty text when none does.',
  options,
  outputs: v.object({
    leader: v.pipe(v.string(), v.description('Address and port of the leader, as 172.17.0.2:8300; empty without one')),
    peers: v.pipe(v.array(v.string()), v.description('Address and port of each server that votes, sorted')),
  }),
  effect: 'reads',
  secretOptions: CONSUL_SECRETS,
  command,

  async run(given, context) {
    const [leader, peers] = await Promise.all([
      orNone(
        '',
        ask<string>(given, context, (api, common) => api.status.leader({...common})),
      ),
      orNone(
        [],
        ask<string[]>(given, context, (api, common) => api.status.peers({...common})),
      ),
    ]);
    context.output(`${JSON.stringify(leader)}\n`);
    return {leader, peers: peers.toSorted()};
  },

  shell: {
    outputs: {
      leader: (given) => orNothing(given, 'status/leader', '-r', '""'),
      peers: (given) => orNothing(given, 'status/peers', '-c', '[]', ' | sort'),
    },
  },
});
