import {askConsent, type Consent} from './consent.ts';
import type {Entry, Selection} from './entries.ts';
import {type Problem, RunbookError} from './errors.ts';
import type {Outcome} from './events.ts';
import {forJournal, gatherInputs} from './given.ts';
import type {Node} from './graph.ts';
import type {Host} from './host.ts';
import {JOURNAL_VERSION, type JournalContents} from './journal.ts';
import type {Doer} from './lesson.ts';
import type {Lock} from './lock.ts';
import {perform, skip, verifyOnly} from './perform.ts';
import {newRunId} from './run-id.ts';
import type {Runbook} from './runbook.ts';
import {type Part, select} from './selection.ts';
import {envForJournal, openSession, record, type Session, stepInfos, tell, tellShort} from './session.ts';
import type {Registry} from './step-type.ts';
import {Store} from './store.ts';
import {endSurvivors} from './survivors.ts';
import {usualDurations} from './usual.ts';
import {type Walked, type WalkOptions, walk} from './walk.ts';

export const DEFAULT_CONCURRENCY = 4;

export interface RunRequest {
  readonly runbook: Runbook;
  readonly registry: Registry;
  /** Inputs as given by `--set`, unread. */
  readonly set: Readonly<Record<string, string>>;
  /** Further env files; absolute. */
  readonly envFiles: readonly string[];
  /** How many steps run at once; 4 when left out. */
  readonly concurrency?: number;
  readonly keepGoing?: boolean;
  /** How steps are done that are to be done; at once when left out. */
  readonly doer?: Doer;
  /** Steps begin in the order of the file. */
  readonly inFileOrder?: boolean;
  readonly from?: string;
  readonly until?: string;
  readonly only?: string;
}

export interface RunResult {
  readonly run: string;
  readonly outcome: Outcome;
  readonly failures: readonly {readonly step: string; readonly problem: Problem}[];
  /** The line that goes on with this run. */
  readonly resume: string;
  readonly durationMs: number;
}

/**
 * Runs a runbook from its beginning. An older unfinished run of it is closed as superseded.
 * @throws RunbookError when it can't start: inputs, env files, selection, `run-held`, `state-unwritable`
 */
export const startRun = async (request: RunRequest, host: Host): Promise<RunResult> => {
  const {runbook, registry, envFiles} = request;
  const store = new Store(host.stateDir);
  store.check();
  const run = newRunId(store.runs()[0]);
  const inputs = await gatherInputs(runbook, request.set, host);
  const looking = await openSession({host, store, registry, runbook, inputs, envFiles, cwd: host.cwd, run});
  const selection = selectionOf(request);
  const part = select(looking.graph, selection);
  const open = store.create(runbook.name, run);
  const session: Session = {...looking, open};
  return await holding(session, open.lock, async () => {
    await record(
      session,
      startedEntry(session, inputs, envFiles, {...selection, ...beforeIn(session, selection, part)}),
    );
    await closeOlder(session, {isNew: true});
    tellStart(session, false);
    // In a new run nothing has been done yet: what is repeated is an attempt that failed.
    const consent: Consent = (node, command) => askConsent(session, node, command);
    return await walk(session, {
      ...pace(request),
      leaves: (node) => part(node) === 'leave',
      treat: (node, signal, settle) => {
        if (part(node) === 'verify') return verifyOnly(session, node, signal);
        if (part(node) === 'leave') return skip(session, node, 'not-selected');
        // Who is asked before each step is to have seen the one before.
        if (request.doer !== undefined) return request.doer(session, node, signal, {consent});
        return perform(session, node, signal, {consent, settle});
      },
    });
  });
};

const selectionOf = ({from, until, only}: RunRequest): Selection => ({
  ...(from === undefined ? {} : {from}),
  ...(until === undefined ? {} : {until}),
  ...(only === undefined ? {} : {only}),
});

const beforeIn = ({graph}: Session, {from}: Selection, part: (node: Node) => Part): Pick<Selection, 'before'> => {
  if (from === undefined) return {};
  return {before: [...graph.nodes.values()].filter((node) => part(node) === 'verify').map(({key}) => key)};
};

export const pace = (request: {
  concurrency?: number;
  keepGoing?: boolean;
  inFileOrder?: boolean;
}): Pick<WalkOptions, 'concurrency' | 'keepGoing' | 'inFileOrder'> => ({
  concurrency: request.concurrency ?? DEFAULT_CONCURRENCY,
  keepGoing: request.keepGoing ?? false,
  inFileOrder: request.inFileOrder ?? false,
});

