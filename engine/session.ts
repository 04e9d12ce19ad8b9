import type {Entry} from './entries.ts';
import {resolveEnv} from './env-files.ts';
import {messageOf} from './errors.ts';
import type {Event, StepInfo} from './events.ts';
import {buildGraph, type Graph, type Node, type Scope} from './graph.ts';
import type {Host} from './host.ts';
import {labelLines, labelsOf} from './labels.ts';
import {Redactor} from './redact.ts';
import {titleOf} from './render.ts';
import type {Runbook} from './runbook.ts';
import {learnSecrets, Scopes} from './scopes.ts';
import {applyEntry, type RunState, readState, type StepState} from './state.ts';
import {StepLog} from './step-log.ts';
import {type Json, type Registry, type Site, type StepContext, StepError} from './step-type.ts';
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
  /** By step: remembered values that hold a secret, so that only this process has them. */
  readonly kept: Map<string, Map<string, Json>>;
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
  const envs = await readEnvs(runbook, opening.envFiles, host);
  const env = (scope: Scope): Readonly<Record<string, string>> => envs.get(scope.runbook) ?? {};
  const scopes = new Scopes({inputs: opening.inputs, env, run}, redactor);
  const graph = buildGraph(runbook, (scope) => ({inputs: scopes.staticInputsOf(scope), env: env(scope)}));
  learnSecrets(graph, scopes);
  const {open, state} = opening;
  return {
    ...{run, host, store, registry, runbook, graph, scopes, redactor, cwd, open, state},
    kept: new Map(),
    usual: new Map(),
  };
};

const readEnvs = async (
  runbook: Runbook,
  extra: readonly string[],
  host: Host,
): Promise<Map<Runbook, Readonly<Record<string, string>>>> => {
  const all = new Map<Runbook, Readonly<Record<string, string>>>();
  const visit = async (one: Runbook): Promise<void> => {
    if (all.has(one)) return;
    all.set(one, await resolveEnv(one, extra, host.env));
    for (const step of one.steps) if (step.child !== undefined) await visit(step.child.runbook);
  };
  await visit(runbook);
  return all;
};

/** The values of all env files' names, for the journal. */
export const envOf = (session: Session): Readonly<Record<string, string>> =>
  Object.assign({}, ...session.graph.scopes.map((scope) => session.scopes.envOf(scope)));

/** Writes an entry, masked, and brings the state up to date. Resolves when it is durable. */
export const record = async (session: Session, entry: Entry): Promise<void> => {
  if (session.open === undefined) throw new Error('internal error: a look tried to write the journal');
  const stamped = await session.open.journal.append(session.redactor.carried(entry));
  if (session.state === undefined) session.state = readState([stamped]);
  else applyEntry(session.state, stamped);
};

/** Tells an event, masked. */
export const tell = (session: Session, event: Event): void => {
  session.host.emit(session.redactor.carried(event));
};

export const stateOf = (session: Session, key: string): StepState | undefined => session.state?.steps.get(key);

/** One call of a step type. */
interface ContextCall {
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly output?: (text: string) => void;
  /** It acts, or takes back: what it remembers is journaled. A look leaves nothing. */
  readonly acts?: boolean;
  readonly isMadeAnew?: boolean;
}

/** What a step type may touch, for one call. */
export const contextOf = (session: Session, site: Site, key: string, call: ContextCall): StepContext => {
  const labels = labelsFor(session, key);
  const mark = {RUNBOOK_STEP: `${session.run}/${key}/${call.attempt}`, RUNBOOK_LABELS: labelLines(labels)};
  return {
    ...site,
    key: `${session.run}/${key}`,
    attempt: call.attempt,
    ...(call.isMadeAnew === undefined ? {} : {isMadeAnew: call.isMadeAnew}),
    labels,
    env: {...session.host.env, ...mark},
    signal: call.signal,
    remember: (name, make) => remember(session, key, name, call.acts === true, make),
    output: call.output ?? (() => {}),
    ask: (question) => session.host.ask(question),
  };
};

const labelsFor = (session: Session, key: string): StepContext['labels'] =>
  labelsOf({
    run: session.run,
    step: key,
    runbook: session.runbook.name,
    uses: session.graph.nodes.get(key)?.step.uses ?? stateOf(session, key)?.record?.uses ?? '',
    state: session.store.place,
  });

const remember = async <T extends Json>(
  session: Session,
  step: string,
  name: string,
  acts: boolean,
  make: () => Promise<T>,
): Promise<T> => {
  const state = stateOf(session, step);
  const kept = session.kept.get(step)?.get(name);
  if (kept !== undefined) return kept as T;
  if (state?.forgotten.includes(name) === true)
    throw new StepError(`what was to be remembered ("${name}") held a secret, so it was not stored`, {
      next: 'see to it by hand',
    });
  if (state !== undefined && Object.hasOwn(state.remembered, name)) return state.remembered[name] as T;
  const value = await make();
  if (!acts) return value;
  const isMasked = JSON.stringify(session.redactor.json(value)) !== JSON.stringify(value);
  if (isMasked) keep(session, step, name, value);
  await record(session, {type: 'remembered', step, name, value: isMasked ? null : value, ...(isMasked && {isMasked})});
  return value;
};

const keep = (session: Session, step: string, name: string, value: Json): void => {
  const values = session.kept.get(step) ?? new Map<string, Json>();
  session.kept.set(step, values.set(name, value));
};

/** What a step prints: masked across chunks, told and kept. */
export interface Output {
  /** What is written from here on belongs to that attempt, or to `undo`. */
  begin(label: string): void;
  write(text: string): void;
  /** The last lines. */
  tail(): readonly string[];
  close(): void;
}

export const openOutput = (session: Session, key: string): Output => {
  let log = session.open === undefined ? undefined : new StepLog(session.open.folder, key);
  const mask = session.redactor.stream();
  let tail = '';
  // A full disk: the step goes on, and the journal's next entry says what is wrong.
  const keep = (text: string): void => {
    try {
      log?.write(text);
    } catch (error) {
      log = undefined;
      const message = `the log of step "${key}" ends here: ${messageOf(error)}`;
      tell(session, {type: 'notice', code: 'log-cut', message});
    }
  };
  const put = (text: string): void => {
    if (text === '') return;
    tail = (tail + text).slice(-TAIL_CHARACTERS);
    keep(text);
    session.host.emit({type: 'step-output', step: key, text});
  };
  return {
    begin: (label) => {
      put(mask.end());
      log?.begin(label);
    },
    write: (text) => put(mask.push(text)),
    tail: () => {
      put(mask.end());
      return tail.trimEnd().split(/\r?\n/).slice(-TAIL_LINES);
    },
    close: () => {
      put(mask.end());
      log?.close();
    },
  };
};

const TAIL_CHARACTERS = 8000;
const TAIL_LINES = 15;

/** What a renderer may want to know of every step beforehand. */
export const stepInfos = (session: Session): StepInfo[] =>
  [...session.graph.nodes.values()].map((node: Node) => {
    const usuallyMs = session.usual.get(node.key)?.medianMs;
    return {
      key: node.key,
      title: titleOf(node),
      uses: node.step.uses,
      effect: node.step.effect,
      needs: node.needs,
      ...(usuallyMs === undefined ? {} : {usuallyMs}),
    };
  });
