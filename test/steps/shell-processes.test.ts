import {execFile} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {StepContext} from '../../engine/step-type.ts';
import {type StepRig, stepTest} from '../step-rig.ts';
import {run} from './shell-script.ts';

const test = suite('shell: its processes');

/** The environment of one step, by which its processes are found again. */
const marked = (rig: StepRig, overrides: Partial<StepContext> = {}) =>
  rig.context({env: {...process.env, RUNBOOK_STEP: `${rig.unique}/step/1`}, ...overrides});

/** A zombie has ended: only its parent has not asked yet. */
const isAlive = async (pid: number): Promise<boolean> => {
  assert.ok(pid > 1);
  if (process.platform === 'linux') {
    return !/\) [ZX]/.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X'));
  }
  return (await promisify(execFile)('ps', ['-p', String(pid)]).catch(() => undefined)) !== undefined;
};

/** The process whose number the script wrote to a file. */
const writtenIn = async (rig: StepRig, file: string) => Number(await readFile(join(rig.dir, file), 'utf8'));

test(
  'does not wait for a child in the background that keeps the pipe open',
  stepTest(async (rig) => {
    const result = await run({run: 'sleep 30 & echo $!'}, rig.context());

    rig.cleanup(() => process.kill(Number(result.stdout), 'SIGKILL'));
    assert.ok(await isAlive(Number(result.stdout)), 'what it started in the background stays');
  }),
);

test(
  'does not wait for a child in the background that prints for ever',
  stepTest(async (rig) => {
    await run({run: 'yes & true'}, rig.context());
  }),
);

test(
  'ends the whole group when the time is over, and settles when it is gone',
  stepTest(async (rig) => {
    const context = marked(rig, {signal: AbortSignal.timeout(300)});
    const script = 'sleep 31 & echo $! >child; echo $$ >self; wait';

    const error = await run({run: script}, context).then(
      () => undefined,
      (reason) => reason,
    );

    assert.is(error?.name, 'TimeoutError');
    assert.not.ok(await isAlive(await writtenIn(rig, 'child')));
    assert.not.ok(await isAlive(await writtenIn(rig, 'self')));
  }),
);

test(
  'ends a descendant that left the group',
  stepTest(async (rig) => {
    if (process.platform !== 'linux') return;
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 500);
    const script = `setsid sh -c 'echo $$ >far; exec sleep 32' & sleep 32`;

    await run({run: script}, marked(rig, {signal: stop.signal})).catch(() => undefined);

    assert.not.ok(await isAlive(await writtenIn(rig, 'far')));
  }),
);

test(
  'kills what does not end when it is asked to',
  stepTest(async (rig) => {
    const script = `trap '' TERM; echo $$ >self; while :; do sleep 0.1; done`;

    await run({run: script}, marked(rig, {signal: AbortSignal.timeout(300)})).catch(() => undefined);

    assert.not.ok(await isAlive(await writtenIn(rig, 'self')));
  }),
);

test(
  'lets a process clean up in its grace period',
  stepTest(async (rig) => {
    const script = `trap 'echo cleaned >mark; exit 1' TERM; while :; do sleep 0.05; done`;

    await run({run: script}, marked(rig, {signal: AbortSignal.timeout(300)})).catch(() => undefined);

    assert.is(await readFile(join(rig.dir, 'mark'), 'utf8'), 'cleaned\n');
  }),
);

test(
  'starts nothing when it is already over',
  stepTest(async (rig) => {
    await run({run: 'touch started'}, rig.context({signal: AbortSignal.abort(new Error('over'))})).catch(
      () => undefined,
    );

    assert.is((await rig.sh('test -e started')).code, 1);
  }),
);

test.run();
