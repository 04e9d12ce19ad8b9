import {realpathSync} from 'node:fs';
import {hostname} from 'node:os';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';

const test = suite('perform');

test(
  'gives each step its labels and its mark in the environment',
  rigTest(async (rig) => {
    const seen: unknown[] = [];
    rig.step('web').during = (_, context) =>
      seen.push([context.labels, context.env.RUNBOOK_STEP, context.key, context.env.RUNBOOK_LABELS]);
    await rig.runbook('  - {id: web, uses: web, foreach: [a]}\n');

    const {run} = await rig.run();

    const labels = {
      'io.runbook.run': run,
      'io.runbook.step': 'web[a]',
      'io.runbook.runbook': 'test',
      'io.runbook.uses': 'web',
      'io.runbook.state': rig.store.place,
    };
    assert.match(rig.store.place, `${hostname()}:${realpathSync(rig.stateDir)}#`);
    const lines = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    assert.equal(seen, [[labels, `${run}/web[a]/1`, `${run}/web[a]`, lines.join('\n')]]);
  }),
);

test(
  'checks further under `verify` what the step type does not',
  rigTest(async (rig) => {
    rig.step('web');
    const look = rig.step('look', {effect: 'reads'});
    look.outputs = {value: 'red'};
    await rig.runbook(
      '  - {id: web, uses: web, within: 0s, verify: [{uses: look, expect: result.value == "green"}]}\n',
    );

    const ran = await rig.run();

    assert.is(ran.failures[0]?.problem.code, 'check-failed');
    assert.match(ran.failures[0]?.problem.found ?? '', 'red');
  }),
);

test(
  'asks of a step without a look of its own that its expect is true of what it returned',
  rigTest(async (rig) => {
    const sh = rig.step('sh', {effect: 'repeatable'});
    sh.outputs = {value: 3};
    await rig.runbook('  - {id: sh, uses: sh, expect: result.value == 4}\n');

    assert.is((await rig.run()).failures[0]?.problem.code, 'check-failed');
    assert.is(sh.runs, 1);
  }),
);

test(
  'skips a step whose condition is false, and takes its needs for satisfied',
  rigTest(async (rig) => {
    const a = rig.step('a');
    rig.step('b');
    await rig.runbook('  - {id: a, uses: a, when: "1 > 2"}\n  - {id: b, uses: b}\n');

    const ran = await rig.run();

    assert.ok(ran.ok);
    assert.is(a.runs + a.looks, 0);
    assert.equal(rig.acts(), ['run b']);
    assert.equal(await rig.standings(), {a: 'skipped', b: 'holds'});
  }),
);

test(
  'fails a step that reads an output of a skipped one',
  rigTest(async (rig) => {
    rig.step('a');
    rig.step('b');
    await rig.runbook(
      '  - {id: a, uses: a, when: "1 > 2"}\n  - {id: b, uses: b, with: {value: "${{ steps.a.outputs.value }}"}}\n  - {id: c, uses: b, needs: [a], with: {value: "${{ has(steps.a) ? 1 : 2 }}"}}\n',
    );

    const ran = await rig.run({keepGoing: true});

    assert.is(ran.failed, 'b');
    assert.is(ran.failures[0]?.problem.code, 'expression-failed');
    assert.is(rig.world.get('c'), 2);
  }),
);

test(
  'hands on what a step declares beside the outputs of its type',
  rigTest(async (rig) => {
    rig.step('a').outputs = {value: [1, 2, 3]};
    rig.step('b');
    await rig.runbook(
      '  - {id: a, uses: a, outputs: {count: size(result.value)}}\n  - {id: b, uses: b, with: {value: "${{ steps.a.outputs.count }}"}}\n',
    );

    assert.ok((await rig.run()).ok);

    assert.is(rig.world.get('b'), 3);
  }),
);

test(
  'does the items of a foreach independently of each other',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.during = (options) => {
      if (options.value === 'b') throw new Error('no b');
    };
    rig.step('after');
    await rig.runbook(
      '  - {id: web, uses: web, foreach: [a, b, c], with: {value: "${{ item.value }}"}}\n  - {id: after, uses: after}\n',
    );

    const ran = await rig.run({keepGoing: true});

    assert.is(ran.failed, 'web[b]');
    assert.equal([...rig.world.keys()].toSorted(), ['web[a]', 'web[c]']);

    web.during = undefined;
    assert.ok((await rig.resume()).ok);
    assert.is(rig.acts().filter((act) => act === 'run web[a]').length, 1);
  }),
);

test(
  'asks nobody twice: a confirmed step stays confirmed',
  rigTest(async (rig) => {
    const ask = rig.step('ask', {effect: 'repeatable', asks: true});
    ask.during = (_, context) => context.ask({kind: 'confirm', message: 'sure?'});
    const web = rig.step('web');
    web.failure = 'no';
    await rig.runbook('  - {id: sure, uses: ask}\n  - {id: web, uses: web}\n');
    rig.answer = true;
    await rig.run();

    web.failure = undefined;
    await rig.resume();

    assert.is(rig.asked.length, 1);
  }),
);

test.run();
