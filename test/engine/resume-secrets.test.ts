import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';
import {count} from './resume-chain.ts';

const test = suite('resume: secrets');

test(
  'asks for a secret input again, and notices that it changed',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web, with: {value: "${{ inputs.pw }}"}}\n', 'inputs: {pw: {secret: true}}');
    await rig.run({set: {pw: 'hunter2'}});
    const run = rig.store.runs()[0] ?? '';
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('hunter2'), false);

    rig.secrets.set('pw', 'hunter2');
    const same = await rig.planResume({run});
    rig.secrets.set('pw', 'hunter3');
    const other = await rig.planResume({run});
    await rig.resume({run});

    assert.is(same.steps[0]?.standing, 'holds');
    assert.is(other.steps[0]?.standing, 'input-changed');
    assert.is(rig.world.get('web'), 'hunter3');
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('hunter3'), false);
  }),
);

test(
  'does not take a secret that an output holds for a change',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.outputs = {value: 'Bearer hunter2'};
    rig.step('next');
    await rig.runbook(
      '  - {id: web, uses: web, with: {secret: "${{ inputs.pw }}"}}\n  - {id: next, uses: next, with: {value: "${{ steps.web.outputs.value }}"}}\n',
      'inputs: {pw: {secret: true}}',
    );
    await rig.run({set: {pw: 'hunter2'}});
    rig.secrets.set('pw', 'hunter2');

    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(count(rig, 'run next'), 1);
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('hunter2'), false);
  }),
);

const VAULT = `
  - {id: vault, uses: vault, outputs: {key: {value: result.token, secret: true}}}
  - {id: web, uses: web, with: {value: "\${{ steps.vault.outputs.key }}"}}
`;

test(
  'does not store a secret output, and reads it again',
  rigTest(async (rig) => {
    const vault = rig.step('vault', {effect: 'reads'});
    vault.outputs = {value: 'v', token: 's3cr3t-token'};
    const web = rig.step('web');
    await rig.runbook(VAULT);
    web.failure = 'no';
    await rig.run();
    const before = vault.runs;

    web.failure = undefined;
    assert.ok((await rig.resume()).ok);

    assert.ok(vault.runs > before);
    assert.is(rig.world.get('web'), 's3cr3t-token');
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('s3cr3t'), false);
    assert.is(JSON.stringify(rig.events).includes('s3cr3t'), false);
  }),
);

test(
  'looks with what an expression makes of a secret, and notices that the secret changed',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook(
      "  - {id: web, uses: web, with: {value: \"${{ size(inputs.pw) > 8 ? 'long' : 'short' }}\"}}\n",
      'inputs: {pw: {secret: true}}',
    );
    await rig.run({set: {pw: 'hunter2-hunter2'}});
    const run = rig.store.runs()[0] ?? '';

    rig.secrets.set('pw', 'hunter2-hunter2');
    const same = await rig.planResume({run});
    rig.secrets.set('pw', 'hunter3');
    const other = await rig.planResume({run});

    assert.is(rig.world.get('web'), 'long');
    assert.is(same.steps[0]?.standing, 'holds');
    assert.is(other.steps[0]?.standing, 'input-changed');
  }),
);

test(
  'asks nobody for a secret output: it is read again',
  rigTest(async (rig) => {
    const vault = rig.step('vault', {effect: 'reads'});
    vault.outputs = {token: 's3cr3t-token'};
    rig.step('web');
    await rig.runbook(VAULT);
    await rig.run();
    rig.secrets.set('VAULT_KEY', 'what a person typed');

    assert.equal(await rig.standings(), {vault: 'holds', web: 'holds'});
    assert.equal((await rig.undo()).undone, ['web']);
  }),
);

test.run();
