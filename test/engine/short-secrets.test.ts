import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Redactor} from '../../engine/redact.ts';
import {leavesOf, shortIn} from '../../engine/secret-forms.ts';
import {type Ran, type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('short secrets');

const warnings = ({events}: Pick<Ran, 'events'>): readonly string[] =>
  events.flatMap((event) => (event.type === 'notice' && event.code === 'short-secret' ? [event.message] : []));

const STEPS = '  - {id: use, uses: use}\n';
const withInput = async (rig: Rig, input: string): Promise<void> => {
  rig.step('use');
  await rig.runbook(STEPS, `inputs: {pin: ${input}}`);
};

test('a number is masked by its digits, wherever they stand', () => {
  const redactor = new Redactor();
  redactor.addAll([4711, 12.5, -99, 7]);

  assert.is(redactor.text('pin 4711, x4711y and [4711]'), 'pin ***, x***y and [***]');
  assert.is(redactor.text('12.5'), '***');
  assert.equal(redactor.json({n: 4711, m: 471}), {n: '***', m: 471});
  assert.is(redactor.text('-99 and 7'), '-99 and 7', 'of these as much is in any text');
});

test('of four characters all alignments of base64 are masked, and nothing shorter passes for masked', () => {
  const redactor = new Redactor();
  assert.ok(redactor.add('k3y!'));
  for (const before of ['', 'a', 'ab'])
    assert.match(redactor.text(Buffer.from(`${before}k3y!${before}`).toString('base64')), '***');
  assert.is(redactor.add('k3y'), false);
});

test('names what a secret is made of, and what of it is short', () => {
  const value = {user: 'bob', password: 'hunter2', ports: [80, 65_000], on: true, none: null, empty: ''};
  assert.equal(leavesOf('inputs.login', value), [
    ['inputs.login.user', 'bob'],
    ['inputs.login.password', 'hunter2'],
    ['inputs.login.ports[0]', '80'],
    ['inputs.login.ports[1]', '65000'],
  ]);
  assert.equal(shortIn('x', value), ['x.user', 'x.ports[0]']);
});

test(
  'a secret input of fewer than four characters or digits is refused',
  rigTest(async (rig) => {
    await withInput(rig, '{secret: true}');
    await rejects(rig.run({set: {pin: 'abc'}}), 'input-invalid');

    await withInput(rig, '{secret: true, type: integer}');
    const error = await rejects(rig.run({set: {pin: '123'}}), 'input-invalid');
    assert.match(error.message, 'the secret input "pin" is shorter than 4 characters');
    assert.is(error.message.includes('123'), false);
    assert.ok((await rig.run({set: {pin: '1234'}})).ok);
  }),
);

test(
  'a run says which parts of a secret map it can not mask',
  rigTest(async (rig) => {
    await withInput(rig, '{secret: true, type: map}');

    const ran = await rig.run({set: {pin: '{"user": "bob", "password": "hunter2"}'}});

    assert.equal(warnings(ran), [
      "inputs.pin.user is shorter than 4 characters: it can't be masked, and may be shown and stored",
    ]);
    assert.equal(warnings(await rig.run({set: {pin: '{"user": "bobby", "password": "hunter2"}'}})), []);
  }),
);

test(
  'a run says so of a secret output, which nobody can know before',
  rigTest(async (rig) => {
    const read = rig.step('read', {effect: 'reads'});
    Object.assign(read.type, {secretOutputs: ['token']});
    read.outputs = {token: 'abc'};
    await rig.runbook('  - {id: read, uses: read}\n');

    const ran = await rig.run();

    assert.equal(warnings(ran), [
      "steps.read.outputs.token is shorter than 4 characters: it can't be masked, and may be shown and stored",
    ]);
    // it is not handed to the journal, all the same
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('"abc"'), false);
  }),
);

test(
  'validation refuses a secret that can only be short',
  rigTest(async (rig) => {
    for (const input of [
      '{secret: true, default: abc}',
      '{secret: true, type: integer, maximum: 999}',
      '{secret: true, type: integer, minimum: -99, maximum: 99}',
      '{secret: true, choices: [abc, abcdef]}',
      '{secret: true, type: list, default: [abc]}',
    ]) {
      await withInput(rig, input);
      const error = await rejects(rig.load(), 'bad-value');
      assert.match(error.message, `input "pin": a secret of fewer than 4 characters can't be masked`, input);
    }
    for (const input of ['{secret: true, type: integer, maximum: 9999}', '{secret: true, default: abcd}']) {
      await withInput(rig, input);
      await rig.load();
    }
  }),
);

test.run();
