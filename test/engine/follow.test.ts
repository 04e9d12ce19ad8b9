import {appendFileSync, readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Followed, followRun} from '../../engine/follow.ts';
import {type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('follow');

const QUICKLY = {pauseMs: 1};

/** One line for each thing that is told. */
const lineOf = (one: Followed): string => {
  if (one.kind === 'entry') return 'step' in one.entry ? `${one.entry.type} ${one.entry.step}` : one.entry.type;
  if (one.kind !== 'printed') return one.kind;
  return one.lines.flatMap((line) => (line.kind === 'line' ? `${one.step}: ${line.text}` : [])).join(', ');
};

const told = async (followed: AsyncIterable<Followed>, lines: string[] = []): Promise<string[]> => {
  for await (const one of followed) if (lineOf(one) !== '') lines.push(lineOf(one));
  return lines;
};

const newest = (rig: Rig): string => rig.store.runs()[0] ?? '';

test(
  'tells a run that has ended, and ends',
  rigTest(async (rig) => {
    const web = rig.step('web', {effect: 'repeatable'});
    web.prints = ['hello\n', 'half'];
    rig.step('db').failure = 'no';
    await rig.runbook('  - {id: web, uses: web}\n  - {id: db, uses: db}\n');
    const {run} = await rig.run();

    assert.equal(await told(followRun(rig.stateDir, run)), [
      'run-started',
      'step-started web',
      'web: hello',
      'web: half',
      'step-checkpointed web',
      'step-started db',
      'step-failed db',
      'run-finished',
      'caught-up',
      'ended',
    ]);
  }),
);

test(
  'tells what comes, across steps, until the run ends',
  rigTest(async (rig) => {
    const steps = ['a', 'b'].map((name) => rig.step(name, {effect: 'repeatable'}));
    for (const step of steps) step.prints = [`this is ${step.name}\n`];
    const holds = steps.map((step) => step.hold());
    await rig.runbook('  - {id: a, uses: a}\n  - {id: b, uses: b}\n');
    const running = rig.run();
    await holds[0]?.started;

    const lines: string[] = [];
    const following = told(followRun(rig.stateDir, newest(rig), QUICKLY), lines);
    while (!lines.includes('caught-up')) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(lines, ['run-started', 'step-started a', 'a: this is a', 'caught-up']);
    holds[0]?.release();
    await holds[1]?.started;
    holds[1]?.release();
    await running;

    assert.equal((await following).slice(4), [
      'step-checkpointed a',
      'step-started b',
      'b: this is b',
      'step-checkpointed b',
      'run-finished',
      'ended',
    ]);
  }),
);

test(
  'tells of one step where it is named, and of its items',
  rigTest(async (rig) => {
    const web = rig.step('web', {effect: 'repeatable'});
    web.prints = ['hi\n'];
    rig.step('db');
    await rig.runbook('  - {id: web, uses: web, foreach: [x, y]}\n  - {id: db, uses: db}\n');
    const {run} = await rig.run({concurrency: 1});

    const lines = await told(followRun(rig.stateDir, run, {step: 'web'}));

    assert.not.ok(lines.some((line) => line.includes('db')));
    for (const item of ['web[x]: hi', 'step-checkpointed web[y]']) assert.ok(lines.includes(item), item);
  }),
);

test(
  'follows a run that is gone on with',
  rigTest(async (rig) => {
    const db = rig.step('db', {effect: 'repeatable'});
    db.failure = 'no';
    await rig.runbook('  - {id: db, uses: db}\n');
    const {run} = await rig.run();
    db.failure = undefined;
    const {started, release} = db.hold();
    const resuming = rig.resume();
    await started;

    const following = told(followRun(rig.stateDir, run, QUICKLY));
    release();
    assert.ok((await resuming).ok);

    assert.equal(
      (await following).filter((line) => /^run-|ended/.test(line)),
      ['run-started', 'run-finished', 'run-resumed', 'run-finished', 'ended'],
    );
  }),
);

test(
  'says when the process is gone that has not said how it ended, and reads past what it tore',
  rigTest(async (rig) => {
    rig.step('web', {effect: 'repeatable'});
    await rig.runbook('  - {id: web, uses: web}\n');
    const {run} = await rig.run();
    const file = rig.journalFile(run);
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines.slice(0, 2).join('\n')}\n${lines[2]?.slice(0, 30)}`);

    const followed: Followed[] = [];
    for await (const one of followRun(rig.stateDir, run)) followed.push(one);

    const end = followed.at(-1);
    assert.ok(end?.kind === 'ended' && end.facts?.goingSince !== undefined);
    assert.equal(followed.map(lineOf), ['run-started', 'step-started web', 'caught-up', 'ended']);
  }),
);

test(
  'tells each entry of a journal that grows while it is read once, whole',
  rigTest(async (rig) => {
    const web = rig.step('web', {effect: 'repeatable'});
    const {started, release} = web.hold();
    await rig.runbook(`${Array.from({length: 40}, (_, n) => `  - {id: s${n}, uses: web, needs: []}\n`).join('')}`);
    const running = rig.run({concurrency: 40});
    await started;
    const following = told(followRun(rig.stateDir, newest(rig), {pauseMs: 0}));
    release();
    const {run} = await running;

    const entries = (await following).filter((line) => line.startsWith('step-') || line.startsWith('run-'));

    assert.equal(
      entries,
      rig.journal(run).map((entry) => lineOf({kind: 'entry', entry})),
    );
  }),
);

test(
  'does not hide that a journal is damaged',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    const {run} = await rig.run();
    appendFileSync(rig.journalFile(run), 'nonsense\n');

    await rejects(told(followRun(rig.stateDir, run)), 'journal-damaged');
  }),
);

test(
  'waits for a run that is about to begin',
  rigTest(async (rig) => {
    const open = rig.store.create('test', '20260101-000000-aaaaa');
    const following = told(followRun(rig.stateDir, open.run, QUICKLY));
    await new Promise((resolve) => setImmediate(resolve));
    open.journal.close();
    open.lock.release();

    assert.equal(await following, ['caught-up', 'ended']);
  }),
);

test.run();
