import {readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';
import {chain, count} from './resume-chain.ts';

const test = suite('resume');

test(
  'goes on where the run failed, and does nothing twice',
  rigTest(async (rig) => {
    const {upgrade} = await chain(rig);
    upgrade.failure = 'image not found';
    assert.is((await rig.run()).failed, 'upgrade');

    upgrade.failure = undefined;
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.equal(rig.acts().toSorted(), ['run drain', 'run left', 'run right', 'run upgrade']);
    assert.equal(await rig.standings(), {
      drain: 'holds',
      upgrade: 'holds',
      left: 'holds',
      right: 'holds',
      look: 'holds',
    });
  }),
);

test(
  'completes after a crash behind every entry, and no checkpointed step acts twice',
  rigTest(async (rig) => {
    await chain(rig);
    await rig.run();
    const file = rig.journalFile();
    const whole = readFileSync(file, 'utf8');
    const entries = rig.journal();
    const world = JSON.stringify([...rig.world].toSorted());

    for (let n = entries.length; n >= 1; n--) {
      for (const acted of [true, false]) {
        rig.crash(n, acted);
        const before = rig.acts();
        const checkpointed = entries
          .slice(0, n)
          .flatMap((entry) => (entry.type === 'step-checkpointed' ? [entry.step] : []));
        const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

        assert.ok(resumed.ok, `after entry ${n}`);
        assert.is(JSON.stringify([...rig.world].toSorted()), world, `after entry ${n}`);
        const again = rig.acts().slice(before.length);
        for (const step of checkpointed)
          assert.is(again.includes(`run ${step}`), false, `${step} acted twice after entry ${n}`);
        const acts = rig.acts();
        assert.is(new Set(acts).size, acts.length, `an effect was made twice after entry ${n}: ${acts}`);
        // back to the whole run, for the next cut
        writeFileSync(file, whole);
      }
    }
  }, 60_000),
);

test(
  'does again what drifted, and nothing else',
  rigTest(async (rig) => {
    await chain(rig);
    await rig.run();
    rig.world.delete('upgrade');

    const run = rig.store.runs()[0] ?? '';
    assert.is((await rig.standings()).upgrade, 'drifted');
    const resumed = await rig.resume({run});

    assert.ok(resumed.ok);
    assert.is(count(rig, 'run upgrade'), 2);
    assert.is(count(rig, 'run drain'), 1);
    assert.is(count(rig, 'run left'), 1);
  }),
);

test(
  'does again the steps whose options got another value by that',
  rigTest(async (rig) => {
    const {drain} = await chain(rig);
    await rig.run();
    rig.world.delete('drain');
    drain.outputs = {value: 'another'};

    const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.ok(resumed.ok);
    assert.is(rig.world.get('upgrade'), 'another');
    assert.is(count(rig, 'undo upgrade'), 1);
    assert.is(count(rig, 'run left'), 1);
  }),
);

test(
  'verifies a step that merely follows, and keeps it',
  rigTest(async (rig) => {
    const {side} = await chain(rig);
    await rig.run();
    rig.world.delete('drain');
    const looks = side.looks;

    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(count(rig, 'run drain'), 2);
    assert.is(count(rig, 'run left'), 1);
    assert.ok(side.looks > looks);
  }),
);

test(
  'refuses with the newest run when nothing is unfinished',
  rigTest(async (rig) => {
    await chain(rig);
    const {run} = await rig.run();

    const error = await rejects(rig.resume(), 'nothing-to-resume');

    assert.match(error.message, run);
    assert.is(error.exitCode, 2);
  }),
);

test(
  'says that there is no run yet',
  rigTest(async (rig) => {
    await chain(rig);
    await rejects(rig.resume(), 'nothing-to-resume');
    await rejects(rig.resume({run: 'nix'}), 'no-such-run');
  }),
);

test(
  'says that the newest journal is damaged, instead of going on with an older run or none',
  rigTest(async (rig) => {
    const {upgrade} = await chain(rig);
    upgrade.failure = 'no';
    await rig.run();
    await rig.run();
    const file = rig.journalFile();
    const text = readFileSync(file, 'utf8').replace('"drain"', '"brain"');
    writeFileSync(file, text);

    await rejects(rig.resume(), 'journal-damaged');
    await rejects(rig.status(), 'journal-damaged');
    await rejects(rig.undo(), 'journal-damaged');
    assert.is(readFileSync(file, 'utf8'), text);

    upgrade.failure = undefined;
    assert.ok((await rig.run()).ok, 'a new run can still start');
  }),
);

test(
  'drops a torn entry, and says so',
  rigTest(async (rig) => {
    const {upgrade} = await chain(rig);
    upgrade.failure = 'no';
    await rig.run();
    writeFileSync(rig.journalFile(), readFileSync(rig.journalFile(), 'utf8').slice(0, -10));

    upgrade.failure = undefined;
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.ok(resumed.events.some((event) => event.type === 'notice' && event.code === 'torn-entry'));
  }),
);

test(
  'is refused while another process holds the run',
  rigTest(async (rig) => {
    const {upgrade} = await chain(rig);
    const gate = upgrade.hold();
    const first = rig.run();
    await gate.started;

    assert.is((await rejects(rig.resume(), 'run-held')).exitCode, 5);
    await rejects(rig.run(), 'run-held');
    await rejects(rig.undo(), 'run-held');

    gate.release();
    assert.ok((await first).ok);
  }),
);

test(
  'goes on with what --until left',
  rigTest(async (rig) => {
    await chain(rig);

    assert.is((await rig.run({until: 'upgrade'})).outcome, 'partial');
    assert.equal(rig.acts(), ['run drain', 'run upgrade']);

    assert.ok((await rig.resume()).ok);
    assert.is(rig.acts().length, 4);
  }),
);

test(
  'stops with an interrupt that comes while it looks',
  rigTest(async (rig) => {
    const {drain, upgrade} = await chain(rig);
    upgrade.failure = 'no';
    await rig.run();

    const verify = drain.type.verify;
    Object.assign(drain.type, {
      verify: async () => {
        rig.interrupt();
        throw new Error('the connection was closed');
      },
    });
    const resumed = await rig.resume();

    assert.is(resumed.outcome, 'interrupted');
    Object.assign(drain.type, {verify});
    upgrade.failure = undefined;
    assert.ok((await rig.resume()).ok);
  }),
);

test(
  'goes on with what --from began although the file has lost the step that it named',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook(
      '  - {id: a, uses: web}\n  - {id: b, uses: web}\n  - {id: c, uses: web}\n  - {id: d, uses: web}\n',
    );
    rig.world.set('a', true);
    await rig.run({from: 'c'});
    assert.equal(rig.acts(), [], 'b has to be there already, and is not');

    await rig.runbook(
      '  - {id: a, uses: web}\n  - {id: new, uses: web}\n  - {id: b, uses: web}\n  - {id: d, uses: web}\n',
    );
    rig.world.set('b', true);
    const plan = await rig.planResume();
    assert.equal(
      plan.steps.map(({step, course}) => `${step} ${course}`),
      ['a keep', 'new verify', 'b verify', 'd run'],
    );
    assert.is((await rig.resume()).failed, 'new', 'what stands before is never run');
    rig.world.set('new', true);
    assert.ok((await rig.resume()).ok);

    assert.equal(rig.acts(), ['run d']);
    assert.is(web.runs, 1);
  }),
);

test.run();
