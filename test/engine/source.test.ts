import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {excerpt, source} from '../../engine/source.ts';

const test = suite('source');

test('finds the line and column of a character', () => {
  const {placeAt} = source('f.yaml', 'ab\ncde\n\nf');

  assert.equal(placeAt(0), {file: 'f.yaml', line: 1, column: 1});
  assert.equal(placeAt(5), {file: 'f.yaml', line: 2, column: 3});
  assert.equal(placeAt(8), {file: 'f.yaml', line: 4, column: 1});
});

test('quotes a line with a marker under the word', () => {
  assert.is(excerpt('a: 1\nimge: x\n', {file: 'f', line: 2, column: 1}), '2 | imge: x\n  | ^~~~');
});

test('keeps the marker in place behind tabs and beside control characters', () => {
  assert.is(excerpt('\tab\u001b cd', {file: 'f', line: 1, column: 6}), '1 |   ab\ufffd cd\n  |       ^~');
});

test('cuts a long line around the place', () => {
  const [line = '', marker = ''] = excerpt(`${'x'.repeat(500)} here ${'y'.repeat(500)}`, {
    file: 'f',
    line: 1,
    column: 502,
  }).split('\n');

  assert.ok(line.length < 120);
  assert.is(line.slice(marker.indexOf('^'), marker.lastIndexOf('~') + 1), 'here');
});

test('marks the end of a line that is over', () => {
  assert.is(excerpt('ab', {file: 'f', line: 1, column: 9}), '1 | ab\n  |   ^');
  assert.is(excerpt('', {file: 'f', line: 7, column: 1}), '7 | \n  | ^');
});

test.run();
