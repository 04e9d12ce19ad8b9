import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';
import {count} from './resume-chain.ts';

const test = suite('resume: edits');

test(
  'undoes an edited converging step with its journaled options, and makes it anew',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web, with: {name: old, value: 1}}\n');
    await rig.run();

    await rig.runbook('  - {id: web, uses: web, with: {name: new, value: 1}}\n');
    const plan = await rig.planResume({run: rig.store.runs()[0] ?? ''});
    const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(plan.steps[0]?.standing, 'edited');
    assert.match(plan.steps[0]?.diff ?? '', /^-.*old\n\+.*new/m);
    assert.ok(resumed.ok);
    assert.equal([...rig.world], [['new', 1]]);
    assert.equal(rig.acts(), ['run web', 'undo web', 'run web']);
  }),
);

test(
  'takes back what a failed step has made before it is made anew with repaired options',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web, within: 0s, with: {name: old}, expect: "result.value == 5"}\n');
    assert.is((await rig.run()).failed, 'web');
    assert.ok(rig.world.has('old'));

    await rig.runbook('  - {id: web, uses: web, with: {name: new}}\n');
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.equal([...rig.world], [['new', true]]);
    assert.is(web.undos, 1);
  }),
);

test(
  'makes an edited step anew whose type cannot be undone',
  rigTest(async (rig) => {
    rig.step('image', {undo: false});
    await rig.runbook('  - {id: image, uses: image, with: {name: old}}\n');
    await rig.run();

    await rig.runbook('  - {id: image, uses: image, with: {name: new}}\n');
    const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.ok(resumed.ok);
    assert.ok(rig.world.has('new'));
  }),
);

test(
  'keeps what was already true when its definition is edited: it is not ours to undo',
  rigTest(async (rig) => {
    rig.step('web');
    rig.world.set('old', true);
    await rig.runbook('  - {id: web, uses: web, with: {name: old}}\n');
    await rig.run();

    await rig.runbook('  - {id: web, uses: web, with: {name: new}}\n');
    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.equal([...rig.world.keys()], ['old', 'new']);
  }),
);

test(
  'verifies and keeps a step of which only the checks or the prose were edited',
  rigTest(async (rig) => {
    rig.step('web');
    rig.step('look', {effect: 'reads'});
    await rig.runbook('  - {id: web, uses: web, title: Old}\n');
    await rig.run();
    const run = rig.store.runs()[0] ?? '';

    await rig.runbook('  - {id: web, uses: web, title: New, expect: "result.value", verify: [{uses: look}]}\n');
    assert.ok((await rig.resume({run})).ok);
    assert.is((await rig.standings(run)).web, 'holds');

    await rig.runbook('  - {id: web, uses: web, within: 0s, expect: "!result.value"}\n');
    assert.is((await rig.standings(run)).web, 'drifted');
    assert.equal(rig.acts(), ['run web']);
  }),
);

test(
  'knows steps by their ids: an inserted one shifts no other',
  rigTest(async (rig) => {
    const upgrade = rig.step('upgrade');
    rig.step('drain');
    await rig.runbook('  - {id: a, uses: drain}\n  - {id: b, uses: drain}\n  - {id: c, uses: upgrade}\n');
    upgrade.failure = 'no';
    await rig.run();

    upgrade.failure = undefined;
    await rig.runbook(
      '  - {id: a, uses: drain}\n  - {id: x, uses: drain}\n  - {id: b, uses: drain}\n  - {id: c, uses: upgrade}\n',
    );
    assert.ok((await rig.resume()).ok);

    assert.equal(rig.acts(), ['run a', 'run b', 'run x', 'run c']);
  }),
);

test(
  'names a removed step and leaves it for undo',
  rigTest(async (rig) => {
    rig.step('drain');
    const upgrade = rig.step('upgrade');
    await rig.runbook('  - {id: a, uses: drain}\n  - {id: b, uses: drain}\n  - {id: c, uses: upgrade}\n');
    upgrade.failure = 'no';
    await rig.run();

    upgrade.failure = undefined;
    await rig.runbook('  - {id: b, uses: drain}\n  - {id: c, uses: upgrade}\n');
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    const look = resumed.events.find((event) => event.type === 'step-looked-at' && event.step === 'a');
    assert.is(look?.type === 'step-looked-at' && look.standing, 'removed');
    assert.ok(rig.world.has('a'));
    assert.equal((await rig.undo()).undone, ['c', 'b', 'a']);
    assert.is(rig.world.size, 0);
  }),
);

// -- inputs

test(
  'does again just the steps that used a changed input',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook(
      '  - {id: one, uses: web, with: {value: "${{ inputs.size }}"}}\n  - {id: two, uses: web, with: {value: "${{ inputs.other }}"}}\n',
      'inputs: {size: {type: integer, default: 1}, other: {type: integer, default: 2}}',
    );
    await rig.run();
    const run = rig.store.runs()[0] ?? '';

    const plan = await rig.planResume({run, set: {size: '5'}});
    await rig.resume({run, set: {size: '5'}});

    assert.equal(
      plan.steps.map(({standing}) => standing),
      ['input-changed', 'holds'],
    );
    assert.match(plan.steps[0]?.detail ?? '', 'inputs.size: 1 -> 5');
    assert.is(rig.world.get('one'), 5);
    assert.is(count(rig, 'run one'), 2);
    assert.is(count(rig, 'run two'), 1);
    // the new value is the run's now
    assert.equal(
      (await rig.planResume({run})).steps.map(({standing}) => standing),
      ['holds', 'holds'],
    );
  }),
);

test(
  'does again the steps that used a changed name of an env file',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.write({'env/web.env': 'IMAGE=one\n'});
    await rig.runbook('  - {id: web, uses: web, with: {value: "${{ env.IMAGE }}"}}\n', 'env: [web.env]');
    await rig.run();

    await rig.write({'env/web.env': 'IMAGE=two\n'});
    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(rig.world.get('web'), 'two');
  }),
);

test(
  'journals of the items of a step only the one that is done, and tells when that one was edited',
  rigTest(async (rig) => {
    rig.step('web');
    const file = (port: number): string =>
      `  - {id: web, uses: web, foreach: {one: {port: ${port}}, two: {port: 2}}, with: {name: "web\${{ item.value.port }}"}}\n`;
    await rig.runbook(file(1));
    await rig.run();
    const run = rig.store.runs()[0] ?? '';
    const definitions = rig
      .journal()
      .flatMap((entry) => (entry.type === 'step-started' ? [entry.record.definition] : []));
    assert.is(definitions.length, 2);
    assert.match(definitions[0] ?? '', /foreach:\n {2}one:\n {4}port: 1$/);
    assert.not.match(definitions[0] ?? '', /two/);

    await rig.runbook(file(7));
    const {steps} = await rig.planResume({run});

    assert.equal(
      steps.map(({step, standing, diff}) => [step, standing, diff?.split('\n').filter((line) => /^[-+]/.test(line))]),
      [
        ['web[one]', 'edited', ['-    port: 1', '+    port: 7']],
        ['web[two]', 'holds', undefined],
      ],
    );
  }),
);

test.run();
