import {join} from 'node:path';
import type {Problem} from '../engine/index.ts';
import type {Call} from './command.ts';
import type {Finding, Machine} from './doctor/doctor.ts';
import {packageRoot} from './package.ts';
import {hasTerminal, type Prompter} from './prompt.ts';
import type {Workshop} from './workshop.ts';

/** A question to a daemon or a tool is given up after this. */
const LIMIT_MS = 10_000;

/** This machine as the doctor sees it. */
export const machineOf = ({around, stateDir}: Call): Machine => ({
  env: around.env,
  stateDir,
  provision: join(packageRoot(), 'env', 'provision', 'docker.sh'),
  limitMs: LIMIT_MS,
});

/**
 * Sees that a runbook's `requires` are there. What can be repaired is repaired when the operator says so: by
 * `--provision`, by `--yes`, or on a terminal when asked.
 * @throws RunbookError `requirement-missing` with all that is missing
 */
export const ensureRequirements = async (
  requires: readonly string[],
  {call, workshop, provision, prompter}: {call: Call; workshop: Workshop; provision: boolean; prompter: Prompter},
): Promise<void> => {
  if (requires.length === 0) return;
  const {diagnose, missing, repair} = await import('./doctor/doctor.ts');
  const machine = machineOf(call);
  const absent = missing(await diagnose(machine, requires));
  if (absent.length === 0) return;
  if (absent.some(({fixable}) => fixable) && (provision || (await agreed(absent, call, prompter)))) {
    await prompter.withTerminal(() => repair(machine, (text) => void call.around.stderr.write(text)));
    call.around.signal.throwIfAborted();
    const still = missing(await diagnose(machine, requires));
    if (still.length > 0) throw missingError(still, workshop);
  } else throw missingError(absent, workshop);
};

const agreed = async (absent: readonly Finding[], call: Call, prompter: Prompter): Promise<boolean> => {
  if (!hasTerminal(call.around) && !prompter.answersYes) return false;
  const names = absent.filter(({fixable}) => fixable).map(({name, found}) => `${name}: ${found}`);
  return prompter.ask({kind: 'confirm', message: `${names.join('; ')}. Install and start it?`});
};

const missingError = (absent: readonly Finding[], {engine}: Workshop): Error => {
  const [first, ...rest] = absent.map(missingProblem);
  if (first === undefined) return new Error('nothing is missing');
  return new engine.RunbookError([first, ...rest]);
};

const missingProblem = ({name, found, need, fix, fixable}: Finding): Problem => {
  const next = fix ?? (fixable ? ['runbook doctor --fix'] : []);
  return {
    code: 'requirement-missing',
    message: `requirement "${name}" is missing`,
    ...(need === undefined ? {} : {expected: need}),
    found,
    ...(next.length === 0 ? {} : {next}),
  };
};
