import type {ResumePlan} from '../../engine/approve.ts';
import type {FakeStep} from '../fake-step.ts';
import type {Rig} from '../rig.ts';

/** Kills a run of the runbook while `step` is running, before its act or after it. */
export const killedIn = async (rig: Rig, step: string, acted: boolean): Promise<void> => {
  await rig.run();
  const at = rig.journal().findIndex((entry) => entry.type === 'step-started' && entry.step === step);
  rig.crash(at + 1, acted);
};

/** Kills a run of the one step `web`, before its act or after it. */
export const webKilled = async (rig: Rig, acted: boolean): Promise<FakeStep> => {
  const web = rig.step('web');
  await rig.runbook('  - {id: web, uses: web}\n');
  await killedIn(rig, 'web', acted);
  return web;
};

/** What a plan says will be done, by step. */
export const coursesOf = ({steps}: ResumePlan): Record<string, string> =>
  Object.fromEntries(steps.map(({step, course}) => [step, course]));
