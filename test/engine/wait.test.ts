import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Waiting, waitFor} from '../../engine/wait.ts';
import {rigTest} from '../rig.ts';

const test = suite('wait');

/** The whole process stands still, as after a SIGSTOP. */
const sleepSoundly = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);

const waiting = (given: Partial<Waiting<boolean>>): Waiting<boolean> => ({
  withinMs: 60_000,
  signal: new AbortController().signal,
  look: async () => true,
  settles: (found) => found,
  onWaiting: () => {},
  ...given,
});

test('looks once where nothing is to be waited for', async () => {
  let looks = 0;
  const found = await waitFor(waiting({withinMs: 0, look: async () => ++looks > 1}));

  assert.is(found, false);
  assert.is(looks, 1);
});

test('looks until it holds, telling what it found', async () => {
  let looks = 0;
  const told: boolean[] = [];
  const found = await waitFor(waiting({look: async () => ++looks === 3, onWaiting: (found) => told.push(found)}));

  assert.is(found, true);
  assert.equal(told, [false, false]);
});

test('gives a look that slept one more before it ends the waiting', async () => {
  let looks = 0;
  const look = async (): Promise<boolean> => {
    if (++looks > 1) return true;
    sleepSoundly();
    return false;
  };

  assert.is(await waitFor(waiting({withinMs: 0, look})), true);
  assert.is(looks, 2);
});

test('gives what it found last when the time has passed', async () => {
  let looks = 0;
  const found = await waitFor(waiting({withinMs: 120, look: async () => ++looks < 0}));

  assert.is(found, false);
  assert.ok(looks >= 2);
});

test(
  'looks again as soon as something changes, long before the next poll is due',
  rigTest(async () => {
    let looks = 0;
    let change = (): void => {};
    async function* changes(signal: AbortSignal): AsyncIterable<void> {
      while (!signal.aborted) {
        await new Promise<void>((resolve) => (change = resolve));
        yield;
      }
    }
    // polling slows down to one look a second; a hundred changes take far less than a hundred looks by polling would
    const found = await waitFor(
      waiting({
        changes,
        look: async () => {
          setImmediate(() => change());
          return ++looks === 100;
        },
      }),
    );

    assert.is(found, true);
  }, 20_000),
);

test('goes on by polling when the changes end or fail', async () => {
  for (const fail of [true, false]) {
    let looks = 0;
    async function* changes(): AsyncIterable<void> {
      yield;
      if (fail) throw new Error('the connection was closed');
    }
    assert.is(await waitFor(waiting({changes, look: async () => ++looks === 5})), true);
  }
});

test('ends the stream of changes when it is done', async () => {
  let ended = false;
  async function* changes(signal: AbortSignal): AsyncIterable<void> {
    signal.addEventListener('abort', () => (ended = true));
    yield;
    await new Promise(() => {});
  }
  let looks = 0;
  await waitFor(waiting({changes, look: async () => ++looks === 3}));

  assert.ok(ended);
});

test('rejects when the signal aborts, also in the middle of a pause', async () => {
  const controller = new AbortController();
  const wait = waitFor(
    waiting({
      signal: controller.signal,
      look: async () => false,
      onWaiting: () => setImmediate(() => controller.abort('SIGINT')),
    }),
  );

  assert.is(await wait.catch((reason: unknown) => reason), 'SIGINT');
});

test('passes on what a look throws', async () => {
  const wait = waitFor(waiting({look: async () => Promise.reject(new Error('a stranger holds the name'))}));

  assert.match(String(await wait.catch((error: unknown) => error)), 'stranger');
});

test.run();
