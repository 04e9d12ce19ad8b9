import {checkApproval, hashOf, type ResumePlan} from './approve.ts';
import {type Assessment, assess} from './assess.ts';
import {chooseRun} from './choose-run.ts';
import type {Wishes} from './doubt.ts';
import type {ResumeStep} from './events.ts';
import {type Foreseen, foresee, SETTLED} from './foresee.ts';
import type {Host} from './host.ts';
import {showCommand, titleOf} from './render.ts';
import {type Prepared, prepare, type ResumeRequest, resumeLine} from './resume-request.ts';
import {type Session, stateOf} from './session.ts';
import {Store} from './store.ts';
import {findSurvivors} from './survivors.ts';
import {undoCommand} from './undo-step.ts';
import {withNeeded} from './withheld.ts';

/**
 * What `resumeRun` would do and why. Looks at every step that was begun; changes and writes nothing.
 * @throws RunbookError as `resumeRun`; `plan-changed` where it is not what was approved
 */
export const planResume = async (request: ResumeRequest, host: Host): Promise<ResumePlan> => {
  const store = new Store(host.stateDir);
  return await planOf(await prepare(request, host, store, chooseRun(store, request.run)), request);
};

/**
 * What a resume of it would do, and why.
 * @throws RunbookError `plan-changed` where it is not what was approved
 */
export const planOf = async (prepared: Prepared, request: ResumeRequest): Promise<ResumePlan> => {
  const {session, part} = prepared;
  const looked = await assess(session, session.host.signal);
  const assessed = withNeeded(session, looked, request);
  const foreseen = await foresee(session, {assessed, part, wishes: request, probes: true});
  const steps = session.redactor.carried(await withSurvivors(session, stepsOf(session, assessed, foreseen)));
  const open = await unanswered(prepared, looked, request, steps);
  const kept = steps.filter(({course}) => course === 'keep').length;
  const plan = {
    run: session.run,
    runbook: session.runbook.name,
    hash: hashOf(session, open),
    resume: resumeLine(session, request),
    kept,
    steps,
  };
  if (request.approve !== undefined) checkApproval(plan, open, request.approve);
  return plan;
};

/** The plan as it is before its questions are answered: so its hash is the same with the answers and without. */
const unanswered = async (
  {session, part}: Prepared,
  looked: ReadonlyMap<string, Assessment>,
  wishes: Wishes,
  steps: readonly ResumeStep[],
): Promise<readonly ResumeStep[]> => {
  const seen = async (given: Wishes): Promise<readonly ResumeStep[]> => {
    const assessed = withNeeded(session, looked, given);
    const foreseen = await foresee(session, {assessed, part, wishes: given, probes: true});
    return session.redactor.carried(stepsOf(session, assessed, foreseen));
  };
  const named = [...wishes.redo, ...wishes.accept.map(({step}) => step)];
  if (!named.some((step) => session.graph.nodes.get(step)?.step.effect === 'once')) return steps;
  const open = new Set(
    (await seen({redo: [], accept: []})).flatMap(({step, course}) => (course === 'ask' ? [step] : [])),
  );
  return await seen({
    redo: wishes.redo.filter((step) => !open.has(step)),
    accept: wishes.accept.filter(({step}) => !open.has(step)),
  });
};

/** Of each step what was found and what will be done; steps that the file has no longer at the end. */
export const stepsOf = (
  session: Session,
  assessed: ReadonlyMap<string, Assessment>,
  foreseen: ReadonlyMap<string, Foreseen>,
): ResumeStep[] => {
  const open = new Set([...foreseen].flatMap(([key, {course}]) => (SETTLED.has(course) ? [] : [key])));
  return [...assessed.values()].map(({look}) => {
    const node = session.graph.nodes.get(look.step);
    const known = stateOf(session, look.step);
    const {course, why, dependsOn} = foreseen.get(look.step) ?? {course: 'leave', why: '', dependsOn: []};
    const isDone = node !== undefined && !QUIET.has(course);
    return {
      ...look,
      title: node === undefined ? (known?.record?.title ?? look.step) : titleOf(node),
      course,
      why,
      dependsOn,
      command: isDone ? showCommand(node, node.step, session.scopes, session.cwd, open) : '',
      ...(course === 'remake' && known !== undefined ? {undoCommand: undoCommand(session, known)} : {}),
    };
  });
};

/** Courses on which nothing is typed. */
const QUIET: ReadonlySet<string> = new Set(['keep', 'recheck', 'adopt', 'already-true', 'accept', 'skip', 'leave']);

/** What a dead process has left running of a step is ended before anything is done: a plan only says so. */
const withSurvivors = async (session: Session, steps: readonly ResumeStep[]): Promise<readonly ResumeStep[]> => {
  const found = new Map<string, number>();
  for (const {step, standing} of steps)
    if (standing === 'in-doubt') found.set(step, (await findSurvivors(`${session.run}/${step}/`)).length);
  return steps.map((step) => {
    const count = found.get(step.step) ?? 0;
    if (count === 0) return step;
    const detail = `${step.detail}; ${processes(count)} of it still running, to be ended first`;
    return {...step, detail};
  });
};

export const processes = (count: number): string => (count === 1 ? '1 process' : `${count} processes`);
