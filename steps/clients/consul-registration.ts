import * as v from 'valibot';
import type {Json, StepContext} from '../../engine/step-type.ts';
import {ask, type Where} from './consul.ts';

const duration = (about: string) =>
  v.pipe(v.string(), v.regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'a duration such as 10s'), v.description(about));

const check = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.description('Id of the check; by default made from the id of the service'))),
  name: v.optional(v.pipe(v.string(), v.description('Name of the check'))),
  http: v.optional(v.pipe(v.string(), v.description('A URL that shall answer 2xx'))),
  tcp: v.optional(v.pipe(v.string(), v.description('A host:port that shall accept connections'))),
  ttl: v.optional(duration('The service itself shall report at least this often')),
  args: v.optional(v.pipe(v.array(v.string()), v.description('A command that the agent runs; it must allow that'))),
  interval: v.optional(duration('How often it is checked; not for `ttl`')),
  timeout: v.optional(duration('How long one check may take')),
});
type Check = v.InferOutput<typeof check>;

/** A service, as an author writes it. */
export const service = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.description('Unique on the agent; the name by default'))),
  name: v.pipe(v.string(), v.minLength(1), v.description('The name that DNS and catalog know it by')),
  address: v.optional(v.pipe(v.string(), v.description("Where it is; the node's address by default"))),
  port: v.optional(v.pipe(v.number(), v.integer(), v.description('Its port'))),
  tags: v.optional(v.pipe(v.array(v.string()), v.description('Words to select instances by'))),
  meta: v.optional(v.pipe(v.record(v.string(), v.string()), v.description('Further facts about it'))),
  checks: v.optional(v.pipe(v.array(check), v.description('What proves that it is well'))),
});
type Service = v.InferOutput<typeof service>;

/** A registration in the words of Consul's API; what is put, compared and remembered. */
export type Registration = {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  readonly Port: number;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
  readonly Checks: readonly Readonly<Record<string, Json>>[];
};

const kindOf = ({http, tcp, ttl, args}: Check) =>
  Object.entries({HTTP: http, TCP: tcp, TTL: ttl, Args: args}).filter(([, value]) => value !== undefined);

/**
 * The definition of a check in words. Agents do not tell how a check is defined, but they tell its notes: so what is
 * registered can be compared with what is wanted.
 */
const notesOf = (wanted: Check): string => {
  const {interval, timeout} = wanted;
  const kind = kindOf(wanted).map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : value}`);
  return [...kind, ...(interval ? [`every ${interval}`] : []), ...(timeout ? [`within ${timeout}`] : [])].join(', ');
};

const checkOf = (wanted: Check, id: string, index: number, count: number): Record<string, Json> => ({
  // the agent's own rule for ids, spelled out: the checks are found again by them
  CheckID: wanted.id ?? (count === 1 ? `service:${id}` : `service:${id}:${index + 1}`),
  Name: wanted.name ?? `Service '${id}' check`,
  ...Object.fromEntries(kindOf(wanted)),
  ...(wanted.interval && {Interval: wanted.interval}),
  ...(wanted.timeout && {Timeout: wanted.timeout}),
  Notes: notesOf(wanted),
});

/** What the agent is to be told. */
export const registrationOf = (wanted: Service): Registration => {
  const {id = wanted.name, name, address = '', port = 0, tags = [], meta = {}, checks = []} = wanted;
  const all = checks.map((each, index) => checkOf(each, id, index, checks.length));
  return {ID: id, Name: name, Address: address, Port: port, Tags: tags, Meta: meta, Checks: all};
};

/** A service and a check as the agent tells them; they have more fields. */
interface AgentService extends Omit<Registration, 'Name' | 'Checks' | 'Tags'> {
  readonly Service: string;
  readonly Tags: readonly string[] | null;
}
interface AgentCheck {
  readonly CheckID: string;
  readonly Name: string;
  readonly Notes: string;
  readonly ServiceID: string;
}

const servicesOf = (where: Where, context: StepContext) =>
  ask<Readonly<Record<string, AgentService>>>(where, context, (api, common) => api.agent.service.list({...common}));

const checksOf = async (where: Where, id: string, context: StepContext): Promise<AgentCheck[]> => {
  const all = await ask<Readonly<Record<string, AgentCheck>>>(where, context, (api, common) =>
    api.agent.check.list({...common}),
  );
  return Object.values(all).filter(({ServiceID}) => ServiceID === id);
};

/** What is registered under an id, as far as the agent tells; null for nothing. */
export const look = async (where: Where, id: string, context: StepContext) => {
  const [services, checks] = await Promise.all([servicesOf(where, context), checksOf(where, id, context)]);
  const found = services[id];
  if (found === undefined) return null;
  const {ID, Service, Address, Port, Tags, Meta} = found;
  const told = checks.map(({CheckID, Name, Notes}) => ({CheckID, Name, Notes}));
  return {ID, Name: Service, Address, Port, Tags: [...(Tags ?? [])], Meta: {...Meta}, Checks: told};
};
export type Found = Awaited<ReturnType<typeof look>>;

/** Both sides of the comparison: the order of tags means nothing, and checks of others (maintenance) may stand beside. */
export const comparable = (registration: Registration | NonNullable<Found>, ids: ReadonlySet<unknown>) => ({
  ...registration,
  Tags: registration.Tags.toSorted(),
  Checks: registration.Checks.filter(({CheckID}) => ids.has(CheckID))
    .map(({CheckID, Name, Notes}) => ({CheckID, Name, Notes}))
    .sort((a, b) => (String(a.CheckID) < String(b.CheckID) ? -1 : 1)),
});

export const deregister = (where: Where, id: string, context: StepContext): Promise<unknown> =>
  ask(where, context, (api, common) => api.agent.service.deregister({id, ...common})).catch((error) => {
    // newer agents answer 404 for a service that is gone; older ones 200
    if (!/\b404\b/.test(String(error.message))) throw error;
  });

export const register = async (where: Where, wanted: Registration, context: StepContext): Promise<void> => {
  const {ID, Name, Address, Port, Tags, Meta, Checks} = wanted;
  await ask(where, context, (api, common) =>
    api.agent.service.register({
      id: ID,
      name: Name,
      address: Address,
      port: Port,
      tags: [...Tags],
      meta: {...Meta},
      checks: Checks.map((each) => ({...each})) as never,
      ...common,
    }),
  );
  const ids = new Set<unknown>(Checks.map(({CheckID}) => CheckID));
  for (const {CheckID} of await checksOf(where, ID, context)) {
    if (ids.has(CheckID) || CheckID.startsWith('_')) continue; // maintenance is another matter
    await ask(where, context, (api, common) => api.agent.check.deregister({id: CheckID, ...common}));
  }
};
