import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';
import {killedIn, webKilled} from './resuming.ts';

const test = suite('resume: doubt');

test(
  'adopts a step in doubt whose effect is there',
  rigTest(async (rig) => {
    const web = await webKilled(rig, true);

    const resumed = await rig.resume();

    assert.is(web.runs, 1);
    assert.ok(resumed.events.some((event) => event.type === 'step-finished' && event.how === 'adopted'));
    assert.equal((await rig.undo()).undone, ['web'], 'what was adopted in doubt is ours');
  }),
);

test(
  'runs a step in doubt again whose effect is not there',
  rigTest(async (rig) => {
    const web = await webKilled(rig, false);

    assert.is((await rig.planResume()).steps[0]?.standing, 'in-doubt');
    assert.ok((await rig.resume()).ok);

    assert.is(web.runs, 2);
  }),
);

test(
  'runs a repeatable step in doubt again, and says so',
  rigTest(async (rig) => {
    const shell = rig.step('sh', {effect: 'repeatable'});
    await rig.runbook('  - {id: build, uses: sh}\n');
    await killedIn(rig, 'build', true);

    const resumed = await rig.resume();

    assert.is(shell.runs, 2);
    const look = resumed.events.find((event) => event.type === 'step-looked-at');
    assert.match(look?.type === 'step-looked-at' ? (look.detail ?? '') : '', 'no check');
  }),
);

test(
  'runs a repeatable step again that failed, although a check of it holds',
  rigTest(async (rig) => {
    const shell = rig.step('sh', {effect: 'repeatable'});
    rig.step('look', {effect: 'reads'});
    await rig.runbook('  - {id: deploy, uses: sh, verify: [{uses: look}]}\n');
    shell.failure = 'no space left';
    await rig.run();

    shell.failure = undefined;
    await rig.resume();

    assert.is(shell.runs, 2);
  }),
);

test(
  'runs a step in doubt again when later steps read what only running it tells',
  rigTest(async (rig) => {
    const shell = rig.step('sh', {effect: 'repeatable'});
    shell.outputs = {value: 'made'};
    rig.step('look', {effect: 'reads'});
    rig.step('web');
    await rig.runbook(
      '  - {id: build, uses: sh, verify: [{uses: look}]}\n  - {id: web, uses: web, with: {value: "${{ steps.build.outputs.value }}"}}\n',
    );
    await killedIn(rig, 'build', true);

    assert.ok((await rig.resume()).ok);

    assert.is(shell.runs, 2);
    assert.is(rig.world.get('web'), 'made');
  }),
);

test.run();
