import {readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';

const test = suite('undo');

const THREE = '  - {id: net, uses: net}\n  - {id: db, uses: db}\n  - {id: web, uses: web}\n';

test(
  'takes back what the run made, last step first, each verified',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    await rig.runbook(THREE);
    await rig.run();

    const result = await rig.undo();

    assert.equal(result.undone, ['web', 'db', 'net']);
    assert.is(rig.world.size, 0);
    assert.is((await rig.store.summaries())[0]?.state, 'undone');
  }),
);

test(
  'goes backwards through the file, also when an early step was done again last',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    await rig.runbook(THREE);
    const {run} = await rig.run();
    rig.world.delete('net');
    await rig.resume({run});

    assert.equal((await rig.undo()).undone, ['web', 'db', 'net']);
  }),
);

test(
  'goes backwards through time where steps do not need each other',
  rigTest(async (rig) => {
    for (const name of ['net', 'a', 'b', 'c', 'end']) rig.step(name);
    await rig.runbook(`
  - {id: net, uses: net}
  - {id: a, uses: a, needs: [net]}
  - {id: b, uses: b, needs: [net]}
  - {id: c, uses: c, needs: [net]}
  - {id: end, uses: end, needs: [a, b, c]}
`);
    const {run} = await rig.run({until: 'net'});
    const a = rig.step('a');
    const b = rig.step('b');
    a.failure = b.failure = 'not yet';
    await rig.resume({run, keepGoing: true, concurrency: 1});
    a.failure = b.failure = undefined;
    rig.crash(
      rig.journal().findIndex((entry) => 'step' in entry && entry.step === 'a'),
      true,
    );
    await rig.resume({run});

    const began = rig.journal().flatMap((entry) => (entry.type === 'step-started' ? [entry.step] : []));
    assert.equal((await rig.undo()).undone, began.toReversed());
  }),
);

test(
  'takes back what needs a step before that step, also one that an edit has put in between',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    await rig.runbook('  - {id: net, uses: net}\n  - {id: web, uses: web}\n');
    const {run} = await rig.run();
    await rig.runbook(THREE);
    await rig.resume({run});

    assert.equal((await rig.undo()).undone, ['web', 'db', 'net']);
  }),
);

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
  'takes a removed step back where it stood',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    await rig.runbook(THREE);
    await rig.run();

    await rig.runbook('  - {id: net, uses: net}\n  - {id: web, uses: web}\n');

    assert.equal((await rig.undo()).undone, ['web', 'db', 'net']);
  }),
);

test(
  'works although the runbook is broken or gone',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    await rig.runbook(THREE);
    await rig.run();

    await rig.runbook('  - {id: net, usess: net}\n');

    assert.equal(
      (await rig.planUndo()).steps.map(({step}) => step),
      ['web', 'db', 'net'],
    );
    assert.equal((await rig.undo()).undone, ['web', 'db', 'net']);
  }),
);

test(
  'keeps what was already true, and names it',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    rig.world.set('db', true);
    await rig.runbook(THREE);
    await rig.run();

    const plan = await rig.planUndo();
    const result = await rig.undo();

    assert.is(plan.steps.find(({step}) => step === 'db')?.action, 'keep');
    assert.equal(result.undone, ['web', 'net']);
    assert.equal([...rig.world.keys()], ['db']);
  }),
);

test(
  'takes back what the run made, although it was found true later',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    await rig.runbook(THREE);
    const {run} = await rig.run();
    const db = rig.step('db');
    db.lookFailure = 'the daemon is away';
    await rig.planResume({run});
    // the look before the act finds it again
    db.lookFailure = undefined;
    rig.world.delete('db');
    const status = await rig.planResume({run});
    rig.world.set('db', true);
    assert.is(status.steps[1]?.course, 'run');
    await rig.resume({run, redo: ['db']});

    assert.equal((await rig.undo()).undone, ['web', 'db', 'net']);
  }),
);

test(
  'names what cannot be taken back before anything starts',
  rigTest(async (rig) => {
    rig.step('net');
    rig.step('mail', {undo: false});
    rig.step('look', {effect: 'reads'});
    await rig.runbook('  - {id: net, uses: net}\n  - {id: mail, uses: mail}\n  - {id: look, uses: look}\n');
    await rig.run();

    const result = await rig.undo();

    const started = rig.events.find((event) => event.type === 'undo-started');
    assert.equal(started?.type === 'undo-started' && started.steps.map(({step, action}) => `${step}: ${action}`), [
      'look: nothing',
      'mail: irreversible',
      'net: undo',
    ]);
    assert.equal(result.undone, ['net']);
  }),
);

test(
  'uses the journaled options, not those that the file has now',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web, with: {name: old}}\n');
    await rig.run();

    await rig.runbook('  - {id: web, uses: web, with: {name: new}}\n');
    await rig.undo();

    assert.is(rig.world.size, 0);
  }),
);

test(
  "uses the author's own undo, which may read what the step returned",
  rigTest(async (rig) => {
    const make = rig.step('make', {effect: 'repeatable'});
    make.outputs = {value: 'id-7'};
    const remove = rig.step('remove', {effect: 'repeatable'});
    const seen: unknown[] = [];
    remove.during = (options) => seen.push(options.value);
    await rig.runbook('  - {id: make, uses: make, undo: {uses: remove, with: {value: "${{ result.value }}"}}}\n');
    await rig.run();

    assert.equal((await rig.undo()).undone, ['make']);

    assert.equal(seen, ['id-7']);
    assert.is(make.undos, 0);
  }),
);

test(
  'keeps the step named by --to and everything before it',
  rigTest(async (rig) => {
    for (const name of ['net', 'db', 'web']) rig.step(name);
    await rig.runbook(THREE);
    await rig.run();

    assert.equal((await rig.undo({to: 'net'})).undone, ['web', 'db']);
    assert.equal([...rig.world.keys()], ['net']);
    await rejects(rig.undo({to: 'nett'}), 'unknown-step');

    assert.ok((await rig.resume()).ok, 'the shortened run can be resumed');
    assert.is(rig.world.size, 3);
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
  'takes back what a step made whose condition is false now',
  rigTest(async (rig) => {
    rig.step('web');
    const last = rig.step('last');
    last.failure = 'no';
    await rig.runbook(
      '  - {id: web, uses: web, when: inputs.on}\n  - {id: last, uses: last}\n',
      'inputs: {on: {type: boolean, default: true}}',
    );
    await rig.run();
    rig.world.delete('web');
    await rig.resume({set: {on: 'false'}});
    rig.world.set('web', true);

    assert.ok((await rig.undo()).undone.includes('web'));
    assert.is(rig.world.size, 0);
  }),
);

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
  'says that there is nothing to undo',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    await rejects(rig.undo(), 'nothing-to-resume');
    await rig.run();
    await rig.undo();
    await rejects(rig.undo(), 'nothing-to-resume');
    assert.equal((await rig.undo({run: rig.store.runs()[0] ?? ''})).undone, []);
  }),
);

test.run();
