import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('secret outputs');

const TOKEN = 'SWMTKN-1-secret';

/** A step that reads a token, which its type says is a secret. */
const tokenStep = (rig: Rig) => {
  const step = rig.step('token', {effect: 'reads'});
  Object.assign(step.type, {secretOutputs: ['token']});
  step.outputs = {token: TOKEN};
  return step;
};

const told = (rig: Rig): string => JSON.stringify(rig.events) + readFileSync(rig.journalFile(), 'utf8');

const JOIN = '  - {id: join, uses: join, with: {value: "${{ steps.token.outputs.token }}"}}\n';

test(
  'an output that its step type calls secret is neither shown nor stored, whatever the runbook says',
  rigTest(async (rig) => {
    const token = tokenStep(rig);
    token.prints = [`the token is ${TOKEN}\n`];
    rig.step('join');
    await rig.runbook(`  - {id: token, uses: token}\n${JOIN}`);

    const ran = await rig.run();

    assert.ok(ran.ok);
    assert.is(rig.world.get('join'), TOKEN);
    assert.is(told(rig).includes(TOKEN), false);
    assert.match(told(rig), /TOKEN_TOKEN/);
  }),
);

test(
  'a resume reads it again, and sees that it changed',
  rigTest(async (rig) => {
    const token = tokenStep(rig);
    rig.step('join');
    await rig.runbook(`  - {id: token, uses: token}\n${JOIN}`);
    await rig.run();
    const run = rig.store.runs()[0] ?? '';

    const same = await rig.standings(run);
    token.outputs = {token: 'SWMTKN-2-other'};
    await rig.resume({run});

    assert.equal(same, {token: 'holds', join: 'holds'});
    assert.is(rig.world.get('join'), 'SWMTKN-2-other');
    assert.is(told(rig).includes('SWMTKN-2'), false);
  }),
);

test(
  'a resume does without the secret of a step that is superseded',
  rigTest(async (rig) => {
    const token = tokenStep(rig);
    rig.step('join');
    const act = rig.step('act');
    act.failure = 'not yet';
    await rig.runbook(
      `  - {id: token, uses: token, until: act}\n${JOIN.replace('with:', 'until: act, with:')}  - {id: act, uses: act}\n`,
    );
    await rig.run();
    token.outputs = {};
    act.failure = undefined;

    const resumed = await rig.resume({});

    assert.ok(resumed.ok, JSON.stringify(resumed));
    assert.is(rig.world.get('join'), TOKEN);
  }),
);

test(
  'an expectation that does not hold shows no secret',
  rigTest(async (rig) => {
    tokenStep(rig);
    await rig.runbook(`  - {id: token, uses: token, expect: 'result.token == "nothing"', within: 200ms}\n`);

    const ran = await rig.run();

    assert.is(ran.failed, 'token');
    assert.is(told(rig).includes(TOKEN), false);
  }),
);

test(
  'a further check that reads it shows no secret',
  rigTest(async (rig) => {
    tokenStep(rig);
    rig.step('join');
    await rig.runbook(
      `  - {id: join, uses: join, within: 200ms, verify: [{uses: token, expect: 'result.token == "nothing"'}]}\n`,
    );

    const ran = await rig.run();

    assert.is(ran.failed, 'join');
    assert.is(told(rig).includes(TOKEN), false);
  }),
);

test(
  'it stays a secret under another name',
  rigTest(async (rig) => {
    tokenStep(rig);
    await rig.runbook('  - {id: token, uses: token, outputs: {mine: "result.token"}}\n');
    const error = await rejects(rig.load(), 'secret-in-argv');
    assert.match(error.message, /output "mine" holds a secret/);

    await rig.runbook('  - {id: token, uses: token, outputs: {token: "result.token + \'x\'"}}\n');
    const ran = await rig.run();
    assert.ok(ran.ok);
    assert.is(told(rig).includes(TOKEN), false);
  }),
);

test(
  'it can only be given to options that may carry a secret',
  rigTest(async (rig) => {
    tokenStep(rig);
    rig.step('join');
    await rig.runbook(
      '  - {id: token, uses: token}\n  - {id: join, uses: join, with: {name: "${{ steps.token.outputs.token }}"}}\n',
    );

    const error = await rejects(rig.load(), 'secret-in-argv');

    assert.match(error.message, /option "name" of join can't carry a secret/);
  }),
);

test.run();
