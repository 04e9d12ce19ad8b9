import {setMaxListeners} from 'node:events';
import type {Entry} from './entries.ts';
import {NO_ENV, type RunbookEnv, resolveEnv} from './env-files.ts';
import type {Event, StepInfo} from './events.ts';
import {buildGraph, type Graph, type Node, type Scope, toldNeeds} from './graph.ts';
import type {Host} from './host.ts';
import {labelLines, labelsOf} from './labels.ts';
import {listed} from './nearest.ts';
import {Redactor} from './redact.ts';
import {titleOf} from './render.ts';
import type {Runbook} from './runbook.ts';
import {learnSecrets, Scopes} from './scopes.ts';
import {SHORTEST_SECRET, shortIn} from './secret-forms.ts';
import {applyEntry, type RunState, readState, type StepState} from './state.ts';
import {type Json, type Registry, type Remembering, type Site, type StepContext, StepError} from './step-type.ts';
import type {OpenRun, Store} from './store.ts';
import type {Usual} from './usual.ts';

/** Everything that belongs to one go at one run: what is known, and where it is written and told. */
export interface Session {
  readonly run: string;
  readonly host: Host;
  readonly store: Store;
  readonly registry: Registry;
  readonly runbook: Runbook;
  readonly graph: Graph;
  readonly scopes: Scopes;
  readonly redactor: Redactor;
  /** Working directory of the run: where it was started first. */
  readonly cwd: string;
  /** Undefined where nothing may be written: plan and status. */
  readonly open: OpenRun | undefined;
  /** How long the steps took in earlier runs. */
  usual: ReadonlyMap<string, Usual>;
  /** Steps that failed, and whose checks a person has seen to hold since: they are asked before these are done again. */
  readonly adopts?: readonly string[];
  /** What the journal says, up to date. */
  state: RunState | undefined;
}

/** What a session is made from. */
export interface Opening {
  readonly host: Host;
  readonly store: Store;
  readonly registry: Registry;
  readonly runbook: Runbook;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly envFiles: readonly string[];
  readonly cwd: string;
  readonly run: string;
  readonly open?: OpenRun;
  readonly state?: RunState;
}

/**
 * Reads env files, unfolds the runbook and learns its secrets. Writes nothing.
 * @throws RunbookError `env-file`, or what is wrong with a `foreach`
 */
export const openSession = async (opening: Opening): Promise<Session> => {
  const {host, runbook, registry, store, run, cwd} = opening;
  const redactor = new Redactor();
  host.hide?.(redactor);
  // every step that runs or is looked at listens
  setMaxListeners(0, host.signal, host.killSignal);
  const envs = await readEnvs(runbook, opening.envFiles, host);
  const env = (scope: Scope): RunbookEnv => envs.get(scope.runbook) ?? NO_ENV;
  const scopes = new Scopes({inputs: opening.inputs, env, run}, redactor);
  const graph = buildGraph(runbook, (scope) => ({
    inputs: scopes.staticInputsOf(scope),
    env: env(scope).variables,
  }));
  learnSecrets(graph, scopes);
  const {open, state} = opening;
  return {
    ...{run, host, store, registry, runbook, graph, scopes, redactor, cwd, open, state},
    usual: new Map(),
  };
};

const readEnvs = async (runbook: Runbook, extra: readonly string[], host: Host): Promise<Map<Runbook, RunbookEnv>> => {
  const all = new Map<Runbook, RunbookEnv>();
  const visit = async (one: Runbook): Promise<void> => {
    if (all.has(one)) return;
    all.set(one, await resolveEnv(one, extra, host.env));
    for (const step of one.steps) if (step.child !== undefined) await visit(step.child.runbook);
  };
  await visit(runbook);
  return all;
};

