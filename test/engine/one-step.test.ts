import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type FakeStep, type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('a look at one step');

/** A run of three steps, the second of which has failed. */
const failedAtB = async (rig: Rig, request: Parameters<Rig['run']>[0] = {}): Promise<FakeStep> => {
  rig.step('web');
  const late = rig.step('late');
  late.failure = 'no';
  await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: late}\n  - {id: c, uses: web}\n');
  await rig.run(request);
  return late;
};

/** A run of one step that has a check, and has failed. */
const failedWithCheck = async (rig: Rig): Promise<FakeStep> => {
  const sh = rig.step('sh', {effect: 'repeatable', check: true});
  sh.failure = 'no';
  await rig.runbook('  - {id: a, uses: sh}\n');
  await rig.run();
  return sh;
};

test(
  'says what was expected and found, and that it holds as soon as it does',
  rigTest(async (rig) => {
    await failedAtB(rig);

    assert.equal(await rig.lookAt('b'), {standing: 'failed', expected: 'b = true', found: 'nothing'});
    rig.world.set('b', true);
    assert.equal(await rig.lookAt('b'), {standing: 'holds', evidence: []});
  }),
);

test(
  'neither runs nor writes anything, and needs no lock',
  rigTest(async (rig) => {
    const late = await failedAtB(rig);
    late.failure = undefined;
    const gate = late.hold();
    const other = rig.resume();
    await gate.started;
    const journal = readFileSync(rig.journalFile(), 'utf8');

    await rig.lookAt('b');

    assert.is(readFileSync(rig.journalFile(), 'utf8'), journal);
    gate.release();
    assert.ok((await other).ok);
  }),
);

test(
  'says so where there is no check, and where a look fails',
  rigTest(async (rig) => {
    rig.step('sh', {effect: 'repeatable'}).failure = 'no';
    const web = rig.step('web');
    await rig.runbook('  - {id: a, uses: sh, needs: []}\n  - {id: b, uses: web, needs: []}\n');
    web.failure = 'no';
    await rig.run();
    web.lookFailure = 'the daemon is away';

    assert.equal(await rig.lookAt('a'), {standing: 'no-check'});
    assert.equal(await rig.lookAt('b'), {standing: 'failed', expected: 'an answer', found: 'the daemon is away'});
  }),
);

test(
  'reads what earlier steps have handed on, secrets too',
  rigTest(async (rig) => {
    rig.step('key', {effect: 'reads'}).outputs = {token: 'hunter2!'};
    const login = rig.step('login');
    await rig.runbook(
      '  - {id: key, uses: key, outputs: {token: {value: result.token, secret: true}}}\n' +
        '  - {id: a, uses: login, with: {value: "${{ steps.key.outputs.token }}"}}\n',
    );
    login.failure = 'no';
    await rig.run();
    rig.world.set('a', 'other');

    const look = await rig.lookAt('a');

    assert.equal(look, {standing: 'failed', expected: 'a = "***"', found: '"other"'});
    rig.world.set('a', 'hunter2!');
    assert.is((await rig.lookAt('a')).standing, 'holds');
  }),
);

test(
  'refuses a step that the file does not have any more',
  rigTest(async (rig) => {
    await failedAtB(rig);

    await rejects(rig.lookAt('z'), 'unknown-step');
  }),
);

test(
  'lets a resume adopt a failed step whose check was seen to hold, and do no other so',
  rigTest(async (rig) => {
    const sh = await failedWithCheck(rig);
    sh.failure = undefined;
    rig.world.set('a', true);

    const {ok, events} = await rig.resume({adopt: ['a']});

    assert.ok(ok);
    assert.is(sh.runs, 1);
    assert.ok(events.some((event) => event.type === 'step-finished' && event.how === 'adopted'));
  }),
);

test(
  'does a step again that was to be adopted and does not hold after all',
  rigTest(async (rig) => {
    const sh = await failedWithCheck(rig);
    sh.failure = undefined;

    assert.ok((await rig.resume({adopt: ['a']})).ok);
    assert.is(sh.runs, 2);
  }),
);

test(
  'stays in the part that the run was started for, where a resume is told so',
  rigTest(async (rig) => {
    const late = await failedAtB(rig, {until: 'b'});
    late.failure = undefined;

    const same = await rig.resume({sameRange: true});

    assert.is(same.outcome, 'partial');
    assert.equal(rig.acts(), ['run a', 'run b']);
    assert.ok((await rig.resume()).ok);
    assert.equal(rig.acts(), ['run a', 'run b', 'run c']);
  }),
);

test.run();
