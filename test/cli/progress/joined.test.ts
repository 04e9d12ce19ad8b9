import {once} from 'node:events';
import {Writable} from 'node:stream';
import {setImmediate as turn} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {writeJoined} from '../../../cli/progress/joined.ts';

const test = suite('progress: joined');

/** A stream, and what reaches the system with one call. */
const recorded = (): {readonly out: Writable; readonly calls: string[]} => {
  const calls: string[] = [];
  const out = new Writable({
    decodeStrings: false,
    write: (chunk, _, done) => {
      calls.push(chunk);
      done();
    },
    writev: (chunks, done) => {
      calls.push(chunks.map(({chunk}) => chunk).join(''));
      done();
    },
  });
  return {out, calls};
};

test('what is written in one turn arrives at once, and after what else is done in that turn', async () => {
  const {out, calls} = recorded();

  writeJoined(out, 'a\n');
  await Promise.resolve();
  calls.push('started\n');
  writeJoined(out, 'b\n');
  await turn();
  writeJoined(out, 'c\n');
  await turn();

  assert.equal(calls, ['started\n', 'a\nb\n', 'c\n']);
});

test('what others write to the same stream keeps its place', async () => {
  const {out, calls} = recorded();

  writeJoined(out, 'a\n');
  out.write('a question\n');
  writeJoined(out, 'b\n');
  await turn();

  assert.is(calls.join(''), 'a\na question\nb\n');
});

test('who waits for the end of what is written waits for all of it', async () => {
  const {out, calls} = recorded();

  writeJoined(out, 'a\n');
  out.end();
  await once(out, 'finish');

  assert.equal(calls, ['a\n']);
});

test.run();
