import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {PermanentError, type Question} from '../../engine/step-type.ts';
import confirm from '../../steps/confirm.ts';
import {stepTest} from '../step-rig.ts';

const test = suite('confirm');

test(
  'asks, and goes on with a yes',
  stepTest(async (rig) => {
    const asked: Question[] = [];
    const ask = async (question: Question) => asked.push(question) > 0;

    await confirm.run({message: 'Remove everything?'}, rig.context({ask}));

    assert.equal(asked, [{kind: 'confirm', message: 'Remove everything?'}]);
  }),
);

test(
  'a no fails the step, and no retry asks again',
  stepTest(async (rig) => {
    const error = await confirm.run({message: 'Go on?'}, rig.context({ask: async () => false})).catch((e) => e);

    assert.instance(error, PermanentError);
    assert.is(error.details.code, 'needs-answer');
  }),
);

test(
  'the command asks the same',
  stepTest(async (rig) => {
    const line = confirm.command({message: "100% sure? It's gone"}, rig.context());

    const yes = await rig.sh(`echo y | { ${line}; }`);
    const no = await rig.sh(`echo n | { ${line}; }`);
    const silence = await rig.sh(`{ ${line}; } </dev/null`);

    assert.is(yes.stdout, "100% sure? It's gone [y/N] ");
    assert.equal([yes.code, no.code, silence.code], [0, 1, 1]);
  }),
);

test.run();
