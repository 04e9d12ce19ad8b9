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

test(
  'takes back the newest run and no other unasked, and names the one before it',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    const first = await rig.run();
    const second = await rig.run();

    const plan = await rig.planUndo();
    assert.equal([plan.run, plan.before, plan.later], [second.run, first.run, []]);
    await rig.undo();
    assert.equal((await rig.undo()).undone, []);
    assert.ok(rig.world.has('web'));

    const older = await rig.planUndo({run: first.run});
    assert.equal([older.later, older.before], [[], undefined], 'what is undone needs nothing any more');
    assert.equal((await rig.undo({run: first.run})).undone, ['web']);
  }),
);

test(
  'names the later runs that may use what it takes back, and the process that works on the runbook',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    const first = await rig.run();
    rig.world.clear();
    const gate = web.hold();
    const second = rig.run();
    await gate.started;

    const plan = await rig.planUndo({run: first.run});
    await rejects(rig.undo({run: first.run}), 'run-held');
    gate.release();

    assert.equal(plan.later, [(await second).run]);
    assert.is(plan.heldBy, process.pid);
  }),
);

test(
  'of a run that was undone does nothing, and a resume of it does all again',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    await rejects(rig.undo(), 'nothing-to-resume');
    const {run} = await rig.run();
    await rig.undo();

    assert.equal((await rig.undo()).undone, []);
    assert.equal((await rig.undo({run})).undone, []);
    const error = await rejects(rig.resume(), 'nothing-to-resume');
    assert.match(error.problems[0].next?.[0] ?? '', 'do all of it again');
    const plan = await rig.planResume({run});
    assert.equal([plan.steps[0]?.standing, plan.steps[0]?.course], ['undone', 'run']);
    assert.ok((await rig.resume({run})).ok);
    assert.ok(rig.world.has('web'));
    assert.equal((await rig.undo()).undone, ['web']);
  }),
);

test.run();
