import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import step from '../../steps/assert.ts';
import {stepTest} from '../step-rig.ts';

const test = suite('assert');

test(
  'does nothing, and means nothing without an expectation',
  stepTest(async (rig) => {
    assert.equal(await step.run({}, rig.context()), {});
    assert.is(step.needsExpect, true);
    assert.is(step.effect, 'reads');
  }),
);

test(
  'the command says in words what is proved, and succeeds',
  stepTest(async (rig) => {
    const line = step.command({message: "four nodes\n$(touch oops) # it's"}, rig.context());

    assert.is((await rig.sh(line)).code, 0);
    assert.is((await rig.sh('test -e oops')).code, 1);
    assert.is(step.command({}, rig.context()), ':');
  }),
);

test.run();
