import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';

const test = suite('undo: secrets');

test(
  'asks for the secret that a step needs to be taken back',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web, with: {secret: "${{ inputs.pw }}"}}\n', 'inputs: {pw: {secret: true}}');
    await rig.run({set: {pw: 'hunter2'}});

    const without = await rig.undo();
    assert.is(without.failed[0]?.step, 'web');
    assert.match(without.failed[0]?.problem.message ?? '', 'secret');

    rig.secrets.set('PW', 'hunter2');
    assert.equal((await rig.undo()).undone, ['web']);
    assert.is(web.undos, 1);
  }),
);

test(
  'makes again what an expression had made of a secret, with the file and without',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const seen: unknown[] = [];
    const undo = web.type.undo;
    Object.assign(web.type, {
      undo: async (options: {value: unknown; secret: unknown}, context: never) => {
        seen.push([options.secret, options.value]);
        await undo?.(options as never, context);
      },
    });
    await rig.runbook(
      [
        '{id: a, uses: web, with: {secret: "${{ bytes(inputs.pw).base64() }}", value: "${{ size(inputs.pw) }}"}}',
        '{id: b, uses: web, with: {secret: "x-${{ inputs.pw }}", value: "${{ inputs.pw == \\"\\" ? 1 : 2 }}"}}',
      ]
        .map((step) => `  - ${step}\n`)
        .join(''),
      'inputs: {pw: {secret: true}}',
    );
    await rig.run({set: {pw: 'hunter2'}});
    const journal = readFileSync(rig.journalFile(), 'utf8');
    assert.not.match(journal, /hunter2|aHVudGVyMg/);
    const wanted = [
      ['x-hunter2', 2],
      ['aHVudGVyMg==', 7],
    ];

    const without = await rig.undo();
    assert.equal(
      without.failed.map(({problem}) => problem.message),
      ['b', 'a'].map((step) => `step "${step}" can't be undone: the secret PW is needed, and it is not stored`),
    );
    rig.secrets.set('PW', 'hunter2');
    assert.equal((await rig.undo()).undone, ['b', 'a']);
    assert.equal(seen.splice(0), wanted);

    await rig.run({set: {pw: 'hunter2'}});
    await rig.write({'runbooks/test.yaml': ''});
    rig.secrets.clear();
    rig.env = {...rig.env, RUNBOOK_INPUT_PW: 'hunter2'};
    assert.equal((await rig.undo()).undone, ['b', 'a']);
    assert.equal(seen, wanted);
  }),
);

test(
  'shows no secret in a line to type, also not what an expression makes of it',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook(
      '  - {id: a, uses: web, with: {value: "${{ bytes(inputs.pw).base64() }}"}}\n',
      'inputs: {pw: {secret: true}}',
    );
    const {events} = await rig.run({set: {pw: 'hunter2'}});

    const started = events.find((event) => event.type === 'step-started' && event.attempt === 1);

    assert.match(started?.type === 'step-started' ? started.command : '', 'BYTES_INPUTS_PW_BASE64');
    assert.not.match(JSON.stringify([rig.events, rig.journal()]), /hunter2|aHVudGVyMg/);
  }),
);

test.run();
