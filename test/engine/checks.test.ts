import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';

const test = suite('checks');

test(
  'are asked again behind everything that was done again, not just directly behind it',
  rigTest(async (rig) => {
    rig.step('write', {effect: 'converges'});
    rig.step('pass');
    const look = rig.step('look', {effect: 'reads'});
    const last = rig.step('last');
    await rig.runbook(
      [
        '  - {id: write, uses: write, with: {name: file, value: "${{ inputs.text }}"}}',
        '  - {id: pass, uses: pass}',
        '  - {id: look, uses: look}',
        '  - {id: last, uses: last}',
        '',
      ].join('\n'),
      'inputs: {text: {type: string, default: one}}\n',
    );
    last.failure = 'not yet';
    const {run} = await rig.run();
    last.failure = undefined;
    const before = look.runs;

    const resumed = await rig.resume({run, set: {text: 'two'}});

    assert.ok(resumed.ok);
    // once by the looks that begin a resume, once because `write` was done again
    assert.is(look.runs, before + 2);
  }),
);

test(
  'under `verify` wait as long as their own `within` says',
  rigTest(async (rig) => {
    rig.step('act');
    const look = rig.step('look', {effect: 'reads'});
    look.during = () => {
      look.failure = look.runs < 3 ? 'not yet' : undefined;
    };
    await rig.runbook('  - {id: act, uses: act, verify: [{uses: look, within: 20s}]}\n');

    const ran = await rig.run();

    assert.ok(ran.ok, ran.failures[0]?.problem.message);
    assert.is(look.runs, 3);
  }),
);

test(
  'under `verify` that fail are said to be what failed, not the step',
  rigTest(async (rig) => {
    rig.step('act');
    rig.step('look', {effect: 'reads'}).failure = 'nobody answers';
    await rig.runbook('  - {id: act, uses: act, within: 0s, verify: [{uses: look}]}\n');

    const ran = await rig.run();

    assert.is(ran.failures[0]?.problem.code, 'check-failed');
    assert.match(ran.failures[0]?.problem.found ?? '', 'nobody answers');
  }),
);

test(
  'a condition that is neither true nor false fails its step',
  rigTest(async (rig) => {
    const act = rig.step('act');
    await rig.runbook(
      '  - {id: act, uses: act, when: "${{ inputs.on }}"}\n',
      'inputs: {on: {type: string, default: "true"}}\n',
    );

    const ran = await rig.run();

    assert.is(ran.failures[0]?.problem.code, 'expression-failed');
    assert.is(act.runs, 0);
  }),
);

test.run();
