import {type Assessment, assess, inParallel} from './assess.ts';
import {namedRun, newestRun} from './choose-run.ts';
import type {Problem} from './errors.ts';
import type {Look, Outcome} from './events.ts';
import type {Host} from './host.ts';
import {lookByJournal} from './journal-look.ts';
import {openKnown} from './open-known.ts';
import {titleOf} from './render.ts';
import type {ResumeRequest} from './resume-request.ts';
import {type Session, stateOf} from './session.ts';
import {Store} from './store.ts';

/** How a step of a run stands. */
export interface StepStatus extends Look {
  readonly title: string;
  readonly uses: string;
  readonly durationMs?: number;
}

export interface StatusReport {
  readonly run: string;
  readonly runbook: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  /** Undefined while it is unfinished. */
  readonly outcome?: Outcome;
  /** It was taken back, or is being. */
  readonly undone?: 'all' | 'part';
  /** The run that a live process holds, if any. */
  readonly heldBy?: number;
  /** When this look was taken; ISO 8601, UTC. */
  readonly lookedAt: string;
  /** Why the runbook's file could not be read: then the journal alone told what to look at. */
  readonly unreadable?: Problem;
  readonly steps: readonly StepStatus[];
  /** Something that was finished no longer holds. */
  readonly drifted: boolean;
}

/**
 * Looks at every step of a run: does it still hold? Changes and writes nothing. Does what it can without the runbook's file.
 * @throws RunbookError `no-such-run`, `journal-damaged`
 */
export const statusOf = async (
  request: Pick<ResumeRequest, 'run' | 'registry' | 'load'>,
  host: Host,
): Promise<StatusReport> => {
  const store = new Store(host.stateDir);
  const state = request.run === undefined ? newestRun(store) : namedRun(store, request.run);
  const {session, unreadable} = await openKnown(request, host, store, state);
  const {run} = state;
  const holder = store.holder(state.runbook);
  const isLive = holder?.run === run;
  const looks = unreadable === undefined ? await lookAtAll(session) : await lookByJournalAtAll(session);
  const steps = looks.map((look) => ({...(isLive ? whileItRuns(look) : look), ...known(session, look.step)}));
  return {
    run,
    runbook: state.runbook,
    startedAt: state.startedAt,
    ...(state.finishedAt === undefined ? {} : {finishedAt: state.finishedAt}),
    ...(state.outcome === undefined ? {} : {outcome: state.outcome}),
    ...(state.undone ? {undone: 'all' as const} : state.undoing ? {undone: 'part' as const} : {}),
    ...(isLive ? {heldBy: holder.pid} : {}),
    lookedAt: new Date().toISOString(),
    ...(unreadable === undefined ? {} : {unreadable}),
    steps: session.redactor.carried(steps),
    drifted: steps.some(({standing}) => standing === 'drifted'),
  };
};

const lookAtAll = async (session: Session): Promise<readonly Look[]> =>
  [...(await assess(session, session.host.signal)).values()].map(({look}: Assessment) => look);

const lookByJournalAtAll = async (session: Session): Promise<readonly Look[]> => {
  const {signal} = session.host;
  const states = [...(session.state?.steps.values() ?? [])].sort((a, b) => a.order - b.order);
  const looks = await inParallel(states, (state) => lookByJournal(session, state, signal));
  return states.flatMap(({key}) => looks.get(key) ?? []);
};

/** A step that a live process has begun is in no doubt. */
const whileItRuns = (look: Look): Look =>
  look.standing === 'in-doubt' ? {step: look.step, standing: 'running'} : look;

const known = (session: Session, step: string): Pick<StepStatus, 'title' | 'uses' | 'durationMs'> => {
  const node = session.graph.nodes.get(step);
  const state = stateOf(session, step);
  return {
    title: node === undefined ? (state?.record?.title ?? step) : titleOf(node),
    uses: node?.step.uses ?? state?.record?.uses ?? '',
    ...(state?.durationMs === undefined ? {} : {durationMs: state.durationMs}),
  };
};
