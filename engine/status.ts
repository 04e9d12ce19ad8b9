import {assess} from './assess.ts';
import {chooseRun} from './choose-run.ts';
import type {Look, Outcome} from './events.ts';
import {gatherKnown} from './given.ts';
import type {Host} from './host.ts';
import {titleOf} from './render.ts';
import type {ResumeRequest} from './resume-request.ts';
import {openSession, stateOf} from './session.ts';
import {Store} from './store.ts';

export interface StatusReport {
  readonly run: string;
  readonly runbook: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  /** Undefined while it is unfinished. */
  readonly outcome?: Outcome;
  /** The run that a live process holds, if any. */
  readonly heldBy?: number;
  readonly steps: readonly (Look & {readonly title: string; readonly uses: string; readonly durationMs?: number})[];
  /** Something that was finished no longer holds. */
  readonly drifted: boolean;
}

/**
 * Looks at every step of a run: does it still hold? Changes and writes nothing.
 * @throws RunbookError `no-such-run`, `journal-damaged`, and what is wrong with the runbook's file
 */
export const statusOf = async (
  request: Pick<ResumeRequest, 'run' | 'registry' | 'load'>,
  host: Host,
): Promise<StatusReport> => {
  const store = new Store(host.stateDir);
  const state =
    request.run === undefined
      ? (store.newest(() => true) ?? chooseRun(store, undefined))
      : chooseRun(store, request.run);
  const runbook = await request.load(state.file);
  const inputs = await gatherKnown(runbook, host, state.inputs);
  const {registry} = request;
  const {run, cwd, envFiles} = state;
  const session = await openSession({host, store, registry, runbook, inputs, envFiles, cwd, run, state});
  const holder = store.holder(state.runbook);
  const assessed = await assess(session, host.signal);
  const steps = [...assessed.values()].map(({look}) => {
    const node = session.graph.nodes.get(look.step);
    const known = stateOf(session, look.step);
    return {
      ...look,
      title: node === undefined ? (known?.record?.title ?? look.step) : titleOf(node),
      uses: node?.step.uses ?? known?.record?.uses ?? '',
      ...(known?.durationMs === undefined ? {} : {durationMs: known.durationMs}),
    };
  });
  return {
    run,
    runbook: state.runbook,
    startedAt: state.startedAt,
    ...(state.finishedAt === undefined ? {} : {finishedAt: state.finishedAt}),
    ...(state.outcome === undefined ? {} : {outcome: state.outcome}),
    ...(holder?.run === run ? {heldBy: holder.pid} : {}),
    steps: session.redactor.carried(steps),
    drifted: steps.some(({standing}) => standing === 'drifted'),
  };
};
