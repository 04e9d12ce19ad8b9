import {setImmediate as turn} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Joined} from '../../../cli/progress/joined.ts';

const test = suite('progress: joined');

const joinedTo = (out: string[]): Joined => new Joined({write: (text) => void out.push(text), writableLength: 7});

test('what is written in one turn arrives at once, and after what else is done in that turn', async () => {
  const out: string[] = [];
  const joined = joinedTo(out);

  joined.write('a\n');
  await Promise.resolve();
  out.push('started\n');
  joined.write('b\n');
  await turn();
  joined.write('c\n');
  await turn();

  assert.equal(out, ['started\n', 'a\nb\n', 'c\n']);
});

test('what is left is handed over before somebody else writes, and only once', async () => {
  const out: string[] = [];
  const joined = joinedTo(out);

  joined.write('a\n');
  joined.flush();
  out.push('a question\n');
  await turn();

  assert.equal(out, ['a\n', 'a question\n']);
});

test('it counts what nobody has taken yet, its own included', () => {
  const joined = joinedTo([]);
  joined.write('four');

  assert.is(joined.writableLength, 11);
  joined.flush();
  assert.is(joined.writableLength, 7);
});

test.run();
