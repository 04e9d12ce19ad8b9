import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';

const test = suite('status');

test(
  'says of every step whether it still holds, and changes nothing',
  rigTest(async (rig) => {
    rig.step('web');
    rig.step('sh', {effect: 'repeatable'});
    const last = rig.step('last');
    last.failure = 'no';
    await rig.runbook(
      '  - {id: a, uses: web}\n  - {id: b, uses: web}\n  - {id: c, uses: sh}\n  - {id: d, uses: last}\n  - {id: e, uses: web}\n',
    );
    await rig.run();
    rig.world.set('b', 'other');
    const journal = readFileSync(rig.journalFile(), 'utf8');
    const acts = rig.acts();

    const status = await rig.status();

    assert.equal(Object.fromEntries(status.steps.map(({step, standing}) => [step, standing])), {
      a: 'holds',
      b: 'drifted',
      c: 'no-check',
      d: 'failed',
      e: 'pending',
    });
    assert.ok(status.drifted);
    assert.is(status.outcome, 'failed');
    const b = status.steps.find(({step}) => step === 'b');
    assert.equal([b?.expected, b?.found], ['b = true', '"other"']);
    assert.is(readFileSync(rig.journalFile(), 'utf8'), journal);
    assert.equal(rig.acts(), acts);
  }),
);

test(
  'has not drifted when all holds',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: a, uses: web}\n');
    await rig.run();

    assert.is((await rig.status()).drifted, false);
  }),
);

test(
  'counts what cannot be told as not holding',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: a, uses: web}\n');
    await rig.run();
    web.lookFailure = 'the daemon is away';

    const {steps, drifted} = await rig.status();

    assert.ok(drifted);
    assert.is(steps[0]?.found, 'the daemon is away');
  }),
);

test(
  'names the process that holds the run',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const gate = web.hold();
    await rig.runbook('  - {id: a, uses: web}\n');
    const run = rig.run();
    await gate.started;

    assert.is((await rig.status()).heldBy, process.pid);
    gate.release();
    await run;
    assert.is((await rig.status()).heldBy, undefined);
  }),
);

test(
  'shows a step that was taken back as undone',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web}\n');
    await rig.run();
    await rig.undo({to: 'a'});

    assert.equal(await rig.standings(), {a: 'holds', b: 'undone'});
  }),
);

test(
  'says that there is no run, or none of that name',
  rigTest(async (rig) => {
    await rejects(rig.status(), 'nothing-to-resume');
    await rejects(rig.status('x'), 'no-such-run');
  }),
);

test(
  'does what it can without the file: looks with the options of then, by the checks that the journal knows',
  rigTest(async (rig) => {
    rig.step('web');
    rig.step('sh', {effect: 'repeatable'});
    rig.step('look', {effect: 'reads'}).outputs = {value: 7};
    const pay = rig.step('pay', {effect: 'once'});
    pay.failure = 'no';
    await rig.runbook(
      [
        '{id: web, uses: web, with: {name: site}}',
        '{id: kill, uses: web, until: mend}',
        '{id: mend, uses: web}',
        '{id: more, uses: web, verify: [{uses: look}]}',
        '{id: script, uses: sh}',
        '{id: seen, uses: look, expect: result.value == inputs.wanted}',
        '{id: each, uses: web, foreach: [a, b], with: {value: "${{ item.key }}"}}',
        '{id: again, uses: look, expect: "result.value == size(steps.each.outputs.a.value) + 6"}',
        '{id: pay, uses: pay}',
      ]
        .map((step) => `  - ${step}\n`)
        .join(''),
      'inputs: {wanted: {type: integer, default: 7}}',
    );
    await rig.run();
    rig.world.set('site', 'other');
    rig.world.delete('kill');
    rig.world.delete('each[b]');
    const whole = await rig.standings();
    await rig.runbook('  - {id: web, usess: web}\n');
    const acts = rig.acts().length;

    const status = await rig.status();

    assert.ok(status.unreadable);
    assert.equal(Object.fromEntries(status.steps.map(({step, standing}) => [step, standing])), whole);
    assert.equal(whole, {
      web: 'drifted',
      kill: 'superseded',
      mend: 'holds',
      more: 'holds',
      script: 'no-check',
      seen: 'holds',
      'each[a]': 'holds',
      'each[b]': 'drifted',
      again: 'holds',
      pay: 'failed',
    });
    assert.match(status.steps.find(({step}) => step === 'more')?.detail ?? '', 'verify:');
    assert.ok(status.drifted);
    assert.is(rig.acts().length, acts);
  }),
);

test(
  'judges without the file no expect that reads what the journal has not',
  rigTest(async (rig) => {
    rig.step('look', {effect: 'reads'}).outputs = {token: 's3cr3t-token'};
    await rig.runbook(
      [
        '{id: a, uses: look, expect: result.token != inputs.pw}',
        '{id: b, uses: look, expect: result.token != "", outputs: {key: {value: result.token, secret: true}}}',
      ]
        .map((step) => `  - ${step}\n`)
        .join(''),
      'inputs: {pw: {secret: true}}',
    );
    await rig.run({set: {pw: 'hunter2'}});
    await rig.write({'runbooks/test.yaml': ''});
    rig.step('look', {effect: 'reads'}).outputs = {token: 's3cr3t-other'};

    const status = await rig.status();

    assert.equal(
      status.steps.map(({standing}) => standing),
      ['no-check', 'holds'],
    );
    assert.not.match(JSON.stringify(status), 's3cr3t');
  }),
);

test(
  'says of a step that a live process is at that it runs, not that it is in doubt',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const gate = web.hold();
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web}\n');
    const run = rig.run();
    await gate.started;

    const running = await rig.standings();
    gate.release();
    await run;

    assert.equal(running, {a: 'running', b: 'pending'});
  }),
);

test.run();
