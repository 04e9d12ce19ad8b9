import {existsSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cleanUp, findOwned} from '../../engine/clean.ts';
import {StepError, type StepType} from '../../engine/step-type.ts';
import {lostRun, replaced, started, WEB_AND_NEXT} from '../clean-rig.ts';
import {rigTest} from '../rig.ts';

const test = suite('clean');

test(
  'tells of each thing which run has made it, and how that run stands',
  rigTest(async (rig) => {
    const one = await started(rig);
    const {run} = await rig.run();

    const {things, makers} = await findOwned({registry: one.registry}, one.host());

    const [thing] = things.filter(({kind}) => kind === 'thing');
    assert.is(thing?.run, run);
    assert.is(thing?.step, 'web');
    assert.is(thing?.runbook, 'test');
    assert.is(thing?.uses, 'web');
    assert.is(thing?.state, 'running');
    assert.is(makers.get(run)?.standing, 'done');
  }),
);

test(
  'leaves alone what a finished or a resumable run has made',
  rigTest(async (rig) => {
    const one = await started(rig, WEB_AND_NEXT);
    rig.step('next').failure = 'no';
    await rig.run();

    assert.equal(await one.judged(), ['web: failed, stays, finished']);
    const {removed, failed} = await one.clean();

    assert.equal([removed, failed], [[], []]);
    assert.is(one.shelf.things.size, 1);
  }),
);

test(
  'takes away what an undo has left, what a newer run replaced, and what has no journal any more',
  rigTest(async (rig) => {
    const one = await started(rig, WEB_AND_NEXT);
    const next = rig.step('next');
    const undone = await rig.run();
    await rig.undo({run: undone.run});
    next.failure = 'no';
    const superseded = await rig.run();
    rig.world.clear();
    const lost = await rig.run();
    rig.world.clear();
    const kept = await rig.run();
    rmSync(rig.store.folderOf(lost.run), {recursive: true});

    const {judged} = await one.plan();
    const whys = Object.fromEntries(judged.map(({thing, fate, why}) => [thing.run, `${fate}: ${why}`]));
    assert.equal(whys, {
      [undone.run]: 'goes: undone',
      [superseded.run]: 'goes: superseded',
      [lost.run]: 'goes: missing',
      [kept.run]: 'stays: finished',
    });
    const {removed} = await one.clean();

    assert.equal(removed.map(({run}) => run).sort(), [undone.run, superseded.run, lost.run].sort());
    assert.equal(
      [...one.shelf.things.values()].map(({labels}) => labels['io.runbook.run']),
      [kept.run],
    );
    assert.equal((await one.clean()).removed, [], 'the second time there is nothing');
  }),
);

test(
  'takes away what is left when the whole state directory is gone',
  rigTest(async (rig) => {
    const one = await started(rig);
    await rig.run();
    rmSync(rig.stateDir, {recursive: true});

    assert.equal(await one.judged(), ['web: missing, goes, missing']);
    await one.clean();

    assert.is(one.shelf.things.size, 0);
    assert.not.ok(existsSync(rig.stateDir), 'it is not made for that');
  }),
);

test(
  'keeps what a replaced run has made as long as the newer one needs it',
  rigTest(async (rig) => {
    const {one, newer} = await replaced(rig);

    assert.equal(await one.judged(), ['web: superseded, stays, needed']);
    assert.is((await one.plan()).judged[0]?.by, newer.run);
    assert.equal((await one.clean()).removed, []);

    await rig.undo({run: newer.run});
    assert.equal(await one.judged(), ['web: superseded, goes, superseded']);
  }),
);

test(
  'takes away by its name what a run has made and what it needed of replaced ones',
  rigTest(async (rig) => {
    const {one, newer} = await replaced(rig);

    assert.equal(await one.judged(newer.run), ['web: superseded, goes, named']);
    const {removed} = await one.clean(newer.run);

    assert.is(removed.length, 1);
    assert.is(one.shelf.things.size, 0);
  }),
);

test(
  'keeps what the outputs of a later run name, whatever its runbook is called',
  rigTest(async (rig) => {
    const one = await started(rig);
    const first = await rig.run();
    const [id = ''] = one.shelf.things.keys();
    rmSync(rig.store.folderOf(first.run), {recursive: true});
    const other = rig.step('other');
    other.outputs = {value: {id}};
    await rig.write({'runbooks/other.yaml': 'name: other\ntitle: Other\nsteps:\n  - {id: it, uses: other}\n'});
    const runbook = await rig.load(join(rig.dir, 'runbooks/other.yaml'));
    const later = await rig.run({runbook});

    assert.equal(await one.judged(), ['web: missing, stays, needed']);
    assert.is((await one.plan()).judged[0]?.by, later.run);
  }),
);

test(
  'undoes a run that is named first, so that its journal knows, and sweeps what the journal does not know',
  rigTest(async (rig) => {
    const one = await started(rig);
    const {run} = await rig.run();
    const [labels] = [...one.shelf.things.values()].map((thing) => thing.labels);
    one.shelf.things.set('more', {id: 'more', name: 'more', labels: labels ?? {}, state: ''});

    const plan = await one.plan(run.slice(-5));
    const {undo, removed} = await one.clean(run);

    assert.equal(
      plan.undo.map(({step, action}) => `${action} ${step}`),
      ['undo web'],
    );
    assert.equal(undo?.undone, ['web']);
    assert.is(removed.length, 2);
    assert.is(one.shelf.things.size, 0);
    assert.is((await rig.store.summaries())[0]?.state, 'undone');
    assert.equal(await rig.standings(run), {web: 'undone'});
    assert.equal((await one.clean(run)).removed, []);
  }),
);

test(
  'takes a step back again whose undo has failed for what was swept meanwhile',
  rigTest(async (rig) => {
    const one = await started(rig);
    const {run} = await rig.run();
    const step = one.registry.get('web') as StepType;
    let tries = 0;
    const undo: StepType['undo'] = async (options, context) => {
      tries++;
      if (one.shelf.things.size > 0) throw new StepError('something is in the way');
      await step.undo?.(options, context);
    };
    (one.registry as Map<string, StepType>).set('web', {...step, undo});

    const cleaned = await one.clean(run);

    assert.is(tries, 2);
    assert.equal(cleaned.undo?.failed, []);
    assert.equal(cleaned.failed, []);
    assert.is((await rig.store.summaries())[0]?.state, 'undone');
  }),
);

test(
  'takes only what was agreed to: what has come since then stays',
  rigTest(async (rig) => {
    const one = await started(rig);
    await lostRun(rig);
    const plan = await one.plan();
    const [thing] = one.shelf.things.values();
    one.shelf.things.set('late', {id: 'late', name: 'late', labels: thing?.labels ?? {}, state: ''});

    const request = {registry: one.registry, load: rig.load};
    const {removed} = await cleanUp(request, one.host(), {plan, missing: false, tell: async () => {}});

    assert.equal(
      removed.map(({name}) => name),
      ['web'],
    );
    assert.equal([...one.shelf.things.keys()], ['late']);
  }),
);

test.run();
