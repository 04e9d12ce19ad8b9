import {readFileSync, realpathSync, writeFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {PermanentError, StepError} from '../../engine/step-type.ts';
import {rigTest} from '../rig.ts';

const test = suite('perform');

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

test(
  'keeps a value from before the act for later attempts and for undo',
  rigTest(async (rig) => {
    const values: unknown[] = [];
    const web = rig.step('web');
    web.during = async (_, context) =>
      values.push(await context.remember('previous', async () => `before ${web.runs}`));
    const undo = web.type.undo;
    Object.assign(web.type, {
      undo: async (options: never, context: {remember(name: string, make: () => Promise<string>): Promise<string>}) => {
        values.push(await context.remember('previous', async () => 'asked too late'));
        await undo?.(options, context as never);
      },
    });
    web.failure = 'no';
    await rig.runbook('  - {id: web, uses: web}\n');
    await rig.run();
    web.failure = undefined;
    await rig.resume();
    await rig.undo();

    assert.equal(values, ['before 1', 'before 1', 'before 1']);
  }),
);

test(
  'recalls in another process what steps of the run have remembered',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const recalled: unknown[] = [];
    web.during = async (_, context) => {
      recalled.push(context.recall('made'));
      await context.remember('made', async () => `by ${context.key.split('/')[1]}`);
      await context.remember('foreign', async () => 'sealed', {sealed: true});
      if (context.key.endsWith('second') && web.runs === 2) throw new Error('no');
    };
    await rig.runbook('  - {id: first, uses: web}\n  - {id: second, uses: web}\n');
    await rig.run();
    await rig.resume();

    assert.equal(recalled, [[], ['by first'], ['by first', 'by second']]);
  }),
);

test(
  'gives a remembered value back that held a secret, and keeps it sealed',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const values: unknown[] = [];
    web.during = async (_, context) => {
      values.push(await context.remember('previous', async () => `password=hunter2 ${web.runs}`));
      values.push(await context.remember('foreign', async () => `of others ${web.runs}`, {sealed: true}));
      if (web.runs === 1) throw new Error('no');
    };
    await rig.runbook('  - {id: web, uses: web, with: {secret: "${{ inputs.pw }}"}}\n', 'inputs: {pw: {secret: true}}');
    await rig.run({set: {pw: 'hunter2'}});

    rig.secrets.set('pw', 'hunter2');
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.equal(values, ['password=hunter2 1', 'of others 1', 'password=hunter2 1', 'of others 1']);
    assert.not.match(readFileSync(rig.journalFile(), 'utf8'), /hunter2|of others/);
  }),
);

test(
  'does not give back a remembered value that another key has sealed',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.during = async (_, context) => {
      await context.remember('previous', async () => 'what was there', {sealed: true});
      if (web.runs === 1) throw new Error('no');
    };
    await rig.runbook('  - {id: web, uses: web}\n');
    await rig.run();

    writeFileSync(join(rig.stateDir, 'key'), Buffer.alloc(32, 7));
    const resumed = await rig.resume();

    assert.is(resumed.failed, 'web');
    assert.match(resumed.failures[0]?.problem.message ?? '', 'another key');
  }),
);

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
