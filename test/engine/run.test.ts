import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';

const test = suite('run');

test(
  'runs the steps in order and checkpoints each',
  rigTest(async (rig) => {
    rig.step('drain');
    rig.step('upgrade');
    await rig.runbook('  - {id: drain, uses: drain}\n  - {id: upgrade, uses: upgrade}\n');

    const ran = await rig.run();

    assert.ok(ran.ok);
    assert.equal(rig.acts(), ['run drain', 'run upgrade']);
    assert.equal(
      rig.journal().map(({type}) => type),
      ['run-started', 'step-started', 'step-checkpointed', 'step-started', 'step-checkpointed', 'run-finished'],
    );
  }),
);

test.run();
