import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {spoken, ticking} from '../../cli/time.ts';
import {cut, padded, table, widthOf, wrapped} from '../../cli/width.ts';

const test = suite('width and time');

test('cuts by columns, not by characters', () => {
  assert.is(cut('consul', 6), 'consul');
  assert.is(cut('consul', 4), 'con…');
  assert.is(cut('漢字漢字', 5), '漢字…');
  assert.ok(widthOf(cut('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 4)) <= 4);
  assert.is(cut('x', 0), '');
});

test('pads and aligns by columns', () => {
  assert.is(padded('漢字', 6), '漢字  ');
  assert.equal(
    table([
      ['a', '漢', 'x'],
      ['bcd', 'e', 'y'],
    ]),
    ['a    漢  x', 'bcd  e   y'],
  );
});

test('wraps at words', () => {
  assert.equal(wrapped('one two three', 7), ['one two', 'three']);
  assert.equal(wrapped('extraordinary one', 5), ['extraordinary', 'one']);
});

test('says durations as people do', () => {
  assert.equal([340, 1400, 14_000, 60_000, 125_000, 3_780_000].map(spoken), [
    '340 ms',
    '1.4 s',
    '14 s',
    '60 s',
    '2 min 5 s',
    '1 h 3 min',
  ]);
  assert.equal([0, 999, 1400, 14_900].map(ticking), ['0 s', '0 s', '1 s', '14 s']);
});

test.run();
