import {readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';
import {THREE} from './undo-steps.ts';

const test = suite('undo: failures and doubt');

test(
  'believes a step that it leaves something on purpose, and says so',
  rigTest(async (rig) => {
    const image = rig.step('image');
    await rig.runbook('  - {id: image, uses: image}\n');
    await rig.run();
    Object.assign(image.type, {undo: async () => ({stays: 'the image stays: a container uses it'})});

    const result = await rig.undo();

    assert.equal(result.undone, ['image']);
    assert.ok(rig.world.has('image'));
    const told = rig.events.find((event) => event.type === 'step-undone');
    assert.is(told?.type === 'step-undone' && told.stays, 'the image stays: a container uses it');
    const entry = rig.journal().find(({type}) => type === 'step-undone');
    assert.is(entry?.type === 'step-undone' && entry.stays, 'the image stays: a container uses it');
  }),
);

test(
  'lets the check decide on a step in doubt whose undo fails: there may be nothing to take back',
  rigTest(async (rig) => {
    const data = rig.step('data');
    await rig.runbook('  - {id: data, uses: data}\n');
    const {run} = await rig.run();
    data.undoFailure = 'no such folder';

    assert.equal(
      (await rig.undo()).failed.map(({step}) => step),
      ['data'],
      'its effect is there',
    );

    rig.crash(2, false);
    data.lookFailure = 'the daemon is away';
    assert.equal(
      (await rig.undo({run})).failed.map(({step}) => step),
      ['data'],
      'nobody knows',
    );

    data.lookFailure = undefined;
    assert.equal((await rig.undo({run})).undone, ['data']);
  }),
);

test(
  'fails a step whose effect is still there, and goes on with the others',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    const db = rig.step('db');
    await rig.runbook(THREE);
    await rig.run();
    Object.assign(db.type, {undo: async () => {}});

    const result = await rig.undo();

    assert.equal(result.undone, ['web', 'net']);
    assert.is(result.failed[0]?.problem.code, 'undo-failed');
    assert.match(result.failed[0]?.problem.message ?? '', 'still there');
  }),
);

test(
  'can be repeated after a failure, and does nothing twice',
  rigTest(async (rig) => {
    for (const name of ['net', 'web']) rig.step(name);
    const db = rig.step('db');
    await rig.runbook(THREE);
    await rig.run();
    db.undoFailure = 'in use';
    assert.equal(
      (await rig.undo()).failed.map(({step}) => step),
      ['db'],
    );

    db.undoFailure = undefined;
    assert.equal((await rig.undo()).undone, ['db']);

    assert.is(rig.world.size, 0);
    assert.is(rig.acts().filter((act) => act === 'undo web').length, 1);
  }),
);

test(
  'goes on after a crash behind every entry of an undo',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    await rig.runbook(THREE);
    const {run} = await rig.run();
    const first = rig.journal().length + 1;
    await rig.undo();
    const {length} = rig.journal();
    const whole = readFileSync(rig.journalFile(), 'utf8');

    for (let n = length; n >= first; n--) {
      for (const acted of [true, false]) {
        rig.crash(n, acted);
        await rig.undo({run});
        assert.is(rig.world.size, 0, `after entry ${n}`);
        writeFileSync(rig.journalFile(), whole);
      }
    }
  }),
);

test(
  'stops with an interrupt, and goes on later',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    const web = rig.step('web');
    await rig.runbook(THREE);
    await rig.run();
    const undo = web.type.undo;
    Object.assign(web.type, {
      undo: async (options: never, context: never) => {
        await undo?.(options, context);
        rig.interrupt();
      },
    });

    const stopped = await rig.undo();
    assert.ok(stopped.interrupted);
    assert.equal(stopped.undone, ['web']);

    assert.equal((await rig.undo()).undone, ['db', 'net']);
  }),
);

test(
  'takes back a step that was being undone, or was in doubt, when the process died',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    await rig.run();
    rig.crash(2, true);

    assert.equal((await rig.undo()).undone, ['web']);
    assert.is(rig.world.size, 0);
  }),
);

test(
  'says what is left, what the undo printed, and goes on without a step of which a person says that it is gone',
  rigTest(async (rig) => {
    for (const name of ['net', 'web']) rig.step(name);
    const db = rig.step('db');
    await rig.runbook(THREE);
    const {run} = await rig.run();
    Object.assign(db.type, {
      undo: async (_: never, context: {output(text: string): void}) => {
        context.output('no such server\n');
        throw new Error('cannot connect');
      },
    });

    const stuck = await rig.undo();
    assert.equal(stuck.left, ['db']);
    const problem = stuck.failed[0]?.problem;
    assert.equal(problem?.output, ['no such server']);
    assert.equal(problem?.next, [
      'repair the cause',
      `then: runbook undo ${run}`,
      `if nothing of it is left: runbook undo ${run} --accept db --reason "..."`,
    ]);

    await rejects(rig.undo({accept: [{step: 'bd', reason: 'x'}]}), 'unknown-step');
    const gone = await rig.undo({accept: [{step: 'db', reason: 'its server is gone'}]});
    assert.equal([gone.undone, gone.left], [[], []]);
    assert.is((await rig.store.summaries())[0]?.state, 'undone');
    const {steps} = await rig.status(run);
    assert.is(steps.find(({step}) => step === 'db')?.detail, 'its server is gone');
  }),
);

test(
  "says so when a step's further checks hold although its own undo has run",
  rigTest(async (rig) => {
    rig.step('make', {effect: 'repeatable'});
    rig.step('look', {effect: 'reads'});
    await rig.runbook('  - {id: make, uses: make, verify: [{uses: look}], undo: {uses: make, with: {name: other}}}\n');
    await rig.run();

    assert.equal((await rig.undo()).undone, ['make']);

    assert.ok(rig.events.some((event) => event.type === 'notice' && event.code === 'still-holds'));
  }),
);

test.run();
