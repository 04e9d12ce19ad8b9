import {type Assessment, assess} from './assess.ts';
import {RunbookError} from './errors.ts';
import type {Look} from './events.ts';
import {forJournal, gatherInputs} from './given.ts';
import type {Host} from './host.ts';
import {lookAt} from './look.ts';
import {verifyOnly} from './perform.ts';
import {renderStep, showCommand} from './render.ts';
import {ResumeTreatment, type Wishes} from './resume-treatment.ts';
import {holding, pace, type RunResult, tellStart} from './run.ts';
import type {Runbook} from './runbook.ts';
import {select} from './selection.ts';
import {envOf, openSession, record, type Session, stateOf, tell} from './session.ts';
import {isUnfinished, type RunState} from './state.ts';
import type {Registry} from './step-type.ts';
import {Store} from './store.ts';
import {endSurvivors} from './survivors.ts';
import {walk} from './walk.ts';

export interface ResumeRequest extends Wishes {
  /** A run, or a part of its id that only it has; the newest unfinished one when left out. */
  readonly run?: string;
  readonly registry: Registry;
  /** Loads the runbook's file as it is now. */
  load(file: string): Promise<Runbook>;
  readonly set: Readonly<Record<string, string>>;
  readonly envFiles: readonly string[];
  readonly concurrency?: number;
  readonly keepGoing?: boolean;
}

/** What a resume would do with one step. */
export interface PlannedResume {
  readonly look: Look;
  readonly title: string;
  readonly action: Assessment['action'];
  readonly command: string;
}

export interface ResumePlan {
  readonly run: string;
  readonly runbook: string;
  readonly steps: readonly PlannedResume[];
}

interface Prepared {
  readonly session: Session;
  readonly state: RunState;
}

/**
 * The run to go on with.
 * @throws RunbookError `nothing-to-resume` naming the newest run, `no-such-run`
 */
export const chooseRun = (store: Store, run: string | undefined): RunState => {
  store.check();
  if (run !== undefined) {
    const id = store.find(run);
    const state = store.read(id);
    if (state !== undefined) return state;
    throw new RunbookError({
      code: 'no-such-run',
      message: `run ${id} never began`,
      next: ['see the runs with: runbook runs'],
    });
  }
  const unfinished = store.newest(isUnfinished);
  if (unfinished !== undefined) return unfinished;
  const newest = store.newest(() => true);
  const message =
    newest === undefined
      ? 'there is no run here yet'
      : `there is nothing unfinished; the newest run is ${newest.run} (${newest.runbook}, ${stateWord(newest)})`;
  const next =
    newest === undefined
      ? ['start one with: runbook run RUNBOOK']
      : [`verify and repair it with: runbook resume ${newest.run}`];
  throw new RunbookError({code: 'nothing-to-resume', message, next});
};

const stateWord = (state: RunState): string => {
  if (state.undone) return 'undone';
  return state.outcome ?? (isUnfinished(state) ? 'unfinished' : 'superseded');
};

const prepare = async (request: ResumeRequest, host: Host, store: Store, state: RunState): Promise<Prepared> => {
  const runbook = await request.load(state.file);
  const inputs = await gatherInputs(runbook, request.set, host, state.inputs);
  const envFiles = request.envFiles.length > 0 ? request.envFiles : state.envFiles;
  const {registry} = request;
  const {run, cwd} = state;
  const session = await openSession({host, store, registry, runbook, inputs, envFiles, cwd, run, state});
  return {session, state};
};

/** What `resumeRun` would do and why. Looks at every finished step; changes and writes nothing. */
export const planResume = async (request: ResumeRequest, host: Host): Promise<ResumePlan> => {
  const store = new Store(host.stateDir);
  const {session} = await prepare(request, host, store, chooseRun(store, request.run));
  const assessed = await assess(session, host.signal);
  const steps = [...assessed.values()].map(({look, action}) => {
    const node = session.graph.nodes.get(look.step);
    return {
      look: session.redactor.carried(look),
      title: node?.step.title ?? stateOf(session, look.step)?.record?.title ?? look.step,
      action: request.redo.includes(look.step) ? ('redo' as const) : action,
      command: node === undefined ? '' : showCommand(node, node.step, session.scopes, session.cwd),
    };
  });
  return {run: session.run, runbook: session.runbook.name, steps};
};

/**
 * Goes on with a run: looks at what was finished, keeps what still holds, and does the rest.
 * @throws RunbookError `nothing-to-resume`, `run-held`, `journal-damaged`, and everything that keeps a run from starting
 */
