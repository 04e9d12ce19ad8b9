import {execFile} from 'node:child_process';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {AwakeWatch, withLimit} from '../../engine/limit.ts';

const test = suite('limits');

const never = new AbortController().signal;

/** The whole process stands still, as after a SIGSTOP. */
const sleepSoundly = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);

test('end what takes too long', async () => {
  const hangs = (limit: AbortSignal) =>
    new Promise((_, reject) => limit.addEventListener('abort', () => reject(limit.reason)));
  const alive = setInterval(() => {}, 1000);
  try {
    await withLimit(50, never, hangs);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).name, 'TimeoutError');
  } finally {
    clearInterval(alive);
  }
});

test('wait for what does not end no longer than the grace period', async () => {
  const stop = new AbortController();
  const limited = withLimit(60_000, stop.signal, () => new Promise(() => {}));
  stop.abort('SIGINT');

  assert.is(await limited.catch((reason) => reason), 'SIGINT');
});

test('leave what was answered in time alone', async () => {
  let signal: AbortSignal | undefined;
  await withLimit(20, never, async (limit) => {
    signal = limit;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));

  assert.is(signal?.aborted, false);
});

test('let an answer be read that came while the process did not run', async () => {
  const answer = await withLimit(
    300,
    never,
    (limit) =>
      new Promise((resolve, reject) => {
        execFile('sh', ['-c', 'sleep 0.1; echo answer'], (error, stdout) => (error ? reject(error) : resolve(stdout)));
        limit.addEventListener('abort', () => reject(limit.reason));
        sleepSoundly();
      }),
  );

  assert.is(answer, 'answer\n');
});

test('do not count the time in which the process did not run', () => {
  const watch = new AwakeWatch();
  sleepSoundly();

  assert.is(watch.naps, 1);
  assert.ok(watch.elapsedMs < 2400);
  watch.stop();
});

test.run();
