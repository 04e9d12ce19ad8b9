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

test.run();
