import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ResumePlan} from '../../engine/approve.ts';
import {rigTest} from '../rig.ts';
import {coursesOf} from './resuming.ts';

const test = suite('the plan of a resume');

const stepOf = ({steps}: ResumePlan, key: string) => steps.find(({step}) => step === key);

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