/** Values as the journal keeps them: the open ones as they are, of secrets and of what holds one a keyed hash. */
interface Kept {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** The variables of all env files, for the journal. */
export const envForJournal = ({graph, scopes, store}: Session): Kept => {
  const all = graph.scopes.map((scope) => scopes.envOf(scope));
  const open: Record<string, string> = Object.assign({}, ...all.map((one) => one.open));
  const holding = Object.entries(open).filter(([, value]) => scopes.isMasked(value));
  const secrets = [...all.flatMap(({secret}) => Object.entries(secret)), ...holding];
  return {
    env: Object.fromEntries(Object.entries(open).filter(([, value]) => !scopes.isMasked(value))),
    secrets: Object.fromEntries(secrets.map(([name, value]) => [`env.${name}`, store.fingerprint(value)])),
  };
};

/** Writes an entry, masked, and brings the state up to date. Resolves when it is durable. */
export const record = async (session: Session, entry: Entry): Promise<void> => {
  if (session.open === undefined) throw new Error('internal error: a look tried to write the journal');
  const stamped = await session.open.journal.append(session.redactor.carried(entry));
  if (session.state === undefined) session.state = readState([stamped]);
  else applyEntry(session.state, stamped);
};

/** Tells an event, masked, once all that was recorded before it is durable. */
export const tell = (session: Session, event: Event): void => tellMasked(session, session.redactor.carried(event));

/** Tells one that was masked already. */
export const tellMasked = ({host, open}: Session, event: Event): void => {
  if (open === undefined) host.emit(event);
  else open.journal.afterwards(() => host.emit(event));
};

/** Says which secrets, or parts of them, are too short to be hidden. */
export const tellShort = (session: Session, secrets: readonly (readonly [name: string, value: Json])[]): void => {
  const names = secrets.flatMap(([name, value]) => shortIn(name, value));
  if (names.length === 0) return;
  const [are, they] = names.length > 1 ? ['are', 'they'] : ['is', 'it'];
  const message = `${listed(names)} ${are} shorter than ${SHORTEST_SECRET} characters: ${they} can't be masked, and may be shown and stored`;
  tell(session, {type: 'notice', code: 'short-secret', message});
};

export const stateOf = (session: Session, key: string): StepState | undefined => session.state?.steps.get(key);

/** One call of a step type. */
interface ContextCall {
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly output?: StepContext['output'];
  /** It acts, or takes back: what it remembers is journaled. A look leaves nothing. */
  readonly acts?: boolean;
  readonly isMadeAnew?: boolean;
}

/** What a step type may touch, for one call. */
export const contextOf = (session: Session, {on, dir, cwd}: Site, key: string, call: ContextCall): StepContext => {
  const labels = labelsFor(session, key);
  // each member by name: spread, it takes V8 ten times as long
  return {
    on,
    dir,
    cwd,
    key: `${session.run}/${key}`,
    attempt: call.attempt,
    isMadeAnew: call.isMadeAnew ?? false,
    labels,
    // made where it is asked for: it is large, and most steps start no process
    get env() {
      const mark = {RUNBOOK_STEP: `${session.run}/${key}/${call.attempt}`, RUNBOOK_LABELS: labelLines(labels)};
      return {...session.host.env, ...mark};
    },
    signal: call.signal,
    remember: (name, make, how) => remember(session, key, name, {acts: call.acts === true, ...how}, make),
    recall: (name) => recall(session, name),
    output: call.output ?? (() => {}),
    isSecret: (text) => session.redactor.text(text) !== text,
    hide: (text) => void session.redactor.add(text),
    ask: (question) => session.host.ask(question),
  };
};

const labelsFor = (session: Session, key: string): StepContext['labels'] =>
  labelsOf({
    run: session.run,
    step: key,
    runbook: session.runbook.name,
    uses: session.graph.nodes.get(key)?.step.uses ?? stateOf(session, key)?.record?.uses ?? '',
    place: session.store.place,
  });

const remember = async <T extends Json>(
  session: Session,
  step: string,
  name: string,
  {acts, sealed = false}: {readonly acts: boolean} & Partial<Remembering>,
  make: () => Promise<T>,
): Promise<T> => {
  const known = remembered(session, step, name);
  if (known !== undefined) return known as T;
  const value = await make();
  if (!acts) return value;
  const isSecret = value !== null && (sealed || JSON.stringify(session.redactor.json(value)) !== JSON.stringify(value));
  const kept = isSecret ? {value: null, isMasked: true as const, sealed: session.store.seal(value)} : {value};
  await record(session, {type: 'remembered', step, name, ...kept});
  return value;
};

/** A value that was remembered earlier, by this process or another. */
const remembered = (session: Session, step: string, name: string): Json | undefined => {
  const state = stateOf(session, step);
  if (state === undefined) return undefined;
  const sealed = Object.hasOwn(state.sealed, name) ? state.sealed[name] : undefined;
  const value = sealed === undefined ? undefined : session.store.unseal(sealed);
  if (value !== undefined) return value;
  if (sealed !== undefined) throw lost(name, 'it was encrypted with another key than the one of this state directory');
  if (state.forgotten.includes(name)) throw lost(name, 'it held a secret, and was not stored');
  return Object.hasOwn(state.remembered, name) ? state.remembered[name] : undefined;
};

const recall = (session: Session, name: string): readonly Json[] =>
  [...(session.state?.steps.values() ?? [])].flatMap(({remembered}) =>
    Object.hasOwn(remembered, name) ? [remembered[name] as Json] : [],
  );

const lost = (name: string, why: string): StepError =>
  new StepError(`what was to be remembered ("${name}") can't be had: ${why}`, {next: 'see to it by hand'});

/** What a renderer may want to know of every step beforehand. */
export const stepInfos = (session: Session): StepInfo[] => {
  const needsOf = toldNeeds(session.graph);
  return [...session.graph.nodes.values()].map((node: Node) => {
    const usuallyMs = session.usual.get(node.key)?.medianMs;
    return {
      key: node.key,
      title: titleOf(node),
      uses: node.step.uses,
      effect: node.step.effect,
      needs: needsOf(node),
      ...(usuallyMs === undefined ? {} : {usuallyMs}),
    };
  });
};
