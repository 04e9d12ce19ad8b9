import {chooseRun, newestRun} from './choose-run.ts';
import {checksOf, type DescribedCheck, pathsFrom, readersFolder, unfold} from './describe.ts';
import {type Problem, RunbookError} from './errors.ts';
import {gatherKnown} from './given.ts';
import {groupOf, type Node, toldNeeds} from './graph.ts';
import type {Host} from './host.ts';
import {commandOf, showCommand, titleOf} from './render.ts';
import type {ResumeRequest} from './resume-request.ts';
import {type Ending, type LoggedStep, readRunLog} from './run-log.ts';
import type {RunStanding} from './run-summary.ts';
import type {Runbook} from './runbook.ts';
import {openSession, type Session} from './session.ts';
import {hasVariable} from './sh.ts';
import type {RunState, StepState} from './state.ts';
import type {Registry} from './step-type.ts';
import {Store} from './store.ts';

/** One step of a run, with all that a reader may want to know of it. */
export interface ReportedStep {
  readonly key: string;
  /** Of the step in the file: the items of a `foreach` have the same. */
  readonly group: string;
  readonly title: string;
  /** Markdown. */
  readonly about?: string;
  readonly uses: string;
  readonly needs: readonly string[];
  /** As it was run; secrets stand as variables. */
  readonly command: string;
  readonly checks: readonly DescribedCheck[];
  /** Undefined where the run never came to it. */
  readonly ending: Ending | undefined;
  readonly evidence: readonly string[];
  /** What it printed, masked; at most so much as a page can hold. */
  readonly output: string;
  readonly startedAt?: string;
  readonly durationMs?: number;
  readonly problem?: Problem;
  /** Why a person accepted it. */
  readonly reason?: string;
  /** Texts that it has read from other steps, and those that it hands on under names of its own: `leader.follower` -> `web2`. */
  readonly values: Readonly<Record<string, string>>;
}

export interface RunReport {
  readonly run: string;
  readonly runbook: string;
  readonly title: string;
  /** Markdown. */
  readonly about?: string;
  readonly state: RunStanding;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly durationMs: number;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Version of the program that is telling this. */
  readonly program: string;
  readonly steps: readonly ReportedStep[];
  /** Why the runbook's file could not be read: then prose and what was never begun are missing. */
  readonly unreadable?: string;
  /** Where paths in the commands begin, if not where the run was started. */
  readonly pathsFrom?: string;
}

/** So much of what a step printed goes into a report; more is cut in the middle. */
const OUTPUT_LIMIT = 20_000;

/**
 * Everything that there is to tell of a run, failed ones too. Changes nothing, and looks at nothing but the state directory
 * and the runbook's file.
 * @throws RunbookError `no-such-run`, `journal-damaged`
 */
export const reportOf = async (
  request: Pick<ResumeRequest, 'run' | 'registry' | 'load'>,
  host: Host,
): Promise<RunReport> => {
  const store = new Store(host.stateDir);
  const state = request.run === undefined ? newestRun(store) : chooseRun(store, request.run);
  const log = await readRunLog(host.stateDir, state.run);
  const {session, unreadable} = await openFile(request, host, store, state);
  const logged = new Map(log.steps.map((step) => [step.step, step]));
  if (session !== undefined) recallOutputs(session, state);
  const nodes = [...(session?.graph.nodes.values() ?? [])];
  const known = new Set(nodes.map(({key}) => key));
  const others = [...state.steps.values()].filter(({key}) => !known.has(key)).sort((a, b) => a.order - b.order);
  const report: RunReport = {
    run: state.run,
    runbook: state.runbook,
    title: session?.runbook.title ?? state.runbook,
    ...(session?.runbook.about === undefined ? {} : {about: session.runbook.about}),
    state: log.run.state,
    startedAt: state.startedAt,
    ...(log.run.finishedAt === undefined ? {} : {finishedAt: log.run.finishedAt}),
    durationMs: log.run.durationMs,
    inputs: state.inputs,
    program: host.version,
    steps: [
      ...(session === undefined ? [] : nodes.map(telling(session, state, logged))),
      ...others.map((step) => ofRecord(request, state, step, logged.get(step.key))),
    ],
    ...(unreadable === undefined ? {} : {unreadable}),
    ...(session === undefined ? {} : pathsFrom(session.runbook, state.cwd)),
  };
  return session === undefined ? report : session.redactor.carried(report);
};

/**
 * A runbook as it would be told of, before any run: as its inputs' defaults have it.
 * @throws RunbookError what keeps it from being unfolded
 */
export const reportOfFile = async (runbook: Runbook, registry: Registry, host: Host): Promise<RunReport> => {
  const session = await unfold(runbook, registry, host);
  const nothing = {steps: new Map()} as unknown as RunState;
  return {
    run: '',
    runbook: runbook.name,
    title: runbook.title,
    ...(runbook.about === undefined ? {} : {about: runbook.about}),
    state: 'done',
    startedAt: '',
    durationMs: 0,
    inputs: {},
    program: host.version,
    steps: [...session.graph.nodes.values()].map(telling(session, nothing, new Map())),
    ...pathsFrom(runbook, host.cwd),
  };
};

/** Commands are told with the values that they were run with; secret ones are not stored, and stay variables. */
const recallOutputs = ({graph, scopes}: Session, {steps}: RunState): void => {
  for (const node of graph.nodes.values()) {
    const known = steps.get(node.key);
    if (known?.status === 'checkpointed') scopes.finish(node, known.outputs, new Set());
  }
};

