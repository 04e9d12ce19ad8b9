import {rmSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cleaner, lostRun, started, WEB_AND_NEXT} from '../clean-rig.ts';
import {rejects, rigTest} from '../rig.ts';

const test = suite('clean, beside others');

test(
  'never touches what a live run has made, nor orphans of its runbook',
  rigTest(async (rig) => {
    const one = await started(rig, WEB_AND_NEXT);
    const next = rig.step('next');
    const orphan = await lostRun(rig);
    rig.world.clear();
    const held = next.hold();
    const running = rig.run();
    await held.started;

    assert.equal(await one.judged(), ['web: missing, stays, busy', 'web: running, stays, running']);
    assert.equal((await one.clean()).removed, []);
    const [live = ''] = rig.store.runs();
    const error = await rejects(one.plan(live), 'run-held');
    assert.match(error.message, `process ${process.pid}`);
    await rejects(one.clean(orphan), 'run-held');
    held.release();
    await running;
    assert.is(one.shelf.things.size, 2);

    assert.equal(await one.judged(), ['web: done, stays, finished', 'web: missing, goes, missing']);
  }),
);

test(
  'knows a live run whose state directory somebody has removed by the journal that it has open',
  rigTest(async (rig) => {
    const one = await started(rig, WEB_AND_NEXT);
    const next = rig.step('next');
    const held = next.hold();
    const running = rig.run();
    await held.started;
    rmSync(rig.stateDir, {recursive: true});

    assert.equal(await one.judged(), ['web: running, stays, running']);

    held.release();
    await running.catch(() => {});
    assert.equal(await one.judged(), ['web: missing, goes, missing']);
  }),
);

test(
  'asks another state directory of this host how its run stands, and leaves its things to it',
  rigTest(async (rig) => {
    const one = await started(rig, WEB_AND_NEXT);
    const held = rig.step('next').hold();
    const running = rig.run();
    await held.started;
    const other = cleaner(rig, rig.step('web'), one.shelf, [], join(rig.dir, 'other'));

    assert.equal(await other.judged(), ['web: running, stays, running']);
    held.release();
    const {run} = await running;
    assert.equal(await other.judged(), ['web: done, stays, elsewhere']);
    const error = await rejects(other.plan(run), 'no-such-run');
    assert.equal(error.problems[0].next, [
      `let that one take it away: runbook clean ${run} --state-dir ${rig.stateDir}`,
    ]);
    await rig.undo({run});
    assert.equal(await other.judged(), ['web: undone, stays, elsewhere']);
  }),
);

test(
  'sets apart what it knows nothing of: another host’s, without a word of where, of a place that is gone or another one',
  rigTest(async (rig) => {
    const one = await started(rig);
    const labels = {'io.runbook.run': '20260101-000000-aaaaa', 'io.runbook.step': 'web', 'io.runbook.runbook': 'test'};
    const places = {
      far: 'far.example:/srv/.runbook',
      none: '',
      gone: `${hostname()}:${rig.dir}/gone/.runbook#`,
      twin: `${rig.store.place.replace(/#.*/, '#0123456789ab')}`,
    };
    for (const [index, [name, place]] of Object.entries(places).entries()) {
      const run = `20260101-000000-aaaa${index}`;
      const all = {...labels, 'io.runbook.run': run, ...(place !== '' && {'io.runbook.state': place})};
      one.shelf.things.set(name, {id: name, name, labels: all, state: ''});
    }

    assert.equal(
      await one.judged(),
      ['far', 'gone', 'none', 'twin'].map((name) => `${name}: unknown, apart, unknown`),
    );
    assert.equal((await one.clean()).removed, []);
    // by its name, or with a word of its own
    assert.equal(
      (await one.clean('20260101-000000-aaaa0')).removed.map(({name}) => name),
      ['far'],
    );
    assert.equal((await one.clean(undefined, true)).removed.map(({name}) => name).sort(), ['gone', 'none', 'twin']);
  }),
);

test(
  'does not take for ours what no run of ours can have written',
  rigTest(async (rig) => {
    const one = await started(rig);
    const label = (run: string, step: string, runbook: string) => ({
      'io.runbook.run': run,
      'io.runbook.step': step,
      'io.runbook.runbook': runbook,
    });
    const all = [
      label('', 'a', 'b'),
      label('../../etc', 'a', 'b'),
      label('r', 'a', '../x'),
      label('r', 'a\nb', 'b'),
      {},
    ];
    for (const [index, labels] of all.entries())
      one.shelf.things.set(String(index), {id: String(index), name: 'x', labels, state: ''});

    assert.equal(await one.judged(), []);
  }),
);

test.run();
