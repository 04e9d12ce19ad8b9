import {type OwnedKind, type OwnedThing, StepError} from '../../../engine/step-type.ts';
import {dockerClient} from '../docker.ts';
import {RUN} from '../labels.ts';
import {contextLabels, ownContexts} from '../machines/contexts.ts';
import {LABEL} from '../machines/machine-container.ts';
import {removeMachine, tracesOf} from '../machines/machines.ts';
import {allRecords, type DriverName, type MachineRecord, readRecord} from '../machines/store.ts';

const DATA: Readonly<Record<DriverName, {data?: string}>> = {
  docker: {data: 'all that is on it'},
  'docker-machine': {data: 'all that is on it'},
  ssh: {},
};

const STATE: Readonly<Record<DriverName, string>> = {
  docker: 'gone, but for its keys',
  'docker-machine': 'of docker-machine',
  ssh: 'a host, which stays',
};

/** What is kept here of machines whose container is not in this place, or that never had one. */
const kept = (known: readonly Kept[], found: readonly OwnedThing[]): OwnedThing[] =>
  known
    .filter(({name}) => found.every((one) => one.name !== name))
    .map(({name, driver, labels}) => ({
      id: `${driver}/${name}`,
      name,
      labels: labels ?? {},
      state: STATE[driver],
      ...(driver === 'docker' ? {} : DATA[driver]),
    }));

type Kept = Pick<MachineRecord, 'name' | 'driver' | 'labels' | 'on'>;

/** Machines with a record, and those of which only the Docker context is left. */
const known = async (env: NodeJS.ProcessEnv): Promise<Kept[]> => {
  const records = await allRecords(env);
  const names = (await ownContexts(env)).filter((name) => records.every((one) => one.name !== name));
  const contexts = names.map(async (name): Promise<Kept> => {
    const labels = await contextLabels(env, name);
    return {name, driver: 'docker', ...(labels && {labels})};
  });
  return [...records, ...(await Promise.all(contexts))];
};

/** Machines: their containers, data, keys and Docker contexts. */
export const machines: OwnedKind = {
  kind: 'machine',
  after: ['stack', 'service', 'container'],

  async places({env}) {
    const [records, contexts] = await Promise.all([allRecords(env), ownContexts(env)]);
    return [...contexts, ...records.flatMap(({on}) => (on === undefined ? [] : [on]))];
  },

  async list(context) {
    const {env, on} = context;
    const docker = await dockerClient(context);
    const contexts = new Set(await ownContexts(env));
    const filters = JSON.stringify({label: [RUN, LABEL]});
    const all = await docker.ask((api) => api.listContainers({all: true, filters}));
    const found = all.map(({Labels: labels, State, Created}): OwnedThing => {
      const name = labels[LABEL] ?? '';
      const createdAt = new Date(Created * 1000).toISOString();
      return {id: `docker/${name}`, name, labels, state: State, createdAt, ...DATA.docker};
    });
    const here = (await known(env)).filter((one) => one.on === on && one.labels?.[RUN] !== undefined);
    return [...found, ...kept(here, found)].map((one) => (contexts.has(one.name) ? {...one, provides: one.name} : one));
  },

  async remove({name}, context) {
    const driver = (await readRecord(context.env, name))?.driver ?? 'docker';
    await removeMachine({name, driver}, context);
    const traces = await tracesOf({name, driver}, context);
    if (traces.length > 0) throw new StepError(`there is still something of machine "${name}": ${traces.join(', ')}`);
  },
};
