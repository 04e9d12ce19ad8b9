import type {Approval} from './approve.ts';
import {runbookOf} from './choose-run.ts';
import type {Wishes} from './doubt.ts';
import type {Selection} from './entries.ts';
import {RunbookError} from './errors.ts';
import {gatherInputs} from './given.ts';
import type {Node} from './graph.ts';
import type {Host} from './host.ts';
import type {Doer} from './lesson.ts';
import {suggest} from './nearest.ts';
import type {Runbook} from './runbook.ts';
import {type Part, selectAgain} from './selection.ts';
import {openSession, type Session} from './session.ts';
import {sh} from './sh.ts';
import type {RunState} from './state.ts';
import type {Registry} from './step-type.ts';
import type {Store} from './store.ts';

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
  /** How steps are done that are to be done; at once when left out. */
  readonly doer?: Doer;
  /** Steps begin in the order of the file. */
  readonly inFileOrder?: boolean;
  /** Stays in the part of the runbook that the run was started for; otherwise the rest is done, too. */
  readonly sameRange?: boolean;
  /** Goes on only if this is what would be done. */
  readonly approve?: Approval;
}

/** The line that resumes it with what was given now; secrets stay out of it, and come from where they came from or are asked for. */
export const resumeLine = (
  {run, runbook}: Pick<Session, 'run' | 'runbook'>,
  {set, envFiles}: Pick<ResumeRequest, 'set' | 'envFiles'>,
): string =>
  [
    `runbook resume ${run}`,
    ...Object.entries(set)
      .filter(([name]) => runbook.inputs.get(name)?.secret !== true)
      .map(([name, value]) => sh`--set ${`${name}=${value}`}`),
    ...envFiles.map((file) => sh`--env-file ${file}`),
  ].join(' ');

/** A run that is to be resumed, with the file and the inputs of now. */
export interface Prepared {
  readonly session: Session;
  readonly state: RunState;
  readonly part: (node: Node) => Part;
}

/**
 * Reads the file and gathers the inputs.
 * @throws RunbookError for these, and where the file is of another runbook now or a wish names no step
 */
export const prepare = async (request: ResumeRequest, host: Host, store: Store, state: RunState): Promise<Prepared> => {
  const runbook = await runbookOf(state, request);
  const inputs = await gatherInputs(runbook, request.set, host, state);
  const envFiles = request.envFiles.length > 0 ? request.envFiles : state.envFiles;
  const {registry} = request;
  const {run, cwd} = state;
  const opened = await openSession({host, store, registry, runbook, inputs, envFiles, cwd, run, state});
  const session: Session = {...opened, adopts: request.adopt ?? []};
  if (runbook.name !== state.runbook) throw renamed(runbook, state);
  checkNames(session, request);
  return {session, state, part: selectAgain(session.graph, rangeOf(state, request))};
};

/** What was only verified is verified again; what was left out is done now, unless the operator asked for that part. */
const rangeOf = ({selection}: RunState, {sameRange}: ResumeRequest): Selection => {
  if (sameRange === true) return selection;
  const {from, before} = selection;
  return from === undefined ? {} : {from, ...(before && {before})};
};

const renamed = (runbook: Runbook, state: RunState): RunbookError =>
  new RunbookError({
    code: 'bad-combination',
    message: `run ${state.run} is of runbook "${state.runbook}", but its file is named "${runbook.name}" now`,
    next: ['give it its old name, or start anew with: runbook run'],
  });

const checkNames = (session: Session, wishes: Wishes): void => {
  for (const step of [...wishes.redo, ...wishes.accept.map((one) => one.step)]) {
    if (session.graph.nodes.has(step)) continue;
    throw new RunbookError({
      code: 'unknown-step',
      message: `there is no step "${step}" in this run`,
      ...suggest(step, session.graph.nodes.keys()),
    });
  }
};
