import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import type {Writable} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {endInterrupted} from '../../engine/leftovers.ts';
import type {Session} from '../../engine/session.ts';
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

/** Who lives in a session. */
const membersOf = (session: number): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, , , its] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(its) === session && state !== 'Z';
    } catch {
      return false;
    }
  });

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

    assert.ok((await endSurvivors(`${run}/tree/`)).count >= 3);

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

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test(
  'ends children with an environment of their own, and all of a session that one of them leads',
  rigTest(async () => {
    const deaf = `trap "" TERM; echo $$; while :; do sleep 0.1; done`;
    const {pid, gone} = await start(
      `${run}/clean/1`,
      `env -i PATH="$PATH" sh -c '${deaf}' & (env -i PATH="$PATH" sh -c '${deaf}' &) ; wait`,
    );
    for (let looks = 0; looks < 200 && membersOf(pid).length < 3; looks++) await sleep(25);
    const ended = await endSurvivors(`${run}/clean/`, 200);

    await gone;
    assert.ok(ended.count >= 3, `${ended.count}`);
    assert.equal(ended.left, []);
    assert.equal(membersOf(pid), []);
  }),
);

test(
  'waits until an ended process has lost its number: "kill -0" finds it so long',
  rigTest(async () => {
    const {pid} = await start(`${run}/zombie/1`, 'echo; exec sleep 60');

    await endSurvivors(`${run}/zombie/`);

    assert.not(isThere(pid));
  }),
);

test(
  'waits for the number of what an interrupted step had started, and a call before has ended',
  rigTest(async () => {
    // as long as its parent reads, nobody asks how it ended; and nobody leads their session
    const script = "sh -c 'sleep 0.2 >&2 & echo $!; exec cat <&3' &";
    const led = spawn('sh', ['-c', script], {detached: true, stdio: ['ignore', 'pipe', 'inherit', 'pipe']});
    const {stdio} = led;
    const left = new Promise((resolve) => led.once('exit', resolve));
    const pid = await new Promise<number>((resolve) => led.stdout?.once('data', (text) => resolve(Number(text))));
    await left;
    const steps = new Map([['daemon', {status: 'in-doubt', startedAt: new Date().toISOString()}]]);
    const interrupted = {run: `${run}-interrupted`, state: {steps}} as unknown as Session;
    try {
      while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) await sleep(10);
      let isOver = false;
      const waited = endInterrupted(interrupted).then(() => {
        isOver = true;
      });
      await sleep(300);
      assert.not(isOver);

      (stdio[3] as Writable).end();
      await waited; // how soon init asks how it ended is not ours
    } finally {
      stdio[3]?.destroy();
    }
  }),
);

test(
  'spares the shell in which a resume is typed',
  rigTest(async (rig) => {
    const mark = `${run}/inside/1`;
    const survivors = JSON.stringify(new URL('../../engine/survivors.ts', import.meta.url).href);
    await rig.write({
      'end.mts': `import {endSurvivors} from ${survivors};
        console.log(JSON.stringify(await endSurvivors(${JSON.stringify(`${run}/inside/`)})));`,
    });
    const typed = `${process.execPath} --import ${import.meta.resolve('tsx')} ${rig.dir}/end.mts; echo lives on`;
    const {stdout} = await promisify(execFile)('sh', ['-c', typed], {env: {...process.env, RUNBOOK_STEP: mark}});

    assert.is(stdout, '{"count":0,"left":[]}\nlives on\n');
  }),
);

test(
  'finds nothing where nothing is',
  rigTest(async () => {
    assert.equal(await endSurvivors(`${run}/none/`), {count: 0, left: []});
  }),
);

test(
  'finds the mark of a step with any characters in its name',
  rigTest(async () => {
    await start(`${run}/wéb[a b/ü]/1`, 'echo; exec sleep 60');

    assert.is((await endSurvivors(`${run}/wéb[a b/ü]/`)).count, 1);
  }),
);

test(
  'of a step that only reads are ended, and those that a finished step left on purpose live on',
  rigTest(async (rig) => {
    rig.step('web', {effect: 'repeatable'});
    rig.step('look', {effect: 'reads'});
    const last = rig.step('last');
    last.failure = 'no';
    await rig.runbook('  - {id: web, uses: web}\n  - {id: look, uses: look}\n  - {id: last, uses: last}\n');
    const ran = await rig.run();
    rig.crash(3, true);
    const daemon = await start(`${ran.run}/web/1`, 'echo; exec sleep 60');
    const check = await start(`${ran.run}/web/0`, 'echo; exec sleep 60');
    const look = await start(`${ran.run}/look/1`, 'echo; exec sleep 60');

    await rig.resume();

    await Promise.all([check.gone, look.gone]);
    assert.ok(isThere(daemon.pid));
  }),
);

test(
  'are ended before an undo, also where nothing is to be taken back',
  rigTest(async (rig) => {
    rig.step('web', {effect: 'repeatable', undo: false});
    await rig.runbook('  - {id: web, uses: web}\n');
    const ran = await rig.run();
    rig.crash(2, false);
    const {gone} = await start(`${ran.run}/web/1`, 'echo; exec sleep 60');

    assert.equal((await rig.planUndo()).running, ['web']);
    await rig.undo();

    await gone;
  }),
);

test(
  'of an attempt that failed are ended before the next one acts',
  rigTest(async (rig) => {
    const web = rig.step('web', {effect: 'repeatable'});
    await rig.runbook('  - {id: web, uses: web, retry: {attempts: 2, delay: 1ms}}\n');
    const left: Promise<unknown>[] = [];
    web.during = async (_options, {key}) => {
      if (web.runs > 1) return;
      left.push((await start(`${key}/1`, 'echo; exec sleep 60')).gone);
      throw new Error('not the first time');
    };

    assert.ok((await rig.run()).ok);

    await Promise.all(left);
    assert.is(web.runs, 2);
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
