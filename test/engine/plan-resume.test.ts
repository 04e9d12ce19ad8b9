import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ResumePlan} from '../../engine/approve.ts';
import {type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('the plan of a resume');

/** Kills the run while `id` is running. */
const killedIn = async (rig: Rig, step: string, acted: boolean): Promise<void> => {
  await rig.run();
  const at = rig.journal().findIndex((entry) => entry.type === 'step-started' && entry.step === step);
  rig.crash(at + 1, acted);
};

const coursesOf = ({steps}: ResumePlan): Record<string, string> =>
  Object.fromEntries(steps.map(({step, course}) => [step, course]));

const stepOf = ({steps}: ResumePlan, key: string) => steps.find(({step}) => step === key);

test(
  're-attaches to what is there and still coming up, and does not act again',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    await killedIn(rig, 'web', false);
    web.partial = 'underway';
    const {looks} = web;

    const plan = await rig.planResume();
    web.onLook = () => web.looks > looks + 4 && rig.world.set('web', true);
    const resumed = await rig.resume();

    assert.equal(coursesOf(plan), {web: 'reattach'});
    assert.is(plan.steps[0]?.detail, 'it is there, and still coming up');
    assert.ok(resumed.ok);
    assert.is(web.runs, 1);
    assert.ok(resumed.events.some((event) => event.type === 'step-finished' && event.how === 'adopted'));
    web.onLook = undefined;
    assert.equal((await rig.undo()).undone, ['web'], 'it is ours');
  }),
);

test(
  'acts at the next attempt, when what it waited for does not come up',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web, within: 0s, retry: {attempts: 2, delay: 1ms}}\n');
    await killedIn(rig, 'web', false);
    web.partial = 'underway';

    assert.ok((await rig.resume()).ok);

    assert.is(web.runs, 2);
  }),
);

test(
  'repairs what is there in part',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    await killedIn(rig, 'web', false);
    web.partial = 'incomplete';

    const plan = await rig.planResume();
    assert.ok((await rig.resume()).ok);

    assert.equal(coursesOf(plan), {web: 'repair'});
    assert.equal([plan.steps[0]?.detail, plan.steps[0]?.why], ['a part of it is there', 'nothing']);
    assert.is(plan.steps[0]?.command, 'web true');
    assert.is(web.runs, 2);
  }),
);

test(
  'waits for what else a step has to prove, when its own effect is there',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const page = rig.step('page', {effect: 'reads'});
    await rig.runbook('  - {id: web, uses: web, verify: [{uses: page, expect: result.value == "up"}]}\n');
    page.outputs = {value: 'down'};
    web.during = () => {
      page.outputs = {value: 'up'};
    };
    await killedIn(rig, 'web', true);
    page.outputs = {value: 'down'};

    const plan = await rig.planResume();
    web.onLook = () => {
      page.outputs = {value: 'up'};
    };
    assert.ok((await rig.resume()).ok);

    assert.equal(coursesOf(plan), {web: 'reattach'});
    assert.is(web.runs, 1);
  }),
);

test(
  'says what is taken back first, what is looked at again, and what depends on an output that is not known yet',
  rigTest(async (rig) => {
    rig.step('net');
    rig.step('look', {effect: 'reads'}).outputs = {ip: '10.0.0.1'};
    rig.step('sh', {effect: 'repeatable'});
    const steps = (value: string): string =>
      [
        `{id: net, uses: net, with: {value: ${value}}}`,
        '{id: web, uses: net}',
        '{id: address, uses: look}',
        '{id: conf, uses: net, with: {value: "${{ steps.address.outputs.ip }}"}}',
        '{id: script, uses: sh}',
        '{id: apart, uses: net, needs: []}',
      ]
        .map((step) => `  - ${step}\n`)
        .join('');
    await rig.runbook(steps('old'));
    const {run} = await rig.run();
    await rig.runbook(steps('new'));

    const plan = await rig.planResume({run});

    assert.equal(coursesOf(plan), {
      net: 'remake',
      web: 'recheck',
      address: 'look',
      conf: 'unknown',
      script: 'keep',
      apart: 'keep',
    });
    assert.equal(
      plan.steps.map(({why}) => why),
      [
        'it was edited',
        'net is done first',
        'net is done first',
        'it reads steps.address.outputs.ip: done again if that has another value then',
        '',
        '',
      ],
    );
    assert.equal(stepOf(plan, 'conf')?.dependsOn, ['steps.address.outputs.ip']);
    assert.is(stepOf(plan, 'net')?.diff, ' uses: net\n with:\n-  value: old\n+  value: new');
    assert.is(plan.kept, 2);
  }),
);

test(
  'keeps what is as it was again when what came before it has been repaired',
  rigTest(async (rig) => {
    rig.step('web');
    const look = rig.step('look', {effect: 'reads'});
    const sh = rig.step('sh', {effect: 'repeatable'});
    const world = (): string => (rig.world.has('web') ? 'up' : 'down');
    Object.assign(look.type, {run: async () => ({value: world()})});
    await rig.runbook(
      [
        '{id: web, uses: web}',
        '{id: seen, uses: look}',
        '{id: conf, uses: web, with: {value: "${{ steps.seen.outputs.value }}"}}',
        '{id: page, uses: sh, verify: [{uses: look, expect: result.value == "up"}]}',
      ]
        .map((step) => `  - ${step}\n`)
        .join(''),
    );
    const {run} = await rig.run();
    rig.world.delete('web');

    const plan = await rig.planResume({run});
    assert.ok((await rig.resume({run})).ok);

    assert.equal(coursesOf(plan), {web: 'run', seen: 'look', conf: 'unknown', page: 'unknown'});
    assert.is(stepOf(plan, 'conf')?.standing, 'input-changed');
    assert.is(stepOf(plan, 'page')?.standing, 'drifted');
    assert.equal(rig.acts().slice(3), ['run web'], 'nothing else was done again');
    assert.is(sh.runs, 1);
  }),
);

