import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {StepError} from '../../engine/step-type.ts';
import {cleaner, lostRun, makes, removals, type Shelf, shelf, WEB} from '../clean-rig.ts';
import {rejects, rigTest} from '../rig.ts';

const test = suite('clean, by kinds of things');

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
    await lostRun(rig);
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
    await lostRun(rig);
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
    const run = await lostRun(rig);
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

test.run();
