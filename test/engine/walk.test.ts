import {rmSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';

const test = suite('walk');

test(
  'runs independent steps in parallel',
  rigTest(async (rig) => {
    const left = rig.step('left');
    const right = rig.step('right');
    const [first, second] = [left.hold(), right.hold()];
    await rig.runbook('  - {id: left, uses: left, needs: []}\n  - {id: right, uses: right, needs: []}\n');

    const run = rig.run();
    await Promise.all([first.started, second.started]);
    second.release();
    first.release();

    assert.ok((await run).ok);
    assert.equal(rig.acts(), ['run right', 'run left']);
  }),
);

test(
  'runs no more steps at once than asked for',
  rigTest(async (rig) => {
    const web = rig.step('web');
    let now = 0;
    let most = 0;
    web.during = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
    };
    await rig.runbook('  - {id: web, uses: web, foreach: [1, 2, 3, 4, 5, 6, 7]}\n');

    await rig.run({concurrency: 3});

    assert.is(most, 3);
  }),
);

test(
  'writes the checkpoint of a step and the intent of the next one by one sync, before the next one acts',
  rigTest(async (rig) => {
    rig.step('first', {effect: 'repeatable'});
    const second = rig.step('second', {effect: 'repeatable'});
    let before: readonly string[] = [];
    second.during = async () => {
      before = rig.journal().map((entry) => `${entry.type} ${entry.group}`);
    };
    await rig.runbook('  - {id: first, uses: first}\n  - {id: second, uses: second}\n');

    await rig.run({concurrency: 1});

    assert.equal(before.slice(1), ['step-started undefined', 'step-checkpointed 3,4', 'step-started 3,4']);
  }),
);

test(
  'tells all of a step before anything of the next one, also of one that is looked at first',
  rigTest(async (rig) => {
    const names = ['first', 'second', 'reading', 'third'];
    for (const name of names) rig.step(name, name === 'reading' ? {effect: 'reads'} : {}).prints = ['text\n'];
    await rig.runbook(names.map((name) => `  - {id: ${name}, uses: ${name}}\n`).join(''));

    const {events} = await rig.run();

    const told = events.flatMap((event) =>
      event.type === 'step-finished' ||
      event.type === 'step-output' ||
      (event.type === 'step-started' && event.attempt === 1)
        ? [`${event.step} ${event.type.slice('step-'.length)}`]
        : [],
    );
    assert.equal(
      told,
      names.flatMap((name) => [`${name} started`, `${name} output`, `${name} finished`]),
    );
  }),
);

test(
  'starts nothing, and tells nothing, after a checkpoint that can not be written',
  rigTest(async (rig) => {
    const first = rig.step('first', {effect: 'repeatable'});
    rig.step('second', {effect: 'repeatable'});
    first.during = async () => rmSync(rig.journalFile());
    await rig.runbook('  - {id: first, uses: first}\n  - {id: second, uses: second}\n');

    await rejects(rig.run(), 'state-unwritable');

    assert.equal(rig.acts(), ['run first']);
    assert.not.ok(rig.events.some(({type}) => type === 'step-finished'));
  }),
);

test(
  'lets running steps finish after a failure, and starts nothing new',
  rigTest(async (rig) => {
    const slow = rig.step('slow');
    const bad = rig.step('bad');
    const gate = slow.hold();
    bad.failure = 'no';
    rig.step('next');
    await rig.runbook(
      '  - {id: slow, uses: slow, needs: []}\n  - {id: bad, uses: bad, needs: []}\n  - {id: next, uses: next, needs: [slow]}\n',
    );

    const run = rig.run();
    await gate.started;
    gate.release();
    const ran = await run;

    assert.is(ran.failed, 'bad');
    assert.equal(rig.acts(), ['run slow']);
  }),
);

test(
  'goes on with other branches with --keep-going',
  rigTest(async (rig) => {
    rig.step('bad').failure = 'no';
    rig.step('good');
    await rig.runbook(
      '  - {id: bad, uses: bad, needs: []}\n  - {id: after_bad, uses: good, needs: [bad]}\n  - {id: good, uses: good, needs: []}\n  - {id: after_good, uses: good, needs: [good]}\n',
    );

    const ran = await rig.run({keepGoing: true, concurrency: 1});

    assert.is(ran.outcome, 'failed');
    assert.equal(rig.acts(), ['run good', 'run after_good']);
    assert.ok(
      ran.events.some(
        (event) => event.type === 'step-skipped' && event.step === 'after_bad' && event.reason === 'needs-failed',
      ),
    );
  }),
);

test(
  'runs `always` steps after a failure too',
  rigTest(async (rig) => {
    const bad = rig.step('bad');
    bad.failure = 'no';
    rig.step('tidy');
    await rig.runbook(
      '  - {id: bad, uses: bad}\n  - {id: next, uses: bad}\n  - {id: tidy, uses: tidy, always: true}\n',
    );

    const ran = await rig.run();

    assert.is(ran.failed, 'bad');
    assert.equal(rig.acts(), ['run tidy']);
    assert.is(bad.runs, 1);
  }),
);

test(
  'ends the running steps on an interrupt, runs `always` steps, and can be resumed',
  rigTest(async (rig) => {
    const slow = rig.step('slow');
    const gate = slow.hold();
    rig.step('next');
    rig.step('tidy');
    await rig.runbook(
      '  - {id: slow, uses: slow}\n  - {id: next, uses: next}\n  - {id: tidy, uses: tidy, always: true}\n',
    );

    const run = rig.run();
    await gate.started;
    rig.interrupt();
    const ran = await run;

    assert.is(ran.outcome, 'interrupted');
    assert.ok(ran.events.some((event) => event.type === 'interrupted' && event.reason === 'SIGINT'));
    assert.equal(rig.acts(), ['run tidy']);
    assert.is((await rig.store.summaries())[0]?.state, 'interrupted');

    gate.release();
    assert.ok((await rig.resume()).ok);
    assert.equal(rig.acts().slice(1), ['run slow', 'run next']);
  }),
);

test(
  'ends the wait for a check on an interrupt',
  rigTest(async (rig) => {
    const lazy = rig.step('lazy');
    lazy.idle = true;
    await rig.runbook('  - {id: lazy, uses: lazy, within: 1h}\n');
    const {push} = rig.events;
    rig.events.push = (event) => {
      if (event.type === 'step-waiting') rig.interrupt('SIGTERM');
      return push.call(rig.events, event);
    };

    assert.is((await rig.run()).outcome, 'interrupted');
  }),
);

test(
  'ends the pause before another attempt on an interrupt',
  rigTest(async (rig) => {
    const bad = rig.step('bad');
    bad.failure = 'no';
    await rig.runbook('  - {id: bad, uses: bad, retry: {attempts: 9, delay: 1h}}\n');
    const {push} = rig.events;
    rig.events.push = (event) => {
      if (event.type === 'step-retrying') rig.interrupt();
      return push.call(rig.events, event);
    };

    assert.is((await rig.run()).outcome, 'interrupted');
  }),
);

test(
  'starts a step only when all that it needs is finished',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook(
      '  - {id: a, uses: web, needs: []}\n  - {id: b, uses: web, needs: []}\n  - {id: c, uses: web, needs: [a, b]}\n  - {id: d, uses: web, needs: []}\n',
    );

    await rig.run();

    const acts = rig.acts();
    assert.ok(acts.indexOf('run c') > acts.indexOf('run a'));
    assert.ok(acts.indexOf('run c') > acts.indexOf('run b'));
  }),
);

test.run();
