import type {ResumePlan} from '../../engine/approve.ts';
import type {Rig} from '../rig.ts';

/** Kills a run of the runbook while `step` is running, before its act or after it. */
export const killedIn = async (rig: Rig, step: string, acted: boolean): Promise<void> => {
  await rig.run();
  const at = rig.journal().findIndex((entry) => entry.type === 'step-started' && entry.step === step);
  rig.crash(at + 1, acted);
};

/** What a plan says will be done, by step. */
export const coursesOf = ({steps}: ResumePlan): Record<string, string> =>
  Object.fromEntries(steps.map(({step, course}) => [step, course]));
