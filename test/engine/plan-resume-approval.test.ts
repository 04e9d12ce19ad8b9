import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Rig, rejects, rigTest} from '../rig.ts';
import {killedIn} from './resuming.ts';

const test = suite('the plan of a resume: approval');

const FAILED =
  '  - {id: a, uses: web}\n  - {id: b, uses: web, with: {secret: "${{ inputs.pw }}"}}\n  - {id: c, uses: last}\n';

const failedRun = async (rig: Rig) => {
  rig.step('web');
  const last = rig.step('last');
  last.failure = 'no';
  await rig.runbook(FAILED, 'inputs: {pw: {secret: true}}');
  const {run} = await rig.run({set: {pw: 'hunter2'}});
  last.failure = undefined;
  rig.secrets.set('pw', 'hunter2');
  return run;
};

test(
  'has a hash that stays the same as long as nothing changes, and goes with whatever does',
  rigTest(async (rig) => {
    await failedRun(rig);
    const hashNow = async (): Promise<string> => (await rig.planResume()).hash;

    const first = await hashNow();
    assert.is(await hashNow(), first);
    rig.world.set('a', 'other');
    const drifted = await hashNow();
    rig.world.set('a', true);
    await rig.runbook(FAILED.replace('id: c,', 'id: c, title: The end,'), 'inputs: {pw: {secret: true}}');
    assert.is(await hashNow(), first, 'a title is no change');
    await rig.runbook(FAILED.replace('id: c,', 'id: c, with: {value: 7},'), 'inputs: {pw: {secret: true}}');
    const edited = await hashNow();
    await rig.runbook(FAILED, 'inputs: {pw: {secret: true}}');
    rig.secrets.set('pw', 'hunter3');
    const otherSecret = await hashNow();

    assert.is(new Set([first, drifted, edited, otherSecret]).size, 4);
  }),
);

test(
  'has a hash that tells nothing: elsewhere the same plan has another one',
  rigTest(async (rig) => {
    await failedRun(rig);
    const {hash} = await rig.planResume();
    const key = `${rig.stateDir}/key`;

    assert.is(readFileSync(key).length, 32);
    await rig.write({'.runbook/key': 'x'.repeat(32)});

    assert.is.not((await rig.planResume()).hash, hash);
  }),
);

test(
  'that was approved is carried out',
  rigTest(async (rig) => {
    await failedRun(rig);
    const {hash} = await rig.planResume();

    assert.ok((await rig.resume({approve: {hash}})).ok);
  }),
);

test(
  'says the line that does it with the inputs that were given, but for secrets',
  rigTest(async (rig) => {
    rig.step('pay', {effect: 'once'}).failure = 'no';
    const head = 'inputs: {port: {type: integer, default: 80}, word: {default: a}, pw: {secret: true}}';
    await rig.runbook('  - {id: pay, uses: pay}\n', head);
    const {run} = await rig.run({set: {pw: 'geheim-1234'}});
    const set = {port: '81', word: "it's", pw: 'geheim-1234'};
    const again = `runbook resume ${run} --set port=81 --set 'word=it'\\''s'`;

    const {resume} = await rig.planResume({set});
    const asked = await rejects(rig.resume({set}), 'in-doubt');

    assert.is(resume, again);
    assert.match(asked.problems[0]?.next?.join('\n') ?? '', `${again} --redo pay`);
  }),
);

test(
  'that is another one than was approved is not: nothing is done, and what differs is shown',
  rigTest(async (rig) => {
    await failedRun(rig);
    const {hash, steps} = await rig.planResume();
    rig.world.set('a', 'other');
    const entries = rig.journal().length;
    const acts = rig.acts();

    const bare = await rejects(rig.resume({approve: {hash}}), 'plan-changed');
    const shown = await rejects(rig.resume({approve: {hash, steps}}), 'plan-changed');
    await rejects(rig.planResume({approve: {hash}}), 'plan-changed');

    assert.is(bare.exitCode, 2);
    assert.is(bare.problems[0].expected, `the plan ${hash}`);
    assert.is(shown.problems[0].expected, 'a: holds, keep\nb: holds, keep');
    assert.is(shown.problems[0].found, 'a: drifted, run\nb: holds, recheck');
    assert.is(rig.journal().length, entries);
    assert.equal(rig.acts(), acts);
  }),
);

test(
  'has the same hash before a question is answered and after, and is not carried out without the answer',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    rig.step('web');
    await rig.runbook('  - {id: pay, uses: pay}\n  - {id: web, uses: web}\n');
    await killedIn(rig, 'pay', true);
    rig.answers.set('pay', {kind: 'redo'});
    const {hash} = await rig.planResume();

    await rejects(rig.resume({approve: {hash}}), 'in-doubt');
    assert.is(pay.runs, 1);
    assert.is((await rig.planResume({redo: ['pay']})).hash, hash);
    assert.ok((await rig.resume({approve: {hash}, accept: [{step: 'pay', reason: 'seen'}]})).ok);

    assert.is(pay.runs, 1);
  }),
);

test(
  'does not let an answer through that nobody was asked for',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    await rig.runbook('  - {id: pay, uses: pay}\n');
    const {run} = await rig.run();
    const {hash} = await rig.planResume({run});

    await rejects(rig.resume({run, approve: {hash}, redo: ['pay']}), 'plan-changed');

    assert.is(pay.runs, 1);
  }),
);

test.run();
