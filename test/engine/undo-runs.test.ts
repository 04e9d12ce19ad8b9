import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';

const test = suite('undo: which run');

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
