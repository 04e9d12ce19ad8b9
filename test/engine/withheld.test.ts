import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Rig} from '../rig.ts';
import {rigTest} from '../rig.ts';
import {checkpointOf, HANDED, journalText, MAKES, pair, SECRET, USES} from './withheld-pair.ts';

const test = suite('withheld values');

const courses = async (rig: Rig): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await rig.planResume({run: rig.store.runs()[0] ?? ''})).steps.map(({step, course}) => [step, course]),
  );

test(
  'a value that holds a secret is journaled masked, by name as one that must not be handed on',
  rigTest(async (rig) => {
    await pair(rig, {effect: 'repeatable'});

    assert.ok((await rig.run()).ok);

    assert.is(rig.world.get('use'), HANDED);
    assert.equal(checkpointOf(rig, 'make')?.outputs, {value: 'password *** of bob', ip: '10.0.0.1'});
    assert.equal(checkpointOf(rig, 'make')?.withheld, ['value']);
    assert.is(checkpointOf(rig, 'use')?.withheld?.[0], 'value');
    assert.is(journalText(rig).includes(SECRET), false);
  }),
);

test(
  'a resume does the step again that handed it on, and later steps get the true value',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'repeatable'});
    use.failure = 'not yet';
    assert.is((await rig.run()).failed, 'use');
    use.failure = undefined;

    const foreseen = await courses(rig);
    const resumed = await rig.resume({});

    assert.ok(resumed.ok, JSON.stringify(resumed.failures));
    assert.equal(foreseen, {make: 'run', use: 'unknown'});
    assert.is(make.runs, 2);
    assert.is(rig.world.get('use'), HANDED);
    assert.equal(
      rig.journal().flatMap((entry) => (entry.type === 'step-reopened' ? [[entry.step, entry.why, entry.detail]] : [])),
      [['make', 'withheld', 'its output "value" holds a secret and was not stored; "use" reads it']],
    );
    assert.is(JSON.stringify(rig.events).includes(SECRET), false);
  }),
);

test(
  'it is not done again where nobody needs the value',
  rigTest(async (rig) => {
    const other = '  - {id: other, uses: use, with: {value: "${{ steps.make.outputs.ip }}"}}\n';
    const {make, use} = await pair(rig, {effect: 'repeatable'}, MAKES + other);
    use.failure = 'not yet';
    await rig.run();
    use.failure = undefined;

    const resumed = await rig.resume({});

    assert.ok(resumed.ok);
    assert.is(make.runs, 1);
    assert.is(rig.world.get('other'), '10.0.0.1');
  }),
);

test(
  'it is not done again where who has read it is done, and nothing can be asked about that',
  rigTest(async (rig) => {
    const last = '  - {id: last, uses: last}\n';
    const {make} = await pair(rig, {effect: 'repeatable'}, MAKES + USES.replace('uses: use', 'uses: quiet') + last);
    const quiet = rig.step('quiet', {effect: 'repeatable'});
    const end = rig.step('last');
    end.failure = 'not yet';
    await rig.run();
    end.failure = undefined;

    assert.ok((await rig.resume({})).ok);

    assert.is(make.runs, 1);
    assert.is(quiet.runs, 1);
  }),
);

test(
  'a step whose check needs the value is judged by the true one, and kept',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'repeatable'});
    await rig.run();
    const run = rig.store.runs()[0] ?? '';

    const {drifted} = await rig.status(run);
    assert.ok((await rig.resume({run})).ok);

    assert.is(drifted, false);
    assert.is(make.runs, 2);
    assert.is(use.runs, 1);
  }),
);

test(
  'a step that only looks, and one whose check tells its outputs, just give it once more',
  rigTest(async (rig) => {
    for (const effect of ['reads', 'converges'] as const) {
      rig.world.clear();
      const {make, use} = await pair(rig, {effect});
      use.failure = 'not yet';
      await rig.run();
      use.failure = undefined;
      const before = make.runs;

      const resumed = await rig.resume({});

      assert.ok(resumed.ok, JSON.stringify(resumed.failures));
      assert.is(rig.world.get('use'), HANDED);
      if (effect === 'converges') assert.is(make.runs, before);
      assert.is(journalText(rig).includes(SECRET), false);
    }
  }),
);

test(
  'a look at one step gets the value where a look can give it, and says so where none can',
  rigTest(async (rig) => {
    for (const effect of ['reads', 'repeatable'] as const) {
      const {use} = await pair(rig, {effect});
      use.failure = 'not yet';
      await rig.run();
      use.failure = undefined;
      rig.world.set('use', HANDED);

      const look = await rig.lookAt('use');

      if (effect === 'reads') assert.is(look.standing, 'holds', JSON.stringify(look));
      else assert.match(JSON.stringify(look), 'steps.make.outputs.value holds a secret, so it was not stored');
    }
  }),
);

test(
  'a killed run gets the true value, too',
  rigTest(async (rig) => {
    const {use} = await pair(rig, {effect: 'repeatable'});
    use.failure = 'not yet';
    await rig.run();
    use.failure = undefined;
    rig.crash(
      rig.journal().findIndex(({type}) => type === 'step-failed'),
      true,
    );

    assert.ok((await rig.resume({})).ok);

    assert.is(rig.world.get('use'), HANDED);
    assert.is(journalText(rig).includes(SECRET), false);
  }),
);

test.run();
