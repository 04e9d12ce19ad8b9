import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';
import {checkpointOf, HANDED, HEAD, journalText, MAKES, pair, SECRET} from './withheld-pair.ts';

const test = suite('withheld values: options, inputs, secret outputs');

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