const openFile = async (
  {registry, load}: Pick<ResumeRequest, 'registry' | 'load'>,
  host: Host,
  store: Store,
  state: RunState,
): Promise<{session?: Session; unreadable?: string}> => {
  try {
    const runbook = await load(state.file);
    const inputs = await gatherKnown(runbook, host, state);
    const {run, envFiles} = state;
    const cwd = readersFolder(runbook, state.cwd);
    return {session: await openSession({host, store, registry, runbook, inputs, envFiles, cwd, run, state})};
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    return {unreadable: error.problems[0].message};
  }
};

const telling = (
  session: Session,
  state: RunState,
  logged: ReadonlyMap<string, LoggedStep>,
): ((node: Node) => ReportedStep) => {
  const needsOf = toldNeeds(session.graph);
  return (node) => ({...ofNode(session, node, state, logged.get(node.key)), needs: needsOf(node)});
};

const ofNode = (
  session: Session,
  node: Node,
  state: RunState,
  logged: LoggedStep | undefined,
): Omit<ReportedStep, 'needs'> => {
  const known = state.steps.get(node.key);
  const stored = known?.record === undefined ? undefined : recorded(session, node, known);
  return {
    key: node.key,
    group: groupOf(node),
    title: titleOf(node),
    ...(node.step.about === undefined ? {} : {about: node.step.about}),
    uses: node.step.uses,
    command: stored ?? showCommand(node, node.step, session.scopes, session.cwd),
    checks: checksOf(node, session),
    values: {...readBy(known), ...handedOnBy(node, known)},
    ...told(known, logged),
  };
};

const recorded = (session: Session, node: Node, {record}: StepState): string | undefined => {
  const type = record === undefined ? undefined : session.registry.get(record.uses);
  if (record === undefined || type === undefined || type.scriptOption !== undefined) return undefined;
  return commandOf(type, record.options, {on: record.on, dir: node.scope.runbook.dir, cwd: session.cwd});
};

const ofRecord = (
  {registry}: Pick<ResumeRequest, 'registry'>,
  state: RunState,
  step: StepState,
  logged: LoggedStep | undefined,
): ReportedStep => {
  const {record} = step;
  const type = record === undefined ? undefined : registry.get(record.uses);
  const site = {on: record?.on, dir: state.cwd, cwd: state.cwd};
  return {
    key: step.key,
    group: step.key,
    title: record?.title ?? step.key,
    uses: record?.uses ?? '',
    needs: [],
    command: record === undefined || type === undefined ? '' : commandOf(type, record.options, site),
    checks: [],
    values: readBy(step),
    ...told(step, logged),
  };
};

const OUTPUT_READ = /^steps\.(.+?)\.outputs\.(.+)$/;

/** What came from other steps, of what its options were made from. */
const readBy = (known: StepState | undefined): Record<string, string> =>
  texts(
    Object.entries(known?.record?.reads ?? {}).flatMap(([name, value]): [string, unknown][] => {
      const [, step, output] = OUTPUT_READ.exec(name) ?? [];
      return step === undefined || output === undefined ? [] : [[`${step}.${output}`, unquoted(value)]];
    }),
  );

const handedOnBy = ({step}: Node, known: StepState | undefined): Record<string, string> =>
  texts([...step.outputs.keys()].map((name) => [`${step.id}.${name}`, known?.outputs[name]]));

const texts = (entries: readonly (readonly [string, unknown])[]): Record<string, string> =>
  Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string' && !hasVariable(entry[1])),
  );

/** Long values are journaled cut, and are no JSON any more. */
const unquoted = (value: string): unknown => {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
};

const told = (
  known: StepState | undefined,
  logged: LoggedStep | undefined,
): Pick<ReportedStep, 'ending' | 'evidence' | 'output' | 'startedAt' | 'durationMs' | 'problem' | 'reason'> => ({
  ending: known === undefined ? undefined : logged?.ending,
  evidence: known?.evidence ?? [],
  output: logged === undefined ? '' : outputOf(logged),
  ...(logged?.startedAt === undefined ? {} : {startedAt: logged.startedAt}),
  ...(logged?.durationMs === undefined ? {} : {durationMs: logged.durationMs}),
  ...(known?.problem === undefined ? {} : {problem: known.problem}),
  ...(known?.acceptedBecause === undefined ? {} : {reason: known.acceptedBecause}),
});

/** What the last attempt has printed. */
const outputOf = (step: LoggedStep): string => {
  let head = '';
  let tail = '';
  let leftOut = 0;
  const add = (text: string): void => {
    if (head.length < OUTPUT_LIMIT / 2) head += text;
    else tail += text;
    if (tail.length > OUTPUT_LIMIT) {
      leftOut += tail.length - OUTPUT_LIMIT / 2;
      tail = tail.slice(-OUTPUT_LIMIT / 2);
    }
  };
  for (const lines of step.printed())
    for (const line of lines) {
      if (line.kind === 'line') add(`${line.text}\n`);
      else if (line.kind === 'left-out') leftOut += line.bytes;
      else [head, tail, leftOut] = ['', '', 0];
    }
  return leftOut === 0 ? head + tail : `${head}[${leftOut} characters are left out here]\n${tail}`;
};
