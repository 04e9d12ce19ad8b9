import {type ChildProcess, spawn} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {endSurvivors, findSurvivors} from '../../engine/survivors.ts';
import {rigTest} from '../rig.ts';

const test = suite('survivors');

const run = `test-${process.pid}`;

const started: ChildProcess[] = [];

/** A process of its own group that carries a step's mark; resolves when it runs its script. */
const start = async (mark: string, script: string): Promise<{pid: number; gone: Promise<unknown>}> => {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    env: {PATH: process.env.PATH ?? '', RUNBOOK_STEP: mark},
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(child);
  const gone = new Promise((resolve) => child.on('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return {pid: child.pid ?? 0, gone};
};

const namesOf = (pids: readonly number[]): Promise<string[]> =>
  Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').then((text) => text.trim())));

test.after(() => {
  for (const {pid, exitCode, signalCode} of started) {
    if (pid === undefined || exitCode !== null || signalCode !== null) continue;
    process.kill(-pid, 'SIGKILL');
  }
});

test(
  'finds the processes of one step, of any of its attempts, and of no other',
  rigTest(async () => {
    const one = await start(`${run}/web/1`, 'echo; exec sleep 60');
    const two = await start(`${run}/web/2`, 'echo; exec sleep 60');
    await start(`${run}/web2/1`, 'echo; exec sleep 60');
    await start(`${run}-other/web/1`, 'echo; exec sleep 60');

    assert.equal([...(await findSurvivors(`${run}/web/`))].toSorted(), [one.pid, two.pid].toSorted());
    assert.is((await findSurvivors(`${run}/`)).length, 3);
  }),
);

test(
  'ends a process and its children, and waits until they are gone',
  rigTest(async () => {
    const {gone} = await start(`${run}/tree/1`, 'sleep 60 & sleep 60 & echo; wait');
    // the environment of a process can't be read in the moment in which it becomes another program
    while ((await namesOf(await findSurvivors(`${run}/tree/`))).filter((name) => name === 'sleep').length < 2);

    assert.ok((await endSurvivors(`${run}/tree/`)) >= 3);

    await gone;
    assert.equal(await findSurvivors(`${run}/tree/`), []);
  }),
);

test(
  'kills what does not end when it is asked to',
  rigTest(async () => {
    const {gone} = await start(`${run}/deaf/1`, "trap '' TERM; echo; while :; do sleep 1; done");

    await endSurvivors(`${run}/deaf/`, 100);

    await gone;
    assert.equal(await findSurvivors(`${run}/deaf/`), []);
  }),
);

test(
  'finds nothing where nothing is',
  rigTest(async () => {
    assert.is(await endSurvivors(`${run}/none/`), 0);
  }),
);

test(
  'finds the mark of a step with any characters in its name',
  rigTest(async () => {
    await start(`${run}/wéb[a b/ü]/1`, 'echo; exec sleep 60');

    assert.is(await endSurvivors(`${run}/wéb[a b/ü]/`), 1);
  }),
);

test(
  'are ended before a step in doubt is looked at',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    const ran = await rig.run();
    rig.crash(2, false);
    const {gone} = await start(`${ran.run}/web/1`, 'echo; exec sleep 60');

    const resumed = await rig.resume();

    await gone;
    assert.ok(resumed.ok);
    assert.is(web.runs, 2);
    assert.ok(resumed.events.some((event) => event.type === 'notice' && event.code === 'survivors-ended'));
  }),
);

test.run();
