import {readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readLog} from '../../engine/run-log.ts';
import {type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('run');

const typesOf = (rig: Rig): readonly string[] =>
  rig.journal().map((entry) => ('step' in entry ? `${entry.type} ${entry.step}` : entry.type));

const logOf = async (rig: Rig, run: string, step?: string): Promise<string> => {
  let log = '';
  for await (const part of readLog(rig.stateDir, run, step)) log += part;
  return log;
};

test(
  'runs the steps in order: each is journaled before it acts and checkpointed when it is proven',
  rigTest(async (rig) => {
    const drain = rig.step('drain');
    rig.step('upgrade');
    let entries: readonly string[] = [];
    drain.during = () => (entries = typesOf(rig));
    await rig.runbook('  - {id: drain, uses: drain}\n  - {id: upgrade, uses: upgrade}\n');

    assert.ok((await rig.run()).ok);

    assert.equal(entries, ['run-started', 'step-started drain'], 'what is durable when it acts');
    assert.equal(typesOf(rig), [
      'run-started',
      'step-started drain',
      'step-checkpointed drain',
      'step-started upgrade',
      'step-checkpointed upgrade',
      'run-finished',
    ]);
  }),
);

test(
  'tells nothing before it is durable',
  rigTest(async (rig) => {
    rig.step('drain');
    await rig.runbook('  - {id: drain, uses: drain}\n');
    const durable: string[] = [];
    const {push} = rig.events;
    rig.events.push = (event) => {
      if (event.type === 'step-finished' || event.type === 'run-finished')
        durable.push(`${event.type} after ${typesOf(rig).at(-1)}`);
      return push.call(rig.events, event);
    };

    await rig.run();

    assert.equal(durable, ['step-finished after step-checkpointed drain', 'run-finished after run-finished']);
  }),
);

test(
  'checkpoints nothing whose check does not hold',
  rigTest(async (rig) => {
    const drain = rig.step('drain');
    drain.idle = true;
    await rig.runbook('  - {id: drain, uses: drain, within: 0s}\n');

    const ran = await rig.run();

    assert.is(ran.outcome, 'failed');
    assert.is(ran.failures[0]?.problem.code, 'check-failed');
    assert.is(ran.failures[0]?.problem.expected, 'drain = true');
    assert.is(ran.failures[0]?.problem.found, 'nothing');
    assert.ok(!typesOf(rig).includes('step-checkpointed drain'));
  }),
);

test(
  'skips what is already true, and takes its outputs',
  rigTest(async (rig) => {
    rig.step('drain');
    rig.step('upgrade');
    await rig.runbook(
      '  - {id: drain, uses: drain, with: {value: 7}}\n  - {id: upgrade, uses: upgrade, with: {value: "${{ steps.drain.outputs.value }}"}}\n',
    );
    rig.world.set('drain', 7);

    const ran = await rig.run();

    assert.ok(ran.ok);
    assert.equal(rig.acts(), ['run upgrade']);
    assert.is(rig.world.get('upgrade'), 7);
    assert.ok(ran.events.some((event) => event.type === 'step-finished' && event.how === 'already-true'));
  }),
);

test(
  'runs a repeatable step in every run, and one with check_first only where its check does not hold',
  rigTest(async (rig) => {
    const always = rig.step('always', {effect: 'repeatable', check: true});
    const first = rig.step('first', {effect: 'repeatable', check: true});
    rig.step('look', {effect: 'reads'});
    await rig.runbook(
      '  - {id: a, uses: always}\n  - {id: b, uses: first, check_first: true, verify: [{uses: look}]}\n',
    );

    await rig.run();
    await rig.run();

    assert.is(always.runs, 2);
    assert.is(first.runs, 1);
  }),
);

test(
  'looks with `reads` steps in every run, and takes their expect for the check',
  rigTest(async (rig) => {
    const look = rig.step('look', {effect: 'reads'});
    look.outputs = {value: 1};
    await rig.runbook('  - {id: look, uses: look, expect: result.value == 2}\n');

    const ran = await rig.run();

    assert.is(ran.failures[0]?.problem.code, 'check-failed');
    assert.is(ran.failures[0]?.problem.expected, 'result.value == 2');
    assert.match(ran.failures[0]?.problem.found ?? '', 'result.value = 1');
  }),
);

test(
  'closes an unfinished older run as superseded, and says so',
  rigTest(async (rig) => {
    const drain = rig.step('drain');
    await rig.runbook('  - {id: drain, uses: drain}\n');
    drain.failure = 'no';
    const older = await rig.run();

    drain.failure = undefined;
    const newer = await rig.run();

    assert.ok(newer.ok);
    assert.ok(newer.events.some((event) => event.type === 'notice' && event.message.includes(older.run)));
    assert.is(rig.store.read(older.run)?.supersededBy, newer.run);
    await rejects(rig.resume(), 'nothing-to-resume');
  }),
);

test(
  'lets runs of other runbooks be',
  rigTest(async (rig) => {
    const drain = rig.step('drain');
    drain.failure = 'no';
    await rig.runbook('  - {id: drain, uses: drain}\n');
    const {run} = await rig.run();
    rig.step('ok');
    await rig.write({'runbooks/other.yaml': 'name: other\ntitle: O\nsteps: [{id: a, uses: ok}]\n'});

    await rig.run({runbook: await rig.load(`${rig.dir}/runbooks/other.yaml`)});

    assert.is(rig.store.read(run)?.supersededBy, undefined);
  }),
);

test(
  'says that it took over the lock of a process that is gone',
  rigTest(async (rig) => {
    const drain = rig.step('drain');
    await rig.runbook('  - {id: drain, uses: drain}\n');
    const {run} = await rig.run();
    const file = `${rig.stateDir}/locks/test/1`;
    writeFileSync(
      file,
      readFileSync(file, 'utf8')
        .replace('"released":true', '"released":false')
        .replace(/"started":"\d+"/, '"started":"1"'),
    );

    const ran = await rig.run();

    assert.ok(
      ran.events.some(
        (event) => event.type === 'notice' && event.code === 'lock-taken-over' && event.message.includes(run),
      ),
    );
    assert.is(drain.runs, 1);
  }),
);

test(
  'shows a secret input nowhere',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.prints = ['the password is hun', 'ter2!\n'];
    web.failure = 'wrong password hunter2';
    await rig.runbook('  - {id: web, uses: web, with: {secret: "${{ inputs.pw }}"}}\n', 'inputs: {pw: {secret: true}}');

    const ran = await rig.run({set: {pw: 'hunter2'}});

    const log = await logOf(rig, ran.run);
    const everything = JSON.stringify([ran, rig.events, log]) + readFileSync(rig.journalFile(), 'utf8');
    assert.is(everything.includes('hunter2'), false);
    assert.match(log, 'the password is ***!');
  }),
);

