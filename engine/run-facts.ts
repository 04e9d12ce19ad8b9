import type {RunState} from './state.ts';

/** What can be told of a run without its steps: enough to list runs and to choose one. Kept by `run-index.ts`. */
export interface RunFacts
  extends Pick<
    RunState,
    | 'run'
    | 'runbook'
    | 'file'
    | 'startedAt'
    | 'finishedAt'
    | 'outcome'
    | 'supersededBy'
    | 'undoing'
    | 'undone'
    | 'workedMs'
    | 'goingSince'
    | 'lastAt'
  > {
  readonly steps: {readonly done: number; readonly failed: number; readonly total: number};
}

export const factsOf = (state: RunState): RunFacts => {
  const {run, runbook, file, startedAt, finishedAt, outcome, supersededBy, undoing, undone} = state;
  const {workedMs, goingSince, lastAt} = state;
  const steps = [...state.steps.values()];
  return {
    ...{
      run,
      runbook,
      file,
      startedAt,
      finishedAt,
      outcome,
      supersededBy,
      undoing,
      undone,
      workedMs,
      goingSince,
      lastAt,
    },
    steps: {
      done: steps.filter((step) => step.status === 'checkpointed').length,
      failed: steps.filter((step) => step.status === 'failed').length,
      total: Math.max(state.planned, steps.length),
    },
  };
};
