import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {FakeOptions, FakeStep, Rig} from '../rig.ts';
import {rejects, rigTest} from '../rig.ts';

const test = suite('withheld values');

const SECRET = 'hunter2-and-more';
/** What a step hands on without a word that it holds a secret. */
const HANDED = `password ${SECRET} of bob`;
const HEAD = 'inputs: {pw: {secret: true}}';
const USES = '  - {id: use, uses: use, with: {value: "${{ steps.make.outputs.value }}"}}\n';
const MAKES = '  - {id: make, uses: make, with: {secret: "${{ inputs.pw }}"}}\n';

interface Pair {
  readonly make: FakeStep;
  readonly use: FakeStep;
}

const pair = async (rig: Rig, options: FakeOptions, steps = MAKES + USES): Promise<Pair> => {
  rig.env = {...rig.env, RUNBOOK_INPUT_PW: SECRET};
  const make = rig.step('make', options);
  make.outputs = {value: HANDED, ip: '10.0.0.1'};
  const use = rig.step('use');
  await rig.runbook(steps, HEAD);
  return {make, use};
};

const journalText = (rig: Rig): string => readFileSync(rig.journalFile(), 'utf8');
const courses = async (rig: Rig): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await rig.planResume({run: rig.store.runs()[0] ?? ''})).steps.map(({step, course}) => [step, course]),
  );

const checkpointOf = (rig: Rig, step: string) =>
  rig
    .journal()
    .flatMap((entry) => (entry.type === 'step-checkpointed' && entry.step === step ? [entry] : []))
    .at(-1);

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
  'a step that must not be repeated is asked for, with what can be done instead',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'once', check: false});
    use.failure = 'not yet';
    await rig.run();
    use.failure = undefined;

    const error = await rejects(rig.resume({}), 'in-doubt');

    assert.is(make.runs, 1);
    assert.match(error.message, 'step "make" must not be repeated unasked, and what it has handed on is not stored');
    assert.match(error.problems[0].found ?? '', 'its output "value" holds a secret and was not stored; "use" reads it');
    const next = error.problems[0].next?.join('\n') ?? '';
    for (const line of ['--redo make', '--accept STEP', 'effect: reads']) assert.match(next, line);

    const resumed = await rig.resume({redo: ['make']});
    assert.ok(resumed.ok, JSON.stringify(resumed.failures));
    assert.is(make.runs, 2);
    assert.is(rig.world.get('use'), HANDED);
  }),
);

test(
  'a plan that was approved holds also when the step is asked for',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'once', check: false});
    use.failure = 'not yet';
    await rig.run();
    use.failure = undefined;
    const {hash, steps} = await rig.planResume({});
    assert.equal(
      steps.map(({step, course}) => [step, course]),
      [
        ['make', 'ask'],
        ['use', 'unknown'],
      ],
    );

    await rejects(rig.resume({approve: {hash}}), 'in-doubt');
    assert.ok((await rig.resume({approve: {hash}, redo: ['make']})).ok);

    assert.is(make.runs, 2);
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
  'who has done the rest by hand need not repeat it',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'once', check: false});
    use.failure = 'not yet';
    await rig.run();

    const resumed = await rig.resume({accept: [{step: 'use', reason: 'done by hand'}]});

    assert.ok(resumed.ok, JSON.stringify(resumed.failures));
    assert.is(make.runs, 1);
    assert.is(use.runs, 1);
  }),
);

test(
  'where the step is accepted instead, what needs the value fails with a word why, and never gets a mask',
  rigTest(async (rig) => {
    const {use} = await pair(rig, {effect: 'once', check: false});
    use.failure = 'not yet';
    await rig.run();
    use.failure = undefined;

    const resumed = await rig.resume({accept: [{step: 'make', reason: 'it acted'}]});

    assert.is(resumed.failed, 'use');
    const [failure] = resumed.failures;
    assert.match(failure?.problem.message ?? '', 'steps.make.outputs.value holds a secret, so it was not stored');
    assert.match(failure?.problem.next?.join('\n') ?? '', '--redo make');
    assert.is(rig.world.has('use'), false);
  }),
);

test(
  'an edit of the step that needs it has it made again',
  rigTest(async (rig) => {
    const {make, use} = await pair(rig, {effect: 'once', check: false});
    await rig.run();
    await rig.runbook(MAKES + USES.replace('value: "', 'value: "new '), HEAD);
    rig.answers.set('make', {kind: 'redo'});

    const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.ok(resumed.ok, JSON.stringify(resumed.failures));
    assert.equal(
      rig.doubts.map(({step}) => step),
      ['make'],
    );
    assert.is(make.runs, 2);
    assert.is(use.runs, 2);
    assert.is(rig.world.get('use'), `new ${HANDED}`);
  }),
);

