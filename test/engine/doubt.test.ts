import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Rig, rejects, rigTest} from '../rig.ts';
import {killedIn} from './resuming.ts';

const test = suite('steps that must not be repeated unasked');

/** Two payments that nothing binds to each other, between two steps that anybody may repeat. */
const PAYMENTS = `  - {id: web, uses: web}
  - {id: pay, uses: pay, title: Pay the bill}
  - {id: tip, uses: pay, needs: [web]}
  - {id: last, uses: web}
`;

const killedWhilePaying = async (rig: Rig) => {
  const web = rig.step('web');
  const pay = rig.step('pay', {effect: 'once'});
  await rig.runbook(PAYMENTS);
  await rig.run();
  const started = rig.journal().filter((entry) => entry.type === 'step-started' && ['pay', 'tip'].includes(entry.step));
  rig.crash(Math.max(...started.map(({n}) => n)), true);
  return {web, pay};
};

test(
  'stop a resume before anything is done, with the lines that go on',
  rigTest(async (rig) => {
    const {pay} = await killedWhilePaying(rig);
    rig.world.delete('web');
    const before = rig.journal().length;

    const error = await rejects(rig.resume(), 'in-doubt');

    const {run} = rig.journal()[0] as {run: string};
    assert.match(error.message, /steps "pay", "tip" may have acted already.*nothing was done/);
    assert.equal(error.problems[0].next, [
      'see whether they acted, then say so',
      `to do them again: runbook resume ${run} --redo pay --redo tip`,
      `if they have acted: runbook resume ${run} --accept pay --accept tip --reason "..."`,
    ]);
    assert.is(rig.journal().length, before, 'not even the journal');
    assert.not.ok(rig.world.has('web'));
    assert.is(pay.runs, 2);
    await rejects(rig.resume(), 'in-doubt');
  }),
);

test(
  'are asked for one by one, by name, before anything starts',
  rigTest(async (rig) => {
    const {pay, web} = await killedWhilePaying(rig);
    rig.answers.set('pay', {kind: 'redo'});
    rig.answers.set('tip', {kind: 'accept', reason: 'it is on the receipt'});
    const webs = web.runs;
    pay.during = () => assert.is(rig.doubts.length, 2);

    assert.ok((await rig.resume()).ok);

    assert.equal(rig.doubts, [
      {
        ...rig.doubts[0],
        step: 'pay',
        title: 'Pay the bill',
        why: 'it was started, and did not finish',
        command: 'pay true',
      },
      {...rig.doubts[1], step: 'tip', title: 'tip'},
    ]);
    assert.is(pay.runs, 3, 'one of them once more');
    assert.is(web.runs, webs + 1, 'the last step');
    const {steps} = await rig.status();
    const tip = steps.find(({step}) => step === 'tip');
    assert.equal([tip?.standing, tip?.detail], ['accepted', 'it is on the receipt']);
  }),
);

test(
  'are left alone, as is everything else, when the answer is to stop',
  rigTest(async (rig) => {
    const {pay} = await killedWhilePaying(rig);
    rig.answers.set('pay', {kind: 'redo'});
    rig.answers.set('tip', {kind: 'stop'});
    const acts = rig.acts();

    await rejects(rig.resume(), 'in-doubt');

    assert.equal(rig.acts(), acts);
    assert.is(pay.runs, 2);
  }),
);

test(
  'ask when it shows only on the way that they would be repeated',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const pay = rig.step('pay', {effect: 'once'});
    web.outputs = {ip: '10.0.0.1'};
    await rig.runbook(
      '  - {id: web, uses: web}\n  - {id: pay, uses: pay, with: {value: "${{ steps.web.outputs.ip }}"}}\n',
    );
    const {run} = await rig.run();
    rig.world.delete('web');
    web.outputs = {ip: '10.0.0.2'};

    const plan = await rig.planResume({run});
    const stopped = await rig.resume({run});
    rig.answers.set('pay', {kind: 'accept', reason: 'it need not be paid to another address'});
    const resumed = await rig.resume({run});

    assert.equal(plan.steps[1]?.dependsOn, ['steps.web.outputs.ip']);
    assert.is(plan.steps[1]?.course, 'unknown');
    assert.is(stopped.failures[0]?.problem.code, 'in-doubt');
    assert.match(stopped.failures[0]?.problem.next?.join('\n') ?? '', /--redo pay[\s\S]*--accept pay --reason/);
    assert.ok(resumed.ok);
    assert.is(pay.runs, 1);
    assert.is((await rig.standings(run)).pay, 'accepted');
  }),
);

test(
  'repeats such a step with --redo',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    await rig.runbook('  - {id: pay, uses: pay}\n');
    await killedIn(rig, 'pay', true);

    assert.ok((await rig.resume({redo: ['pay']})).ok);

    assert.is(pay.runs, 2);
  }),
);

test(
  'takes a step as done with --accept, and keeps showing it as such',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    rig.step('web');
    await rig.runbook('  - {id: pay, uses: pay}\n  - {id: web, uses: web}\n');
    await killedIn(rig, 'pay', true);

    assert.ok((await rig.resume({accept: [{step: 'pay', reason: 'seen on the statement'}]})).ok);
    const {steps} = await rig.status();
    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(steps[0]?.standing, 'accepted');
    assert.is(steps[0]?.detail, 'seen on the statement');
    assert.is(pay.runs, 1);
  }),
);

test(
  'accepts a step whose outputs nobody can tell',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    rig.step('web');
    pay.failure = 'no';
    await rig.runbook('  - {id: pay, uses: pay, outputs: {size: size(result.ip)}}\n  - {id: web, uses: web}\n');
    await rig.run();

    const resumed = await rig.resume({accept: [{step: 'pay', reason: 'by hand'}]});

    assert.ok(resumed.ok);
    assert.ok(rig.world.has('web'));
  }),
);

test(
  'refuses to redo or accept a step that there is not',
  rigTest(async (rig) => {
    rig.step('web').failure = 'no';
    await rig.runbook('  - {id: web, uses: web}\n');
    await rig.run();

    await rejects(rig.resume({redo: ['wob']}), 'unknown-step');
    await rejects(rig.resume({accept: [{step: 'wob', reason: ''}]}), 'unknown-step');
  }),
);

test(
  'asks before a `once` step is tried again, within one run too',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    await rig.runbook('  - {id: pay, uses: pay, retry: {attempts: 3, delay: 1ms}}\n');
    pay.failure = 'no answer';

    const alone = await rig.run();
    assert.is(pay.runs, 1);
    assert.match(alone.failures[0]?.problem.message ?? '', 'no answer');

    rig.answers.set('pay', {kind: 'redo'});
    await rig.run();
    assert.is(pay.runs, 4);
    assert.is(rig.doubts.length, 3);
  }),
);

test(
  'takes --redo as consent for one act, not for its retries',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    await rig.runbook('  - {id: pay, uses: pay, retry: {attempts: 3, delay: 1ms}}\n');
    pay.failure = 'no answer';
    await rig.run();

    await rig.resume({redo: ['pay']});

    assert.is(pay.runs, 2);
  }),
);

test.run();
