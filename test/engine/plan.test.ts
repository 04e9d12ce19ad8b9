import {existsSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('plan');

const decisions = async (rig: Rig, request = {}): Promise<Record<string, string>> =>
  Object.fromEntries((await rig.plan(request)).steps.map(({key, decision}) => [key, decision]));

test(
  'says what would be done, and changes nothing',
  rigTest(async (rig) => {
    const there = rig.step('there');
    const away = rig.step('away');
    const shell = rig.step('sh', {effect: 'repeatable'});
    const ask = rig.step('ask', {effect: 'repeatable', asks: true});
    const look = rig.step('look', {effect: 'reads'});
    rig.world.set('a', true);
    await rig.runbook(`
  - {id: a, uses: there}
  - {id: early, uses: look, needs: [a]}
  - {id: b, uses: away, needs: [a]}
  - {id: c, uses: away, with: {value: "\${{ steps.b.outputs.value }}"}}
  - {id: d, uses: sh}
  - {id: e, uses: ask}
  - {id: f, uses: look}
  - {id: g, uses: away, when: "false"}
`);

    assert.equal(await decisions(rig), {
      a: 'skip',
      early: 'look',
      b: 'run',
      c: 'unknown',
      d: 'run',
      e: 'ask',
      f: 'unknown',
      g: 'skip',
    });

    assert.equal([there.runs, away.runs, shell.runs, ask.runs], [0, 0, 0, 0]);
    assert.is(look.runs, 1);
    assert.equal(rig.acts(), []);
    assert.ok(!existsSync(rig.stateDir));
  }),
);

test(
  'shows the command, what is wanted and what is there',
  rigTest(async (rig) => {
    rig.step('web');
    rig.world.set('web', 1);
    await rig.runbook('  - {id: web, uses: web, with: {value: 2}}\n');

    const [step] = (await rig.plan()).steps;

    assert.equal([step?.command, step?.expected, step?.found], ['web 2', 'web = 2', '1']);
  }),
);

test(
  'reads on from what is already true',
  rigTest(async (rig) => {
    rig.step('web');
    rig.step('next');
    rig.world.set('web', 'x');
    rig.world.set('next', 'x');
    await rig.runbook(
      '  - {id: web, uses: web, with: {value: x}}\n  - {id: next, uses: next, with: {value: "${{ steps.web.outputs.value }}"}}\n',
    );

    assert.equal(await decisions(rig), {web: 'skip', next: 'skip'});
  }),
);

test(
  'shows values that are not known yet, and secrets, as variables',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook(
      '  - {id: web, uses: web, with: {value: "${{ inputs.pw }}"}}\n  - {id: next, uses: web, with: {value: "${{ steps.web.outputs.ip }}"}}\n',
      'inputs: {pw: {secret: true}}',
    );

    const {steps} = await rig.plan({set: {pw: 'hunter2'}});

    assert.is(JSON.stringify(steps).includes('hunter2'), false);
    assert.match(steps[0]?.command ?? '', 'PW');
    assert.match(steps[1]?.command ?? '', 'WEB_IP');
  }),
);

test(
  'says that it cannot tell when a look fails',
  rigTest(async (rig) => {
    rig.step('web').lookFailure = 'the daemon is away';
    await rig.runbook('  - {id: web, uses: web}\n');

    const [step] = (await rig.plan()).steps;

    assert.is(step?.decision, 'run');
    assert.is(step?.found, 'the daemon is away');
  }),
);

test(
  'knows what --from, --until and --only leave out or only verify',
  rigTest(async (rig) => {
    rig.step('web', {effect: 'repeatable', check: true});
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web}\n  - {id: c, uses: web}\n');

    assert.equal(await decisions(rig, {until: 'b'}), {a: 'run', b: 'run', c: 'leave'});
    assert.equal(await decisions(rig, {only: 'b'}), {a: 'look', b: 'run', c: 'leave'});
    assert.equal(await decisions(rig, {from: 'c'}), {a: 'look', b: 'look', c: 'run'});
    await rejects(rig.plan({from: 'x'}), 'unknown-step');
  }),
);

test(
  'agrees with the run: what it says to skip acts not, what it says to run acts',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: web}\n  - {id: c, uses: web, when: "1 > 2"}\n');
    rig.world.set('b', true);

    const planned = await decisions(rig);
    await rig.run();

    assert.equal(planned, {a: 'run', b: 'skip', c: 'skip'});
    assert.equal(rig.acts(), ['run a']);
  }),
);

test(
  'cannot tell of the steps of a child runbook that read what is to be run first',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.write({
      'runbooks/child.yaml':
        'name: child\ntitle: C\ninputs: {ip: {}}\nsteps: [{id: x, uses: web, with: {value: "${{ inputs.ip }}"}}, {id: y, uses: web}]\n',
    });
    await rig.runbook(
      '  - {id: a, uses: web}\n  - {id: sub, uses: runbook, with: {runbook: child, inputs: {ip: "${{ steps.a.outputs.ip }}"}}}\n  - {id: each, uses: runbook, when: steps.a.outputs.ip == "x", with: {runbook: child, inputs: {ip: x}}}\n',
    );

    const {steps} = await rig.plan();

    assert.equal(
      steps.map(({key, decision, why}) => [key, decision, why]),
      [
        ['a', 'run', 'not there yet'],
        ['sub.x', 'unknown', 'depends on step a'],
        ['sub.y', 'unknown', 'depends on step a'],
        ['each.x', 'unknown', 'depends on step a'],
        ['each.y', 'unknown', 'depends on step a'],
      ],
    );
    assert.match(steps[1]?.command ?? '', 'IP');
  }),
);

test(
  'takes over an output that a plan has read for a child runbook',
  rigTest(async (rig) => {
    rig.step('web').outputs = {ip: '10.0.0.1'};
    rig.step('next');
    rig.world.set('web', true);
    rig.world.set('sub.next', '10.0.0.1');
    await rig.write({
      'runbooks/child.yaml':
        'name: child\ntitle: C\ninputs: {ip: {}}\nsteps: [{id: next, uses: next, with: {value: "${{ inputs.ip }}"}}]\n',
    });
    await rig.runbook(
      '  - {id: web, uses: web}\n  - {id: sub, uses: runbook, with: {runbook: child, inputs: {ip: "${{ steps.web.outputs.ip }}"}}}\n',
    );

    assert.equal(await decisions(rig), {web: 'skip', 'sub.next': 'skip'});
  }),
);

test.run();
