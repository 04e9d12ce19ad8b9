import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {PermanentError, StepError} from '../../engine/step-type.ts';
import {rigTest} from '../rig.ts';

const test = suite('perform: failures');

test(
  'tries again as often as `retry` says, with growing pauses',
  rigTest(async (rig) => {
    const flaky = rig.step('flaky');
    flaky.failure = 'not yet';
    flaky.during = () => {
      if (flaky.runs === 3) flaky.failure = undefined;
    };
    await rig.runbook('  - {id: flaky, uses: flaky, retry: {attempts: 4, delay: 1ms, backoff: 3}}\n');

    assert.ok((await rig.run()).ok);

    assert.is(flaky.runs, 3);
    assert.equal(
      rig.events.flatMap((event) =>
        event.type === 'step-retrying' ? [[event.attempt, event.attempts, event.delayMs]] : [],
      ),
      [
        [2, 4, 1],
        [3, 4, 3],
      ],
    );
    assert.equal(
      rig.journal().flatMap((entry) => (entry.type === 'step-started' ? [entry.attempt] : [])),
      [1, 2, 3],
    );
  }),
);

test(
  'fails after the last attempt, and says which it was',
  rigTest(async (rig) => {
    const flaky = rig.step('flaky');
    flaky.failure = 'no';
    await rig.runbook('  - {id: flaky, uses: flaky, retry: {attempts: 2, delay: 1ms}}\n');

    const ran = await rig.run();

    assert.is(flaky.runs, 2);
    assert.match(ran.failures[0]?.problem.message ?? '', 'attempt 2 of 2');
  }),
);

test(
  'counts the attempts of a step that only looks, too',
  rigTest(async (rig) => {
    const blind = rig.step('blind', {effect: 'reads'});
    blind.failure = 'no';
    await rig.runbook('  - {id: blind, uses: blind, retry: {attempts: 2, delay: 1ms}}\n');

    const ran = await rig.run();

    assert.match(ran.failures[0]?.problem.message ?? '', 'attempt 2 of 2');
  }),
);

test(
  'does not act after a limit that passed while it remembered how it was before',
  rigTest(async (rig) => {
    const slow = rig.step('slow');
    Object.assign(slow.type, {prepare: () => sleep(100)});
    await rig.runbook('  - {id: slow, uses: slow, timeout: 20ms}\n');

    const ran = await rig.run();

    assert.is(ran.failures[0]?.problem.code, 'timed-out');
    assert.is(slow.runs, 0);
  }),
);

test(
  'repeats the check together with the run',
  rigTest(async (rig) => {
    const lazy = rig.step('lazy');
    lazy.idle = true;
    lazy.during = () => {
      lazy.idle = lazy.runs < 2;
    };
    await rig.runbook('  - {id: lazy, uses: lazy, within: 0s, retry: {attempts: 3, delay: 1ms}}\n');

    assert.ok((await rig.run()).ok);

    assert.is(lazy.runs, 2);
  }),
);

test(
  'does not try again what no attempt can mend',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.failure = new PermanentError('no such image', {code: 'image-not-found', expected: 'an image', next: 'pull it'});
    await rig.runbook('  - {id: web, uses: web, retry: {attempts: 5, delay: 1ms}}\n');

    const ran = await rig.run();

    assert.is(web.runs, 1);
    const problem = ran.failures[0]?.problem;
    assert.equal([problem?.code, problem?.expected, problem?.next], ['image-not-found', 'an image', ['pull it']]);
  }),
);

test(
  'shows what failed, where, what ran and what it printed last',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.prints = ['bind() failed\n'];
    web.failure = new StepError('exited with code 1');
    await rig.runbook('  - {id: web, uses: web, with: {value: it is}}\n');

    const problem = (await rig.run()).failures[0]?.problem;

    assert.is(problem?.message, 'step "web" (web) failed: exited with code 1');
    assert.is(problem?.place?.line, 5);
    assert.is(problem?.ran, 'web it is');
    assert.equal(problem?.output, ['bind() failed']);
    assert.match(problem?.excerpt ?? '', 'id: web');
  }),
);

test(
  'quotes what a failed step does, not the prose that explains it',
  rigTest(async (rig) => {
    rig.step('web').failure = 'no';
    const prose = '    about: |\n      A long story,\n\n      with lines: many\n';
    await rig.runbook(`  - id: web\n${prose}    uses: web\n    with:\n      value: up\n\n  - {id: after, uses: web}\n`);

    const problem = (await rig.run()).failures[0]?.problem;

    assert.is(problem?.excerpt, ' 5 |   - id: web\n10 |     uses: web\n11 |     with:\n12 |       value: up');
  }),
);

test(
  'cuts the long lines of the step that it quotes',
  rigTest(async (rig) => {
    rig.step('web').failure = 'no';
    await rig.runbook(
      `  - id: web\n    foreach: [${Array.from({length: 99}, (_, index) => index).join(', ')}]\n    uses: web\n`,
    );

    const [, list = '', last] = (await rig.run()).failures[0]?.problem.excerpt?.split('\n') ?? [];

    assert.match(list, /^6 \| {5}foreach: \[0, 1, .*…$/);
    assert.ok(list.length < 130);
    assert.is(last, '7 |     uses: web');
  }),
);

test(
  'ends an attempt that takes longer than its timeout',
  rigTest(async (rig) => {
    const slow = rig.step('slow');
    slow.hold();
    await rig.runbook('  - {id: slow, uses: slow, timeout: 20ms}\n');

    const ran = await rig.run();

    assert.is(ran.failures[0]?.problem.code, 'timed-out');
    assert.match(ran.failures[0]?.problem.message ?? '', '20ms');
  }),
);

test.run();