test(
  'undo acts with the true value, or says that it has none',
  rigTest(async (rig) => {
    const undone: unknown[] = [];
    const steps = `${MAKES}  - {id: use, uses: use, undo: {uses: back, with: {value: "\${{ steps.make.outputs.value }}"}}}\n`;
    await pair(rig, {effect: 'repeatable', undo: false}, steps);
    const back = rig.step('back', {effect: 'repeatable'});
    back.during = (options) => undone.push(options.value);
    await rig.run();

    const without = await rig.undo({});
    assert.is(JSON.stringify(without).includes(SECRET), false);
    assert.equal(undone, []);
    assert.match(JSON.stringify(without), /the secret MAKE_VALUE is needed/);

    rig.secrets.set('MAKE_VALUE', HANDED);
    await rig.undo({});
    assert.equal(undone, [HANDED]);
  }),
);

test(
  'a secret that stands in the text of an option is had from the file, and never masked',
  rigTest(async (rig) => {
    await pair(rig, {}, `${MAKES}  - {id: use, uses: use, with: {name: "thing-${SECRET}", value: 1}}\n`);
    await rig.run();
    assert.ok(rig.world.has(`thing-${SECRET}`));
    assert.is(journalText(rig).includes(SECRET), false);

    await rig.runbook(MAKES, HEAD);
    const without = await rig.undo({});
    assert.match(JSON.stringify(without), 'one of its options has a secret in its text');
    assert.ok(rig.world.has(`thing-${SECRET}`));

    await rig.runbook(`${MAKES}  - {id: use, uses: use, with: {name: "thing-${SECRET}", value: 1}}\n`, HEAD);
    await rig.undo({});
    assert.is(rig.world.has(`thing-${SECRET}`), false);
  }),
);

test(
  'an accepted step keeps its secrets out of the journal, and hands none on as a mask',
  rigTest(async (rig) => {
    const read = rig.step('read', {effect: 'reads'});
    Object.assign(read.type, {secretOutputs: ['token']});
    read.outputs = {token: SECRET, value: HANDED};
    read.failure = 'not yet';
    const use = rig.step('use');
    await rig.runbook(
      '  - {id: read, uses: read}\n  - {id: use, uses: use, with: {value: "${{ steps.read.outputs.token }}"}}\n',
    );
    await rig.run();
    read.failure = undefined;

    await rig.resume({accept: [{step: 'read', reason: 'seen'}]});

    const entry = checkpointOf(rig, 'read');
    assert.is(entry?.how, 'accepted');
    assert.equal(Object.keys(entry?.outputs ?? {}), ['value']);
    assert.is(journalText(rig).includes(SECRET), false);
    assert.is.not(rig.world.get('use'), '***');
    assert.is(use.runs, rig.world.has('use') ? 1 : 0);
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

test(
  'an input whose value holds a secret is not stored, and asked for on resume',
  rigTest(async (rig) => {
    const head = 'inputs: {pw: {secret: true}, url: {default: nothing}}';
    const steps = '  - {id: use, uses: use, with: {value: "${{ inputs.url }}"}}\n';
    rig.env = {...rig.env, RUNBOOK_INPUT_PW: SECRET};
    const use = rig.step('use');
    use.failure = 'not yet';
    await rig.runbook(steps, head);
    await rig.run({set: {url: `https://bob:${SECRET}@host`}});
    use.failure = undefined;
    const [started] = rig.journal();
    assert.is(journalText(rig).includes(SECRET), false);
    assert.equal(started?.type === 'run-started' && [started.inputs, Object.keys(started.secrets).sort()], [
      {},
      ['pw', 'url'],
    ]);

    const error = await rejects(rig.resume({}), 'input-missing');
    assert.match(error.message, 'input "url" held a secret when the run began, so it was not stored');
    assert.ok((await rig.status()).steps.length > 0);

    assert.ok((await rig.resume({set: {url: `https://bob:${SECRET}@host`}})).ok);
    assert.is(rig.world.get('use'), `https://bob:${SECRET}@host`);
  }),
);

test(
  'a secret output leaves a keyed hash, by which another one is noticed',
  rigTest(async (rig) => {
    const read = rig.step('read', {effect: 'reads'});
    Object.assign(read.type, {secretOutputs: ['token']});
    read.outputs = {token: SECRET};
    await rig.runbook('  - {id: read, uses: read}\n');
    await rig.run();
    const first = checkpointOf(rig, 'read')?.secrets;
    read.outputs = {token: `${SECRET}-2`};

    await rig.resume({run: rig.store.runs()[0] ?? ''});

    const verified = rig.journal().flatMap((entry) => (entry.type === 'step-verified' ? [entry.secrets] : []));
    assert.is(first?.token?.length, 32);
    assert.is(verified.length, 1);
    assert.is.not(verified[0]?.token, first?.token);
    assert.is(journalText(rig).includes(SECRET), false);
  }),
);

test.run();
