import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type LoggedStep, readRunLog} from '../../engine/run-log.ts';
import {type Ran, type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('run-log');

const textOf = (step: LoggedStep): string[] =>
  [...step.printed()]
    .flat()
    .flatMap((one) => (one.kind === 'line' ? one.text : one.kind === 'begin' ? `-- ${one.label}` : []));

/** A run whose only step waits until it is released. */
const heldRun = async (rig: Rig): Promise<{running: Promise<Ran>; release: () => void}> => {
  const {started, release} = rig.step('web', {effect: 'repeatable'}).hold();
  await rig.runbook('  - {id: web, uses: web}\n');
  const running = rig.run();
  await started;
  return {running, release};
};

test(
  'has for each step how it ended, when it was started, how long it took, and what it printed',
  rigTest(async (rig) => {
    rig.step('web').prints = ['hello\n'];
    const db = rig.step('db', {effect: 'repeatable'});
    db.failure = 'out of disk';
    rig.world.set('there', true);
    rig.step('there');
    await rig.runbook(
      '  - {id: there, uses: there}\n  - {id: web, uses: web, title: The web}\n  - {id: off, uses: web, when: "${{ false }}"}\n  - {id: db, uses: db}\n',
    );
    const {run} = await rig.run();

    const log = await readRunLog(rig.stateDir, run);

    assert.equal(
      log.steps.map(({step, title, ending}) => [step, title, ending]),
      [
        ['there', 'there', 'already-true'],
        ['web', 'The web', 'ran'],
        ['off', 'off', 'skipped'],
        ['db', 'db', 'failed'],
      ],
    );
    assert.equal(log.steps.map(textOf), [[], ['-- 1', 'hello'], [], []]);
    const [, web, off, failed] = log.steps;
    assert.ok(Date.parse(web?.startedAt ?? '') > 0);
    assert.is(off?.startedAt, undefined);
    assert.match(failed?.message ?? '', 'out of disk');
    assert.is(log.run.state, 'failed');
  }),
);

test(
  'tells attempts and an undo apart',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.prints = ['try\n'];
    web.failure = 'no';
    web.during = () => {
      if (web.runs === 2) web.failure = undefined;
    };
    await rig.runbook('  - {id: web, uses: web, retry: {attempts: 2, delay: 1ms}}\n');
    const {run} = await rig.run();

    const [step] = (await readRunLog(rig.stateDir, run)).steps;
    assert.equal(step === undefined ? [] : textOf(step), ['-- 1', 'try', '-- 2', 'try']);

    await rig.undo();
    assert.is((await readRunLog(rig.stateDir, run)).steps[0]?.ending, 'undone');
  }),
);

test(
  'knows a step that runs from one whose process is gone',
  rigTest(async (rig) => {
    const {running, release} = await heldRun(rig);
    const [run = ''] = rig.store.runs();
    assert.is((await readRunLog(rig.stateDir, run)).steps[0]?.ending, 'running');
    release();
    await running;

    rig.crash(2, true);

    assert.is((await readRunLog(rig.stateDir, run)).steps[0]?.ending, 'in-doubt');
  }),
);

test(
  'has an interrupted step, and the same step when it is done',
  rigTest(async (rig) => {
    const {running, release} = await heldRun(rig);
    rig.interrupt();
    const {run} = await running;
    const ending = async (): Promise<string | undefined> => (await readRunLog(rig.stateDir, run)).steps[0]?.ending;
    assert.is(await ending(), 'interrupted');

    release();
    await rig.resume();
    assert.is(await ending(), 'ran');
  }),
);

test(
  'has the items of a step that is named, and refuses one that there is not',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web, foreach: [x, y]}\n  - {id: webby, uses: web}\n');
    const {run} = await rig.run();

    const {steps} = await readRunLog(rig.stateDir, run, 'web');

    assert.equal(steps.map(({step}) => step).sort(), ['web[x]', 'web[y]']);
    assert.match(
      (await rejects(readRunLog(rig.stateDir, run, 'db'), 'unknown-step')).problems[0].expected ?? '',
      'webby',
    );
  }),
);

test.run();
