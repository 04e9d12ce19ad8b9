import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';
import {THREE} from './undo-steps.ts';

const test = suite('undo');

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
  'finds the paths of a child runbook in another folder, also without the file',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const dirs: string[] = [];
    const undo = web.type.undo;
    Object.assign(web.type, {
      undo: async (options: never, context: {dir: string}) => {
        dirs.push(context.dir);
        await undo?.(options, context as never);
      },
    });
    await rig.write({'runbooks/parts/part.yaml': 'name: part\ntitle: A part\nsteps:\n  - {id: one, uses: web}\n'});
    await rig.runbook('  - {id: part, uses: runbook, with: {runbook: parts/part}}\n  - {id: own, uses: web}\n');
    await rig.run();
    await rig.write({'runbooks/test.yaml': ''});

    assert.equal((await rig.undo()).undone, ['own', 'part.one']);
    assert.equal(dirs, [`${rig.dir}/runbooks`, `${rig.dir}/runbooks/parts`]);
  }),
);

test(
  'keeps all that --to names: the items of a step, and a child runbook',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.write({'runbooks/part.yaml': 'name: part\ntitle: A part\nsteps:\n  - {id: one, uses: web}\n'});
    await rig.runbook(
      '  - {id: each, uses: web, foreach: [a, b]}\n  - {id: part, uses: runbook, with: {runbook: part}}\n  - {id: last, uses: web}\n',
    );
    const {run} = await rig.run();

    assert.equal((await rig.undo({run, to: 'part'})).undone, ['last']);
    assert.equal((await rig.undo({run, to: 'each'})).undone, ['part.one']);
    assert.equal((await rig.undo({run, to: 'each[a]'})).undone, ['each[b]']);
    const error = await rejects(rig.undo({run, to: 'eahc'}), 'unknown-step');
    assert.match(error.problems[0].expected ?? '', 'each[a]');
  }),
);

test.run();
