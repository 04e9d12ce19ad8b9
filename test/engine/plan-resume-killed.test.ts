import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';
import {coursesOf, killedIn, webKilled} from './resuming.ts';

const test = suite('the plan of a resume: after a kill');

test(
  're-attaches to what is there and still coming up, and does not act again',
  rigTest(async (rig) => {
    const web = await webKilled(rig, false);
    web.partial = 'underway';
    const {looks} = web;

    const plan = await rig.planResume();
    web.onLook = () => web.looks > looks + 4 && rig.world.set('web', true);
    const resumed = await rig.resume();

    assert.equal(coursesOf(plan), {web: 'reattach'});
    assert.is(plan.steps[0]?.detail, 'it is there, and still coming up');
    assert.ok(resumed.ok);
    assert.is(web.runs, 1);
    assert.ok(resumed.events.some((event) => event.type === 'step-finished' && event.how === 'adopted'));
    web.onLook = undefined;
    assert.equal((await rig.undo()).undone, ['web'], 'it is ours');
  }),
);

test(
  'acts at the next attempt, when what it waited for does not come up',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web, within: 0s, retry: {attempts: 2, delay: 1ms}}\n');
    await killedIn(rig, 'web', false);
    web.partial = 'underway';

    assert.ok((await rig.resume()).ok);

    assert.is(web.runs, 2);
  }),
);

test(
  'repairs what is there in part',
  rigTest(async (rig) => {
    const web = await webKilled(rig, false);
    web.partial = 'incomplete';

    const plan = await rig.planResume();
    assert.ok((await rig.resume()).ok);

    assert.equal(coursesOf(plan), {web: 'repair'});
    assert.equal([plan.steps[0]?.detail, plan.steps[0]?.why], ['a part of it is there', 'nothing']);
    assert.is(plan.steps[0]?.command, 'web true');
    assert.is(web.runs, 2);
  }),
);

test(
  'waits for what else a step has to prove, when its own effect is there',
  rigTest(async (rig) => {
    const web = rig.step('web');
    const page = rig.step('page', {effect: 'reads'});
    await rig.runbook('  - {id: web, uses: web, verify: [{uses: page, expect: result.value == "up"}]}\n');
    page.outputs = {value: 'down'};
    web.during = () => {
      page.outputs = {value: 'up'};
    };
    await killedIn(rig, 'web', true);
    page.outputs = {value: 'down'};

    const plan = await rig.planResume();
    web.onLook = () => {
      page.outputs = {value: 'up'};
    };
    assert.ok((await rig.resume()).ok);

    assert.equal(coursesOf(plan), {web: 'reattach'});
    assert.is(web.runs, 1);
  }),
);

test.run();
