import {isDeepStrictEqual} from 'node:util';
import * as v from 'valibot';
import {quote} from '../engine/sh.ts';
import {defineStepType, type StepContext} from '../engine/step-type.ts';
import {agentOptions, apiPath, CONSUL_SECRETS, consulCurl} from './clients/consul-options.ts';
import {
  comparable,
  deregister,
  type Found,
  look,
  register,
  registrationOf,
  service,
} from './clients/consul-registration.ts';

const options = v.strictObject({
  service: v.pipe(service, v.description('The service, as the agent is told')),
  ...agentOptions,
});
type Options = v.InferOutput<typeof options>;

const compared = (given: Options, found: Found) => {
  const wanted = registrationOf(given.service);
  const ids = new Set(wanted.Checks.map(({CheckID}) => CheckID));
  return {expected: comparable(wanted, ids), actual: found && comparable(found, ids)};
};

const holds = (given: Options, found: Found): boolean => {
  const {expected, actual} = compared(given, found);
  return isDeepStrictEqual(actual, expected);
};

const restore = async (given: Options, previous: NonNullable<Found>, context: StepContext): Promise<void> => {
  await register(given, {...previous, Checks: []}, context);
  if (previous.Checks.length === 0) return;
  const names = previous.Checks.map(({Name}) => `"${Name}"`).join(', ');
  context.output(
    `${previous.ID} is registered as before, but without ${names}: agents do not tell how checks are defined\n`,
  );
};

const isGiven = (value: unknown): boolean =>
  typeof value === 'object' ? Object.keys(value ?? {}).length > 0 : value !== '' && value !== 0;

const command = (given: Options): string => {
  const told = Object.entries(registrationOf(given.service)).filter(([, value]) => isGiven(value));
  const body = JSON.stringify(Object.fromEntries(told));
  return consulCurl(given, 'agent/service/register', {method: 'PUT', body, query: ['replace-existing-checks=true']});
};

/** A service that an agent has registered, with its checks. */
export default defineStepType({
  name: 'consul.register',
  about: 'Registers a service and its health checks with an agent; undo takes it back.',
  options,
  outputs: v.object({id: v.pipe(v.string(), v.description("The service's id on this agent"))}),
  effect: 'converges',
  secretOptions: CONSUL_SECRETS,
  command,

  async prepare(given, context) {
    await context.remember<Found>('previous', () => look(given, registrationOf(given.service).ID, context));
  },

  async run(given, context) {
    const wanted = registrationOf(given.service);
    await context.remember<Found>('previous', () => look(given, wanted.ID, context), {sealed: true});
    await register(given, wanted, context);
    return {id: wanted.ID};
  },

  async verify(given, context) {
    const {ID} = registrationOf(given.service);
    const found = await look(given, ID, context);
    if (holds(given, found)) return {ok: true, outputs: {id: ID}};
    const {expected, actual} = compared(given, found);
    return {
      ok: false,
      expected: JSON.stringify(expected),
      found: actual === null ? 'no such service' : JSON.stringify(actual),
    };
  },

  async undo(given, context) {
    const {ID} = registrationOf(given.service);
    // asked where `run` never was: what a person typed is ours, anything else was there before
    const previous = await context.remember<Found>(
      'previous',
      async () => {
        const found = await look(given, ID, context);
        return holds(given, found) ? null : found;
      },
      {sealed: true},
    );
    if (previous === null) await deregister(given, ID, context);
    else await restore(given, previous, context);
    return holds(given, previous) ? {stays: `${ID} stays: it was registered so before`} : undefined;
  },

  shell: {
    check: (given) => {
      const {ID, Name, Address, Port, Tags} = registrationOf(given.service);
      const wanted = quote(JSON.stringify([Name, Address, Port, Tags.toSorted()]));
      const asked = '[.Service, .Address, .Port, (.Tags // [] | sort)] == $wanted';
      // of no input at all some versions of jq say yes
      const found = `found=$(${consulCurl(given, apiPath('agent', 'service', ID))})`;
      return `${found} && printf %s "$found" | jq -e --argjson wanted ${wanted} '${asked}' >/dev/null`;
    },
    outputs: {id: ({service: {id, name}}) => `echo ${quote(id ?? name)}`},
  },
});
