import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';

const test = suite('perform: what is remembered');

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

test.run();