export const resumeRun = async (request: ResumeRequest, host: Host): Promise<RunResult> => {
  const store = new Store(host.stateDir);
  const chosen = chooseRun(store, request.run);
  const open = store.open(chosen.run, chosen.runbook);
  let prepared: Prepared;
  try {
    // Only now, with the lock held, is it certain that nobody else writes it.
    const state = store.read(chosen.run) ?? chosen;
    prepared = await prepare(request, host, store, state);
    if (prepared.session.runbook.name !== chosen.runbook) throw renamed(prepared.session.runbook, chosen);
    checkNames(prepared, request);
  } catch (error) {
    open.journal.close();
    open.lock.release();
    throw error;
  }
  const session: Session = {...prepared.session, open};
  return await holding(session, open.lock, async () => {
    if (open.contents.tornBytes > 0) tellTorn(session, open.contents.tornBytes);
    await endInDoubt(session);
    const assessed = await assess(session, host.signal);
    await record(session, resumedEntry(session, request, prepared));
    tellStart(session, true);
    for (const {look} of assessed.values()) tell(session, {type: 'step-looked-at', ...look});
    await acceptSteps(session, request);
    const resume = new ResumeTreatment(session, assessed, request);
    const part = select(
      session.graph,
      prepared.state.selection.from === undefined ? {} : {from: prepared.state.selection.from},
    );
    return await walk(session, {
      ...pace(request),
      leaves: () => false,
      treat: (node, signal) =>
        part(node) === 'verify' && stateOf(session, node.key)?.status !== 'checkpointed'
          ? verifyOnly(session, node, signal)
          : resume.treat(node, signal),
    });
  });
};

const renamed = (runbook: Runbook, state: RunState): RunbookError =>
  new RunbookError({
    code: 'bad-combination',
    message: `run ${state.run} is of runbook "${state.runbook}", but its file is named "${runbook.name}" now`,
    next: ['give it its old name, or start anew with: runbook run'],
  });

const checkNames = ({session}: Prepared, request: ResumeRequest): void => {
  for (const step of [...request.redo, ...request.accept.map((one) => one.step)]) {
    if (session.graph.nodes.has(step)) continue;
    throw new RunbookError({
      code: 'unknown-step',
      message: `there is no step "${step}" in this run`,
      next: ['see them with: runbook status'],
    });
  }
};

const tellTorn = (session: Session, bytes: number): void => {
  const message = `the last entry of the journal was cut (${bytes} bytes); it had not been confirmed, and is dropped`;
  tell(session, {type: 'notice', code: 'torn-entry', message});
};

/** What the dead process has left running of the steps that it was in is ended before anything is looked at. */
const endInDoubt = async (session: Session): Promise<void> => {
  for (const state of session.state?.steps.values() ?? []) {
    if (state.status !== 'in-doubt') continue;
    const ended = await endSurvivors(`${session.run}/${state.key}/`);
    if (ended === 0) continue;
    const message = `step "${state.key}" had left ${ended} ${ended === 1 ? 'process' : 'processes'} running; ended`;
    tell(session, {type: 'notice', code: 'survivors-ended', message});
  }
};

const resumedEntry = (session: Session, request: ResumeRequest, {state}: Prepared): Parameters<typeof record>[1] => {
  const values = Object.fromEntries(
    [...session.runbook.inputs.keys()].flatMap((name) => {
      const [scope] = session.graph.scopes;
      const value = scope === undefined ? undefined : session.scopes.inputsOf(scope, 'real')[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  return {
    type: 'run-resumed',
    program: session.host.version,
    ...forJournal(session.runbook, values, session.store),
    env: envOf(session),
    envFiles: request.envFiles.length > 0 ? request.envFiles : state.envFiles,
  };
};

const acceptSteps = async (session: Session, request: ResumeRequest): Promise<void> => {
  for (const {step, reason} of request.accept) {
    const node = session.graph.nodes.get(step);
    if (node === undefined) continue;
    const rendered = renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
    const known = stateOf(session, step)?.outputs ?? {};
    const finding = await lookAt(session, node, rendered, {signal: session.host.signal, known});
    await record(session, {
      type: 'step-checkpointed',
      step,
      how: 'accepted',
      outputs: finding.ok ? finding.outputs : known,
      durationMs: 0,
      evidence: finding.ok ? finding.evidence : [`accepted although ${finding.found} was found`],
      record: rendered.record,
      reason,
    });
  }
};
