import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {giveBack} from '../../cli/give-back.ts';

const test = suite('giving memory back');

const MEGABYTE = 1024 * 1024;

/** As large as what V8 keeps for small ones: nothing but a collection of all that is old takes it away. */
const old = (): object[] => Array.from({length: 1_500_000}, (_, n) => ({n, next: [n]}));

test('what nobody holds any more is gone, and programs still find no way to ask for that', () => {
  let held: object[] | undefined = old();
  const before = process.memoryUsage().heapUsed;
  assert.ok(before > 100 * MEGABYTE, `${held.length} objects take ${before} bytes`);

  held = undefined;
  giveBack();

  const gone = before - process.memoryUsage().heapUsed;
  assert.ok(gone > 50 * MEGABYTE, `${gone} of ${before} bytes`);
  assert.is(Reflect.get(globalThis, 'gc'), undefined);
});

test.run();
