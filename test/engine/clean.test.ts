import {existsSync, rmSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CleanPlan, type CleanRequest, cleanUp, findOwned, planClean} from '../../engine/clean.ts';
import type {Found} from '../../engine/owned.ts';
import {type OwnedKind, type OwnedThing, StepError, type StepType} from '../../engine/step-type.ts';
import {type FakeStep, type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('clean');

/** A kind of labelled things that a test makes and removes; with all that was removed, in order. */
interface Shelf {
  readonly kind: OwnedKind;
  /** By place and id. */
  readonly things: Map<string, OwnedThing & {readonly where?: string | undefined}>;
  readonly removed: string[];
}

const removals: string[] = [];

const shelf = (kind: string, more: Partial<OwnedKind> = {}): Shelf => {
  const things: Shelf['things'] = new Map();
  const removed = removals;
  const own: OwnedKind = {
    kind,
    after: [],
    list: async ({on}) => [...things.values()].filter(({where}) => where === on),
    async remove({id}) {
      removed.push(`${kind} ${id}`);
      things.delete(id);
    },
    ...more,
  };
  return {kind: own, things, removed};
};

/** Steps of this type make a thing each, called like the step, with its labels. */
const makes = (step: FakeStep, {things}: Shelf, more: Partial<OwnedThing> & {where?: string} = {}): FakeStep => {
  step.during = (_, {labels}) => {
    const name = labels['io.runbook.step'] ?? '';
    const id = `${labels['io.runbook.run']}-${name}`;
    things.set(id, {id, name, labels, state: 'running', ...more});
  };
  return step;
};

interface Clean {
  readonly registry: ReadonlyMap<string, StepType>;
  readonly shelf: Shelf;
  plan(run?: string): Promise<CleanPlan>;
  /** Agrees to what the plan says, of the things of the test: those of the machine are none of its. */
  clean(run?: string, missing?: boolean): ReturnType<typeof cleanUp>;
  /** Name, standing of the run, fate and reason. */
  judged(run?: string): Promise<string[]>;
  host: () => ReturnType<Rig['host']>;
}

const cleaner = (
  rig: Rig,
  step: FakeStep,
  own: Shelf,
  further: readonly Shelf[] = [],
  stateDir = rig.stateDir,
): Clean => {
  const kinds = [own, ...further];
  const owns = kinds.map(({kind}) => kind);
  const registry = new Map([[step.name, {...step.type, owns}]]);
  const host = () => ({...rig.host(), stateDir});
  const request = (run?: string): CleanRequest => ({registry, load: rig.load, ...(run === undefined ? {} : {run})});
  const isOwn = ({kind}: Found): boolean => owns.some((one) => one.kind === kind);
  const plan = async (run?: string): Promise<CleanPlan> => {
    const all = await planClean(request(run), host());
    return {...all, judged: all.judged.filter(({thing}) => isOwn(thing))};
  };
  return {
    registry,
    shelf: own,
    plan,
    host,
    async clean(run, missing = false) {
      return cleanUp(request(run), host(), {plan: await plan(run), missing, tell: async () => {}});
    },
    async judged(run) {
      const {judged} = await plan(run);
      return judged.map(({thing, maker, fate, why}) => `${thing.name}: ${maker.standing}, ${fate}, ${why}`).sort();
    },
  };
};

const WEB = '  - {id: web, uses: web}\n';

const started = async (rig: Rig, steps = WEB): Promise<Clean> => {
  removals.splice(0);
  const own = shelf('thing');
  const step = makes(rig.step('web'), own);
  await rig.runbook(steps);
  return cleaner(rig, step, own);
};

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
    const one = await started(rig, '  - {id: web, uses: web}\n  - {id: next, uses: next}\n');
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
    const one = await started(rig, '  - {id: web, uses: web}\n  - {id: next, uses: next}\n');
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
    const one = await started(rig, '  - {id: web, uses: web}\n  - {id: next, uses: next}\n');
    const next = rig.step('next');
    next.failure = 'no';
    await rig.run();
    next.failure = undefined;
    const newer = await rig.run();

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
    const one = await started(rig, '  - {id: web, uses: web}\n  - {id: next, uses: next}\n');
    const next = rig.step('next');
    next.failure = 'no';
    await rig.run();
    next.failure = undefined;
    const newer = await rig.run();

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
  'never touches what a live run has made, nor orphans of its runbook',
  rigTest(async (rig) => {
    const one = await started(rig, '  - {id: web, uses: web}\n  - {id: next, uses: next}\n');
    const next = rig.step('next');
    const orphan = await rig.run();
    rmSync(rig.store.folderOf(orphan.run), {recursive: true});
    rig.world.clear();
    const held = next.hold();
    const running = rig.run();
    await held.started;

    assert.equal(await one.judged(), ['web: missing, stays, busy', 'web: running, stays, running']);
    assert.equal((await one.clean()).removed, []);
    const [live = ''] = rig.store.runs();
    const error = await rejects(one.plan(live), 'run-held');
    assert.match(error.message, `process ${process.pid}`);
    await rejects(one.clean(orphan.run), 'run-held');
    held.release();
    await running;
    assert.is(one.shelf.things.size, 2);

    assert.equal(await one.judged(), ['web: done, stays, finished', 'web: missing, goes, missing']);
  }),
);

