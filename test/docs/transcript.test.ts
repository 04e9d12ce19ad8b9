import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {differenceOf} from './transcript.ts';

const test = suite('transcripts of the documents');

test('are the same but for ids, times and spaces', () => {
  const shown = ['✔ Greet   ran   12 ms', '', 'run 20261126-193908-88nyy'];
  const printed = ['✔ Greet ran      1.4 s', 'run 20270101-000000-abcde', ''];

  assert.is(differenceOf(shown, printed), undefined);
});

test('may leave out lines, and the end of a line', () => {
  assert.is(differenceOf(['a', '...', 'd ... f', '...'], ['a', 'b', 'c', 'd e f', 'g']), undefined);
});

test('differ by another word, a line too few and a line too many', () => {
  assert.match(differenceOf(['it ran'], ['it failed']) ?? '', 'printed: it failed');
  assert.match(differenceOf(['a', 'b'], ['a']) ?? '', 'shown:   b');
  assert.match(differenceOf(['a'], ['a', 'b']) ?? '', 'printed: b');
  assert.match(differenceOf(['...', 'c'], ['a', 'b']) ?? '', 'shown:   c');
});

test.run();
