import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';

const test = suite('moments of a step');

test(
  'are told between the intent and the act, within it, and before the checkpoint',
  rigTest(async (rig) => {
    const work = rig.step('work', {effect: 'repeatable'});
    rig.step('look', {effect: 'reads'});
    await rig.runbook('  - {id: look, uses: look}\n  - {id: work, uses: work}\n');
    const told: string[] = [];
    const last = (): string | undefined => rig.journal().at(-1)?.type;

    rig.reached = (step, moment) => void told.push(`${step} ${moment}: ${work.runs} runs, ${last()}`);
    await rig.run();

    assert.equal(told, [
      'look before: 0 runs, run-started',
      'look during: 0 runs, run-started',
      'look after: 0 runs, run-started',
      'work before: 0 runs, step-started',
      'work during: 1 runs, step-started',
      'work after: 1 runs, step-started',
    ]);
  }),
);

test.run();