test(
  'knows a live run whose state directory somebody has removed by the journal that it has open',
  rigTest(async (rig) => {
    const one = await started(rig, '  - {id: web, uses: web}\n  - {id: next, uses: next}\n');
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
    const one = await started(rig, '  - {id: web, uses: web}\n  - {id: next, uses: next}\n');
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

test(
  'removes in the order that the kinds ask for, goes on after a failure, and says what is left',
  rigTest(async (rig) => {
    removals.splice(0);
    const networks = shelf('network', {after: ['container', 'machine']});
    const machines = shelf('machine', {after: ['container']});
    const containers = shelf('container');
    const broken: Shelf = shelf('broken', {
      remove: async ({name}) => {
        if (name === 'throws') throw new StepError('it is in use', {found: 'by somebody', next: 'stop that'});
      },
    });
    const step = rig.step('web');
    step.during = (_, {labels}) => {
      for (const own of [networks, machines, containers]) own.things.set('a', {id: 'a', name: 'a', labels, state: ''});
      for (const name of ['throws', 'stays']) broken.things.set(name, {id: name, name, labels, state: ''});
    };
    await rig.runbook(WEB);
    const {run} = await rig.run();
    rmSync(rig.store.folderOf(run), {recursive: true});
    const one = cleaner(rig, step, networks, [broken, machines, containers]);

    const {removed, failed} = await one.clean();

    assert.equal(removals, ['container a', 'machine a', 'network a']);
    assert.is(removed.length, 3);
    const problems = failed.map(({problem}) => problem);
    assert.equal(
      problems.map((one) => [one?.code, one?.message, one?.found, one?.next]),
      [
        ['clean-failed', 'broken "throws" is left: it is in use', 'by somebody', ['stop that']],
        ['clean-failed', 'broken "stays" is left: it is still there', undefined, ['repair the cause, then repeat it']],
      ],
    );
  }),
);

test(
  'names a machine that does not answer, looks into the others, and takes with a machine what is on it',
  rigTest(async (rig) => {
    removals.splice(0);
    const machines = shelf('machine', {places: async () => ['m1', 'm2']});
    const own = shelf('thing', {
      list: async ({on}) => {
        if (on === 'm2') throw new StepError('no route to host');
        return [...own.things.values()].filter(({where}) => where === on);
      },
    });
    const step = rig.step('web');
    step.during = (_, {labels}) => {
      for (const name of ['m1', 'm2']) machines.things.set(name, {id: name, name, labels, state: '', provides: name});
      own.things.set('inside', {id: 'inside', name: 'inside', labels, state: '', where: 'm1'});
      own.things.set('outside', {id: 'outside', name: 'outside', labels, state: ''});
    };
    await rig.runbook(WEB);
    const {run} = await rig.run();
    rmSync(rig.store.folderOf(run), {recursive: true});
    const one = cleaner(rig, step, own, [
      {
        ...machines,
        kind: {
          ...machines.kind,
          remove: async ({id}) => {
            removals.push(`machine ${id}`);
            machines.things.delete(id);
            if (id === 'm1') own.things.delete('inside');
          },
        },
      },
    ]);

    const plan = await one.plan();
    assert.equal(
      plan.unseen.filter(({where}) => where !== undefined),
      [{where: 'm2', message: 'no route to host', wholly: false, kinds: ['thing']}],
    );
    const {removed} = await one.clean();

    assert.equal(removals.sort(), ['machine m1', 'machine m2', 'thing outside']);
    assert.equal(removed.map(({name}) => name).sort(), ['inside', 'm1', 'm2', 'outside']);
  }),
);

test(
  'spares a machine on which another run has something, even by its run’s name when that one is alive',
  rigTest(async (rig) => {
    const own = shelf('thing');
    const machines = shelf('machine', {places: async () => ['m1']});
    const step = rig.step('web');
    step.during = (_, {labels}) => machines.things.set('m1', {id: 'm1', name: 'm1', labels, state: '', provides: 'm1'});
    await rig.runbook(WEB);
    const {run} = await rig.run();
    rmSync(rig.store.folderOf(run), {recursive: true});
    const guest = makes(rig.step('guest'), own, {where: 'm1'});
    await rig.write({'runbooks/guest.yaml': 'name: guest\ntitle: Guest\nsteps:\n  - {id: app, uses: guest}\n'});
    const held = guest.hold();
    const running = rig.run({runbook: await rig.load(join(rig.dir, 'runbooks/guest.yaml'))});
    await held.started;
    const one = cleaner(rig, step, own, [machines]);

    assert.equal(await one.judged(), ['app: running, stays, running', 'm1: missing, stays, hosts']);
    await rejects(one.plan(run), 'run-held');
    held.release();
    await running;
    assert.equal(await one.judged(), ['app: done, stays, finished', 'm1: missing, stays, hosts']);

    assert.equal(await one.judged(run), ['app: done, goes, inside', 'm1: missing, goes, named']);
  }),
);

test(
  'takes only what was agreed to: what has come since then stays',
  rigTest(async (rig) => {
    const one = await started(rig);
    const {run} = await rig.run();
    rmSync(rig.store.folderOf(run), {recursive: true});
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
