import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Column, columnLines} from '../../cli/columns.ts';
import {ago, spoken, ticking} from '../../cli/time.ts';
import {cut, padded, sizeText, table, widthOf, wrapped} from '../../cli/width.ts';

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

test('says ages and sizes in one unit', () => {
  const minute = 60_000;
  assert.equal([-5, 0, 1000, 89_999, 90_000, 90 * minute, 36 * 60 * minute, 400 * 24 * 60 * minute].map(ago), [
    'just now',
    'just now',
    '1 s ago',
    '89 s ago',
    '1 min ago',
    '1 h ago',
    '1 d ago',
    '400 d ago',
  ]);
  assert.equal([0, 812, 999, 1000, 4149, 12_300_000, 2e13].map(sizeText), [
    '0 B',
    '812 B',
    '999 B',
    '1.0 kB',
    '4.1 kB',
    '12 MB',
    '20 TB',
  ]);
});

test('leaves out of a table what is least needed, until the rest fits', () => {
  const columns: Column[] = [
    {title: 'RUN', cells: ['a', 'bc']},
    {title: 'TOOK', cells: ['1 s', '10 s'], align: 'right', dispensable: 1},
    {title: 'SIZE', cells: ['1 kB', '2 kB'], dispensable: 2},
  ];
  const lines = (room: number): string[] => columnLines(columns, room, (title) => title);

  assert.equal(lines(15), ['RUN  TOOK  SIZE', 'a     1 s  1 kB', 'bc   10 s  2 kB']);
  assert.equal(lines(14), ['RUN  TOOK', 'a     1 s', 'bc   10 s']);
  assert.equal(lines(8), ['RUN', 'a', 'bc']);
  assert.equal(lines(1), ['RUN', 'a', 'bc']);
});

test.run();