test(
  'goes by the names of steps, also where a secret is one of them',
  rigTest(async (rig) => {
    const server = rig.step('server');
    rig.step('other');
    server.failure = 'no';
    await rig.runbook(
      '  - {id: server, uses: server, with: {secret: "${{ inputs.pw }}"}}\n  - {id: server_two, uses: other}\n',
      'inputs: {pw: {secret: true}}',
    );
    assert.is((await rig.run({set: {pw: 'server'}})).failed, 'server');

    server.failure = undefined;
    rig.secrets.set('pw', 'server');
    assert.ok((await rig.resume()).ok);

    assert.equal([...(rig.store.read(rig.store.runs()[0] ?? '')?.steps.keys() ?? [])], ['server', 'server_two']);
  }),
);

test(
  'keeps the outputs of steps apart',
  rigTest(async (rig) => {
    for (const name of ['left', 'right']) rig.step(name).prints = [`this is ${name}\n`];
    await rig.runbook('  - {id: left, uses: left, needs: []}\n  - {id: right, uses: right, needs: []}\n');

    const {run} = await rig.run();

    const read = async (step: string): Promise<string> => await logOf(rig, run, step);
    assert.is(await read('left'), 'this is left\n');
    assert.is(await read('right'), 'this is right\n');
    await rejects(read('none'), 'unknown-step');
  }),
);

test(
  'verifies with --from what stands before, and runs the rest',
  rigTest(async (rig) => {
    const steps = ['a', 'b', 'c'].map((name) => rig.step(name));
    await rig.runbook('  - {id: a, uses: a}\n  - {id: b, uses: b}\n  - {id: c, uses: c}\n');
    rig.world.set('a', true);

    assert.ok((await rig.run({from: 'b'})).ok);
    assert.equal(
      steps.map(({runs}) => runs),
      [0, 1, 1],
    );

    rig.world.delete('a');
    const ran = await rig.run({from: 'c'});
    assert.is(ran.failed, 'a');
    assert.is(steps[0]?.runs, 0);
    await rejects(rig.run({from: 'nix'}), 'unknown-step');
  }),
);

test(
  'runs with --only one step, verifies what it needs, and leaves the rest',
  rigTest(async (rig) => {
    const steps = ['a', 'b', 'c'].map((name) => rig.step(name));
    await rig.runbook('  - {id: a, uses: a}\n  - {id: b, uses: b}\n  - {id: c, uses: c}\n');
    rig.world.set('a', true);

    assert.is((await rig.run({only: 'b'})).outcome, 'partial');

    assert.equal(
      steps.map(({runs}) => runs),
      [0, 1, 0],
    );
  }),
);

test(
  'stops with --until behind a step, and leaves a run that can be resumed',
  rigTest(async (rig) => {
    const steps = ['a', 'b', 'c'].map((name) => rig.step(name));
    await rig.runbook('  - {id: a, uses: a}\n  - {id: b, uses: b}\n  - {id: c, uses: c}\n');

    assert.is((await rig.run({until: 'b'})).outcome, 'partial');
    assert.is((await rig.store.summaries())[0]?.state, 'unfinished');
    assert.ok((await rig.resume()).ok);

    assert.equal(
      steps.map(({runs}) => runs),
      [1, 1, 1],
    );
  }),
);

test(
  'takes ten thousand steps without a step costing more than the one before',
  rigTest(async (rig) => {
    const tiny = rig.step('tiny', {effect: 'repeatable'});
    const lines = Array.from(
      {length: 10_000},
      (_, i) => `  - {id: s${i}, uses: tiny, needs: [${i % 100 === 0 ? '' : `s${i - 1}`}]}`,
    );
    await rig.runbook(`${lines.join('\n')}\n`);

    assert.ok((await rig.run()).ok);

    assert.is(tiny.runs, 10_000);
    assert.is(rig.journal().length, 20_002);
    const run = rig.store.runs()[0] ?? '';
    assert.ok((await rig.resume({run})).ok);
    assert.is(tiny.runs, 10_000);
  }, 240_000),
);

test.run();
