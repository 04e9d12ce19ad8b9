import {type Assessment, assess, knownOutputs} from './assess.ts';
import {tryRender} from './change.ts';
import {chooseFacts, namedRun} from './choose-run.ts';
import {settleDoubts, type Wishes} from './doubt.ts';
import type {ResumeStep} from './events.ts';
import {foresee} from './foresee.ts';
import type {Host} from './host.ts';
import {endInterrupted} from './leftovers.ts';
import {lookAt} from './look.ts';
import {keptOutputs} from './outputs.ts';
import {verifyOnly} from './perform.ts';
import {planOf, stepsOf} from './plan-resume.ts';
import {type Prepared, prepare, type ResumeRequest, resumeLine} from './resume-request.ts';
import {ResumeTreatment} from './resume-treatment.ts';
import {closeOlder, givenForJournal, holding, pace, type RunResult, tellStart, tellTorn} from './run.ts';
import {record, type Session, stateOf, tell} from './session.ts';
import {isUnfinished, type RunState, readState} from './state.ts';
import {Store} from './store.ts';
import {walk} from './walk.ts';
import {withNeeded} from './withheld.ts';

/**
 * Goes on with a run: looks at what was finished, says what it will do, asks what only a person knows, and does it.
 * @throws RunbookError `nothing-to-resume`, `run-held`, `journal-damaged`, `in-doubt`, `plan-changed`, and everything that
 * keeps a run from starting
 */
export const resumeRun = async (request: ResumeRequest, given: Host): Promise<RunResult> => {
  const host = askingOnce(given);
  const store = new Store(host.stateDir);
  const {open, state} = openChosen(store, request.run);
  let prepared: Prepared;
  try {
    prepared = await prepare(request, host, store, state);
    // In a session of its own: what it finds of steps that were never begun is nothing to go by.
    if (request.approve !== undefined) await planOf(await prepare(request, host, store, state), request);
  } catch (error) {
    open.journal.close();
    open.lock.release();
    throw error;
  }
  const session: Session = {...prepared.session, open};
  return await holding(session, open.lock, async () => {
    tellTorn(session, open.contents);
    const proven = await prove(session, prepared, request);
    if (proven === undefined) return {outcome: 'interrupted', failures: [], isUntouched: true};
    const {assessed, wishes} = proven;
    await record(session, resumedEntry(session, request, prepared));
    await closeOlder(session);
    tellStart(session, true);
    await acceptSteps(session, wishes);
    const resume = new ResumeTreatment(session, assessed, wishes, request.doer);
    return await walk(session, {
      ...pace(request),
      leaves: (node) => prepared.part(node) === 'leave',
      treat: (node, signal) =>
        prepared.part(node) === 'verify' && stateOf(session, node.key)?.status !== 'checkpointed'
          ? verifyOnly(session, node, signal)
          : resume.treat(node, signal),
    });
  });
};

/** Chooses and locks. What somebody else has brought to its end before the lock was ours is not chosen, unless by its name. */
const openChosen = (store: Store, run: string | undefined): {open: ReturnType<Store['open']>; state: RunState} => {
  for (;;) {
    const chosen = chooseFacts(store, run);
    const open = store.open(chosen.run, chosen.runbook);
    const state = readState(open.contents.entries) ?? namedRun(store, chosen.run);
    if (run !== undefined || isUnfinished(state)) return {open, state};
    open.journal.close();
    open.lock.release();
  }
};

/** A person is asked for each secret once, however often it is needed. */
const askingOnce = (host: Host): Host => {
  const answers = new Map<string, Promise<string | undefined>>();
  const askSecret = (name: string, about: string | undefined): Promise<string | undefined> => {
    const answer = answers.get(name) ?? host.askSecret?.(name, about) ?? Promise.resolve(undefined);
    answers.set(name, answer);
    return answer;
  };
  return {...host, askSecret};
};

/** What was found, and what a person said of it: all that has to be known before anything is done. */
interface Proven {
  readonly assessed: ReadonlyMap<string, Assessment>;
  readonly wishes: Wishes;
}

/** Looks, says what will be done, and asks what only a person knows. Undefined when it was interrupted meanwhile. */
const prove = async (session: Session, {part}: Prepared, request: ResumeRequest): Promise<Proven | undefined> => {
  const {host, run, runbook, state} = session;
  try {
    await endInterrupted(session);
    tell(session, {type: 'looking', run, runbook: runbook.name, title: runbook.title, steps: state?.steps.size ?? 0});
    const assessed = withNeeded(session, await assess(session, host.signal), request);
    const foreseen = await foresee(session, {assessed, part, wishes: request, probes: false});
    const steps = stepsOf(session, assessed, foreseen);
    tellSteps(session, steps);
    const doubts = session.redactor.carried(steps.filter(({course}) => course === 'ask'));
    const asking = request.approve === undefined ? host : {};
    return {assessed, wishes: await settleDoubts(asking, resumeLine(session, request), request, doubts)};
  } catch (error) {
    if (!host.signal.aborted) throw error;
    return undefined;
  }
};

const tellSteps = (session: Session, steps: readonly ResumeStep[]): void => {
  for (const {course, why, dependsOn, command, undoCommand: _, ...look} of steps)
    tell(session, {type: 'step-looked-at', ...look});
  const ahead = steps.filter(({course}) => course !== 'keep' && course !== 'leave');
  const kept = steps.filter(({course}) => course === 'keep').length;
  tell(session, {type: 'resume-planned', run: session.run, kept, steps: ahead});
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
    ...givenForJournal(session, values),
    envFiles: request.envFiles.length > 0 ? request.envFiles : state.envFiles,
    steps: session.graph.nodes.size,
  };
};

const acceptSteps = async (session: Session, {accept}: Wishes): Promise<void> => {
  for (const {step, reason} of accept) {
    const node = session.graph.nodes.get(step);
    if (node === undefined) continue;
    const {outputs: known = {}, withheld} = stateOf(session, step) ?? {};
    // Undefined where it reads what is not known yet.
    const rendered = tryRender(session, node);
    const {signal} = session.host;
    const finding = rendered === undefined ? undefined : await lookAt(session, node, rendered, {signal, known});
    const found = finding?.ok === false ? [`accepted although ${finding.found} was found`] : [];
    await record(session, {
      type: 'step-checkpointed',
      step,
      how: 'accepted',
      ...keptOutputs(session, knownOutputs(session, node, finding?.ok ? finding.outputs : known), withheld),
      durationMs: 0,
      evidence: finding?.ok ? finding.evidence : found,
      ...(rendered && {record: rendered.record}),
      reason,
    });
  }
};
