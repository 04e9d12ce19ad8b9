import {RunbookError} from './errors.ts';
import {type Session, stateOf, tell} from './session.ts';
import {awaitForgotten, endSurvivors, findMarks} from './survivors.ts';

/**
 * Ends what the earlier attempts of a step have left running.
 * @throws RunbookError `in-doubt` where something can't be ended: what it may still do is not to be raced
 */
export const endLeftovers = async (session: Session, step: string, mark = `${session.run}/${step}/`): Promise<void> => {
  const {count, left} = await endSurvivors(mark);
  if (left.length > 0)
    throw new RunbookError({
      code: 'in-doubt',
      message: `step "${step}" is still running, and can't be ended: process ${left.join(', ')}`,
      next: [`wait for it, or end it: sudo kill ${left.join(' ')}`, `then: runbook resume ${session.run}`],
    });
  if (count === 0) return;
  const message = `step "${step}" had left ${count} ${count === 1 ? 'process' : 'processes'} running; ended`;
  tell(session, {type: 'notice', code: 'survivors-ended', message});
};

/** The same for all that a dead process was in the middle of, before anything is looked at or taken back. */
export const endInterrupted = async (session: Session): Promise<void> => {
  for (const {step, mark} of await findInterrupted(session)) await endLeftovers(session, step, mark);
  // a call that was killed before this one may have ended them
  const began = [...(session.state?.steps.values() ?? [])].flatMap(({status, startedAt}) =>
    status === 'in-doubt' && startedAt !== undefined ? [Date.parse(startedAt)] : [],
  );
  if (began.length > 0) await awaitForgotten(Math.min(...began));
};

/** The steps that a dead process was in the middle of, and that still run. */
export const findInterrupted = async (session: Session): Promise<readonly {step: string; mark: string}[]> => {
  const marks = await findMarks(session.run);
  return marks.flatMap((mark) => {
    const [step, attempt] = partsOf(mark.slice(session.run.length + 1));
    const status = stateOf(session, step)?.status;
    // A step that only reads leaves no entry when it begins; and attempt 0 of what is finished is a look at it.
    const isInterrupted =
      status === undefined || status === 'in-doubt' || (status === 'checkpointed' && attempt === '0');
    return isInterrupted ? [{step, mark}] : [];
  });
};

/** The steps of a run of which a process still runs. */
export const stepsRunning = async (run: string): Promise<readonly string[]> => {
  const marks = await findMarks(run);
  return [...new Set(marks.map((mark) => partsOf(mark.slice(run.length + 1))[0]))];
};

/** The name of a step may hold slashes itself. */
const partsOf = (name: string): readonly [step: string, attempt: string] => {
  const slash = name.lastIndexOf('/');
  return [name.slice(0, slash), name.slice(slash + 1)];
};