const startedEntry = (
  session: Session,
  inputs: Awaited<ReturnType<typeof gatherInputs>>,
  envFiles: readonly string[],
  selection: Selection,
): Entry => ({
  type: 'run-started',
  journal: JOURNAL_VERSION,
  run: session.run,
  runbook: session.runbook.name,
  file: session.runbook.file,
  cwd: session.cwd,
  program: session.host.version,
  ...givenForJournal(session, inputs),
  envFiles,
  selection,
  steps: session.graph.nodes.size,
});

/** The inputs and env files' variables of a run, without its secrets. */
export const givenForJournal = (
  session: Session,
  given: Awaited<ReturnType<typeof gatherInputs>>,
): Pick<Extract<Entry, {type: 'run-started'}>, 'inputs' | 'secrets' | 'env'> => {
  const {inputs, secrets} = forJournal(session.runbook, given, session.store, (value) =>
    session.scopes.isMasked(value),
  );
  const kept = envForJournal(session);
  return {inputs, secrets: {...secrets, ...kept.secrets}, env: kept.env};
};

/** Says where the run stands at its beginning, and what its steps are. */
export const tellStart = (session: Session, resumed: boolean): void => {
  const {run, runbook} = session;
  const {name, title, file} = runbook;
  session.usual = usualDurations(session.store, name, run);
  const steps = stepInfos(session);
  tell(session, {type: 'run-started', run, runbook: name, title, file, resumed, steps});
  tellShort(
    session,
    session.graph.scopes.flatMap((scope) => session.scopes.secretInputsOf(scope)),
  );
};

/** Closes the runs that this one takes the place of; a resume makes up for it where a kill came in between. */
export const closeOlder = async (session: Session, {isNew = false} = {}): Promise<void> => {
  const {state, store} = session;
  if (state === undefined) return;
  // Who went on with an older one later has chosen it. Stamps tell that only if nobody has set the clock: a new run needs none.
  const older = store
    .unfinished(state.runbook)
    .filter(({run, lastAt}) => run < state.run && (isNew || lastAt <= state.startedAt));
  for (const {run} of older) await closeOne(session, run);
};

const closeOne = async (session: Session, run: string): Promise<void> => {
  try {
    await session.store.supersede(run, session.run);
    const message = `run ${run} was unfinished; this one replaces it (the old one can still be resumed by its id)`;
    tell(session, {type: 'notice', code: 'superseded', message});
  } catch (error) {
    // Its files may be in a worse state than ours.
    if (!(error instanceof RunbookError)) throw error;
    const message = `run ${run} stays unfinished, beside this one: ${error.problems[0].message}`;
    tell(session, {type: 'notice', code: 'not-superseded', message});
  }
};

/** Holds the lock and ends what is running on a second signal, while `body` walks; then closes the journal. */
export const holding = async (session: Session, lock: Lock, body: () => Promise<Walked>): Promise<RunResult> => {
  const start = performance.now();
  const {killSignal} = session.host;
  const kill = (): void => killRunning(session);
  killSignal.addEventListener('abort', kill, {once: true});
  try {
    tellTakeover(session, lock);
    const walked = await body().catch((error: unknown): Walked => {
      const {signal} = session.host;
      if (!signal.aborted || error !== signal.reason) throw error;
      return {outcome: 'interrupted', failures: []};
    });
    const durationMs = Math.round(performance.now() - start);
    if (walked.isUntouched !== true) await record(session, {type: 'run-finished', outcome: walked.outcome, durationMs});
    tell(session, {type: 'run-finished', run: session.run, outcome: walked.outcome, durationMs});
    return {run: session.run, ...walked, resume: `runbook resume ${session.run}`, durationMs};
  } finally {
    killSignal.removeEventListener('abort', kill);
    session.open?.journal.close();
    if (session.state !== undefined) session.store.keepIndex(session.run, session.state);
    lock.release();
  }
};

/** Kills what the steps run that are in the middle of it; what finished steps have left running on purpose goes on. */
const killRunning = (session: Session): void => {
  for (const step of session.state?.steps.values() ?? [])
    if (step.status === 'in-doubt') endSurvivors(`${session.run}/${step.key}/`, 0).catch(() => {});
};

/** Says that the beginning of an entry, which a crash had left, was cut off. */
export const tellTorn = (session: Session, {tornBytes}: JournalContents): void => {
  if (tornBytes === 0) return;
  const message = `the last entry of the journal was cut (${tornBytes} bytes); it had not been confirmed, and is dropped`;
  tell(session, {type: 'notice', code: 'torn-entry', message});
};

export const tellTakeover = (session: Session, lock: Lock): void => {
  const owner = lock.takenOverFrom;
  if (owner === undefined) return;
  const message = `process ${owner.pid}, which held run ${owner.run}, is gone; its lock is taken over`;
  tell(session, {type: 'notice', code: 'lock-taken-over', message});
};
