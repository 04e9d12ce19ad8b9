import {dirname} from 'node:path';
import {type Problem, RunbookError} from './errors.ts';
import {gatherKnown} from './given.ts';
import type {Host} from './host.ts';
import type {ResumeRequest} from './resume-request.ts';
import type {Runbook} from './runbook.ts';
import {openSession, type Session} from './session.ts';
import type {RunState} from './state.ts';
import type {Store} from './store.ts';

/** A run that is only looked at or taken back. */
export interface Known {
  readonly session: Session;
  /** Why the journal alone has to do: the file is gone, broken, or needs what nobody gave. */
  readonly unreadable?: Problem;
}

/** Opens a run with its file as it is now; without it, where it can't be read. */
export const openKnown = async (
  request: Pick<ResumeRequest, 'registry' | 'load'>,
  host: Host,
  store: Store,
  state: RunState,
): Promise<Known> => {
  const open = async (runbook: Runbook, known: RunState): Promise<Session> => {
    const inputs = await gatherKnown(runbook, host, known);
    const {run, cwd, envFiles} = known;
    return await openSession({host, store, registry: request.registry, runbook, inputs, envFiles, cwd, run, state});
  };
  try {
    const runbook = await request.load(state.file);
    if (runbook.name !== state.runbook) throw renamed(runbook, state);
    return {session: await open(runbook, state)};
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    return {session: await open(bare(state), {...state, inputs: {}, envFiles: []}), unreadable: error.problems[0]};
  }
};

const renamed = (runbook: Runbook, {file, runbook: name}: RunState): RunbookError =>
  new RunbookError({code: 'bad-combination', message: `${file} is named "${runbook.name}" now, not "${name}"`});

const bare = ({runbook, file}: RunState): Runbook => ({
  name: runbook,
  title: runbook,
  file,
  dir: dirname(file),
  text: '',
  env: [],
  requires: [],
  inputs: new Map(),
  steps: [],
});
