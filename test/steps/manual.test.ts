import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {PermanentError, type Question} from '../../engine/step-type.ts';
import manual from '../../steps/manual.ts';
import {stepTest} from '../step-rig.ts';

const test = suite('manual');

test(
  'shows the instructions and needs a proof',
  stepTest(async (rig) => {
    const asked: Question[] = [];
    const ask = async (question: Question) => asked.push(question) > 0;

    await manual.run({instructions: 'Plug it in.'}, rig.context({ask}));

    assert.equal(asked, [{kind: 'manual', message: 'Plug it in.'}]);
    assert.is(manual.needsVerify, true);
  }),
);

test(
  'what was not done fails the step',
  stepTest(async (rig) => {
    const error = await manual
      .run({instructions: 'Plug it in.'}, rig.context({ask: async () => false}))
      .catch((e) => e);

    assert.instance(error, PermanentError);
    assert.is(error.details.code, 'needs-answer');
  }),
);

test(
  'the command shows the instructions and waits for Enter',
  stepTest(async (rig) => {
    const line = manual.command({instructions: '1. `Plug`\n2. 50% more'}, rig.context());

    const done = await rig.sh(`echo | { ${line}; }`);

    assert.is(done.code, 0);
    assert.is(done.stdout, '1. `Plug`\n2. 50% more\nThen press Enter: ');
  }),
);

test.run();