test(
  'names an input that changed with both values, and a secret by its name only',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook(
      '  - {id: web, uses: web, with: {value: "${{ inputs.size }}"}}\n  - {id: db, uses: web, with: {secret: "${{ inputs.pw }}"}}\n',
      'inputs: {size: {type: integer, default: 1}, pw: {secret: true}}',
    );
    const {run} = await rig.run({set: {pw: 'hunter2'}});

    const plan = await rig.planResume({run, set: {size: '5', pw: 'hunter3'}});

    assert.is(stepOf(plan, 'web')?.detail, 'inputs.size: 1 -> 5');
    assert.is(stepOf(plan, 'db')?.detail, 'inputs.pw: a secret, another one now');
    assert.is(stepOf(plan, 'db')?.standing, 'input-changed');
    assert.not.match(JSON.stringify(plan), /hunter[23]/);
  }),
);

test(
  'tells of a step that failed and was edited since that what it left goes first',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web, within: 0s, with: {name: old}, expect: "result.value == 5"}\n');
    await rig.run();
    await rig.runbook('  - {id: web, uses: web, with: {name: new}}\n');

    const plan = await rig.planResume();

    assert.equal(coursesOf(plan), {web: 'remake'});
    assert.is(plan.steps[0]?.why, 'it failed, and was edited since');
  }),
);

test(
  'looks whether steps that were never begun are true already',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.failure = 'no';
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web}\n  - {id: c, uses: web}\n');
    await rig.run();
    web.failure = undefined;
    rig.world.set('b', true);

    const plan = await rig.planResume();
    await rig.resume();

    assert.equal(coursesOf(plan), {a: 'run', b: 'already-true', c: 'run'});
    assert.equal(rig.acts(), ['run a', 'run c']);
  }),
);

test(
  'keeps what comes after a new step that turns out to be true already',
  rigTest(async (rig) => {
    const web = rig.step('web');
    rig.step('look', {effect: 'reads'});
    await rig.runbook('  - {id: a, uses: web}\n  - {id: seen, uses: look}\n');
    const {run} = await rig.run();
    rig.world.set('b', true);
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web}\n  - {id: seen, uses: look, needs: [b]}\n');

    const plan = await rig.planResume({run});
    const {events} = await rig.resume({run});

    assert.equal(coursesOf(plan), {a: 'keep', b: 'already-true', seen: 'keep'});
    assert.ok(events.some((event) => event.type === 'step-finished' && event.step === 'seen' && event.how === 'kept'));
    assert.is(web.runs, 1);
  }),
);

test(
  'leaves what drifted when its condition is false now',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: a, uses: web, when: inputs.on}\n', 'inputs: {on: {type: boolean, default: true}}');
    const {run} = await rig.run();
    rig.world.set('a', 'other');

    const plan = await rig.planResume({run, set: {on: 'false'}});
    assert.ok((await rig.resume({run, set: {on: 'false'}})).ok);

    assert.equal(coursesOf(plan), {a: 'skip'});
    assert.is(rig.world.get('a'), 'other');
    assert.equal((await rig.undo({run})).undone, ['a'], 'what it made can still be taken back');
  }),
);

test(
  'takes a step back that was asked for, and makes it anew although it holds',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web, needs: []}\n');
    const {run} = await rig.run();

    const plan = await rig.planResume({run, redo: ['a']});
    await rig.resume({run, redo: ['a']});

    assert.equal(coursesOf(plan), {a: 'remake', b: 'keep'});
    assert.equal(rig.acts().slice(2), ['undo a', 'run a']);
  }),
);

test(
  'says how to go on when an edited step cannot be taken back',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web}\n');
    const {run} = await rig.run();
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web, with: {value: 2}}\n');
    web.undoFailure = 'containers use it';

    const {failures} = await rig.resume({run});

    assert.is(failures[0]?.problem.code, 'undo-failed');
    assert.is(failures[0]?.problem.message, 'step "b" (web) can\'t be taken back to be made anew: containers use it');
    assert.equal(failures[0]?.problem.next, [
      `or take back what came after it, too: runbook undo ${run} --to a; then: runbook resume ${run}`,
    ]);
  }),
);

// -- approval

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

test(
  'looks at several steps at once',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web, foreach: [a, b, c, d], with: {name: "${{ item.key }}"}}\n');
    const {run} = await rig.run();
    let begun = 0;
    let all = (): void => {};
    const together = new Promise<void>((resolve) => {
      all = resolve;
    });
    // each look waits for the others to have begun
    web.onLook = () => {
      begun += 1;
      if (begun === 4) all();
      return together;
    };

    const {kept} = await rig.planResume({run});

    assert.is(kept, 4);
  }),
);

test.run();
