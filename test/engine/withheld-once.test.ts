import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';
import {HANDED, HEAD, MAKES, pair, USES} from './withheld-pair.ts';

const test = suite('withheld values: steps not to be repeated');

test(
  'a step that must not be repeated is asked for, with what can be done instead',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'once', check: false});
    use.failure = 'not yet';
    await rig.run();
    use.failure = undefined;

    const error = await rejects(rig.resume({}), 'in-doubt');

    assert.is(make.runs, 1);
    assert.match(error.message, 'step "make" must not be repeated unasked, and what it has handed on is not stored');
    assert.match(error.problems[0].found ?? '', 'its output "value" holds a secret and was not stored; "use" reads it');
    const next = error.problems[0].next?.join('\n') ?? '';
    for (const line of ['--redo make', '--accept STEP', 'effect: reads']) assert.match(next, line);

    const resumed = await rig.resume({redo: ['make']});
    assert.ok(resumed.ok, JSON.stringify(resumed.failures));
    assert.is(make.runs, 2);
    assert.is(rig.world.get('use'), HANDED);
  }),
);

test(
  'a plan that was approved holds also when the step is asked for',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'once', check: false});
    use.failure = 'not yet';
    await rig.run();
    use.failure = undefined;
    const {hash, steps} = await rig.planResume({});
    assert.equal(
      steps.map(({step, course}) => [step, course]),
      [
        ['make', 'ask'],
        ['use', 'unknown'],
      ],
    );

    await rejects(rig.resume({approve: {hash}}), 'in-doubt');
    assert.ok((await rig.resume({approve: {hash}, redo: ['make']})).ok);

    assert.is(make.runs, 2);
  }),
);

test(
  'who has done the rest by hand need not repeat it',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'once', check: false});
    use.failure = 'not yet';
    await rig.run();

    const resumed = await rig.resume({accept: [{step: 'use', reason: 'done by hand'}]});

    assert.ok(resumed.ok, JSON.stringify(resumed.failures));
    assert.is(make.runs, 1);
    assert.is(use.runs, 1);
  }),
);

test(
  'where the step is accepted instead, what needs the value fails with a word why, and never gets a mask',
  rigTest(async (rig) => {
    const {use} = await pair(rig, {effect: 'once', check: false});
    use.failure = 'not yet';
    await rig.run();
    use.failure = undefined;

    const resumed = await rig.resume({accept: [{step: 'make', reason: 'it acted'}]});

    assert.is(resumed.failed, 'use');
    const [failure] = resumed.failures;
    assert.match(failure?.problem.message ?? '', 'steps.make.outputs.value holds a secret, so it was not stored');
    assert.match(failure?.problem.next?.join('\n') ?? '', '--redo make');
    assert.is(rig.world.has('use'), false);
  }),
);

test(
  'an edit of the step that needs it has it made again',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'once', check: false});
    await rig.run();
    await rig.runbook(MAKES + USES.replace('value: "', 'value: "new '), HEAD);
    rig.answers.set('make', {kind: 'redo'});

    const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.ok(resumed.ok, JSON.stringify(resumed.failures));
    assert.equal(
      rig.doubts.map(({step}) => step),
      ['make'],
    );
    assert.is(make.runs, 2);
    assert.is(use.runs, 2);
    assert.is(rig.world.get('use'), `new ${HANDED}`);
  }),
);

test.run();
