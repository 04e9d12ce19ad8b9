import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Board} from '../../../cli/progress/board.ts';
import {type Frame, liveLines} from '../../../cli/progress/live.ts';
import {titleColumns} from '../../../cli/progress/rows.ts';
import {settledLines} from '../../../cli/progress/settled.ts';
import {plain} from '../../../cli/streams.ts';
import {widthOf} from '../../../cli/width.ts';
import type {Event, StepInfo} from '../../../engine/index.ts';

const test = suite('live progress');

const info = (key: string, usuallyMs?: number): StepInfo => ({
  key,
  title: `Title of ${key}`,
  uses: 'shell',
  effect: 'repeatable',
  needs: [],
  ...(usuallyMs === undefined ? {} : {usuallyMs}),
});

const boardOf = (keys: readonly string[], ...events: readonly Event[]): Board => {
  const board = new Board();
  const steps = keys.map((key) => info(key, 8000));
  board.apply({type: 'run-started', run: 'r1', runbook: 'web', title: 'Web', file: 'f', resumed: false, steps}, 0);
  for (const event of events) board.apply(event, 0);
  return board;
};

const frameOf = (board: Board, now: number, columns = 80, rows = 24): Frame => ({
  columns,
  rows,
  now,
  spinner: '*',
  style: plain,
  title: titleColumns(
    [...board.infos.values()].map(({title}) => title),
    columns,
  ),
});

const started = (step: string, attempt = 1): Event => ({type: 'step-started', step, attempt, command: `make ${step}`});
const finished = (step: string): Event => ({
  type: 'step-finished',
  step,
  how: 'ran',
  outputs: {},
  durationMs: 1400,
  evidence: [],
});

const overdue = (why: 'slow' | 'silent'): Event => ({
  ...{type: 'step-overdue', step: 'a', why, elapsedMs: 90_000, silentMs: 80_000, usuallyMs: 8000},
  ...{endsBy: 'timeout', endsInMs: 510_000},
});

test('calls a silent step possibly hung, until it prints again', () => {
  const board = boardOf(['a'], started('a'), overdue('silent'));

  assert.equal(liveLines(board, frameOf(board, 10_000)).slice(0, 2), [
    '  * Title of a        running        10 s, usually 8 s',
    '      ! possibly hung: no output for 90 s; usually 8 s; timeout in 8 min 20 s',
  ]);

  board.apply({type: 'step-output', step: 'a', text: 'alive\n'}, 10_000);
  assert.not.match(liveLines(board, frameOf(board, 10_000)).join('\n'), 'hung');
});

test('calls a slow step possibly hung, also while its check is waited for', () => {
  const board = boardOf(['a'], started('a'), overdue('slow'));

  board.apply({type: 'step-output', step: 'a', text: 'alive\n'}, 10_000);
  assert.is(
    liveLines(board, frameOf(board, 70_000))[1],
    '      ! possibly hung: 70 s instead of the usual 8 s; timeout in 7 min 20 s',
  );

  board.apply({type: 'step-waiting', step: 'a', expected: 'up', found: 'down', elapsedMs: 0, withinMs: 30_000}, 70_000);
  assert.is(
    liveLines(board, frameOf(board, 80_000))[1],
    '      ! possibly hung: 80 s instead of the usual 8 s; given up in 20 s',
  );
});

test('a step that is tried again is not called hung any more', () => {
  const board = boardOf(['a'], started('a'), overdue('silent'), started('a', 2));

  assert.not.match(liveLines(board, frameOf(board, 10_000)).join('\n'), 'hung');
});

test('shows what runs, how long it usually takes, its last output, and what comes next', () => {
  const board = boardOf(['a', 'b', 'c'], started('a'), {type: 'step-output', step: 'a', text: 'one\ntwo'});

  assert.equal(liveLines(board, frameOf(board, 3000)), [
    '  * Title of a        running        3 s, usually 8 s',
    '      $ make a',
    '      │ one',
    '      │ two',
    '  · Title of b        pending',
    '  · Title of c        pending',
    '',
    '  0 of 3 done · 1 running · 3 s · run r1',
  ]);
});

test('shows what a waiting check expects and what it found, and the time that it has', () => {
  const waiting: Event = {
    type: 'step-waiting',
    step: 'a',
    expected: '4 members',
    found: '3 members',
    elapsedMs: 14_000,
    withinMs: 60_000,
  };
  const board = boardOf(['a'], started('a'), waiting);

  assert.equal(liveLines(board, frameOf(board, 500)), [
    '  * Title of a        waiting        14 s of 60 s',
    '      $ make a',
    '      expected  4 members',
    '      found     3 members',
    '',
    '  0 of 1 done · 1 running · 0 s · run r1',
  ]);
});

test('says why and when a step is tried again', () => {
  const retry: Event = {type: 'step-retrying', step: 'a', attempt: 2, attempts: 3, delayMs: 4000, message: 'exit 1'};
  const board = boardOf(['a'], started('a'), retry);

  const [row = '', , why] = liveLines(board, frameOf(board, 1000));
  assert.match(row, 'retrying');
  assert.is(why, '      attempt 2 of 3 in 3 s: exit 1');
});

test('is never higher or wider than the terminal', () => {
  const keys = Array.from({length: 200}, (_, index) => `step-with-a-long-name-${index}`);
  const output = (step: string): Event => ({type: 'step-output', step, text: 'wide '.repeat(100)});
  const board = boardOf(keys, ...keys.slice(0, 60).flatMap((key) => [started(key), output(key)]));

  for (const rows of [1, 3, 4, 5, 8, 24, 100])
    for (const columns of [20, 40, 80, 200]) {
      const lines = liveLines(board, frameOf(board, 1000, columns, rows));
      assert.ok(lines.length <= Math.max(1, rows - 1), `${lines.length} lines on ${rows} rows`);
      if (columns >= 80) for (const line of lines) assert.ok(widthOf(line) < columns, `${columns}: ${line}`);
    }
});

test('counts a step that is kept once, by the look at it', () => {
  const board = boardOf(
    ['a', 'b'],
    {type: 'step-looked-at', step: 'a', standing: 'holds'},
    {type: 'step-finished', step: 'a', how: 'kept', outputs: {}, durationMs: 0, evidence: []},
  );

  assert.is(board.finished, 1);
  assert.is(board.total, 2);
});

test('does again what a look found drifted', () => {
  const drifted: Event = {type: 'step-looked-at', step: 'a', standing: 'drifted', expected: 'up', found: 'down'};
  const board = boardOf(['a'], drifted);

  assert.ok(board.pending.has('a'));
  assert.equal(settledLines(drifted, board, frameOf(board, 0)), [
    '  ✖ Title of a        drifted',
    '      expected  up',
    '      found     down',
  ]);
});

test('leaves a line with a mark, a word and a duration for a finished step', () => {
  const board = boardOf(['a'], started('a'), finished('a'));

  assert.equal(settledLines(finished('a'), board, frameOf(board, 0)), ['  ✔ Title of a        ran            1.4 s']);
});

test('knows steps that the run did not announce', () => {
  const board = boardOf([], started('late'));
  assert.match(liveLines(board, frameOf(board, 0))[0] ?? '', '* late');
});

test('says that it is stopping, and that a second Ctrl-C is immediate', () => {
  const board = boardOf(['a', 'b'], started('a'), {type: 'interrupted', reason: 'SIGINT'});
  const lines = liveLines(board, frameOf(board, 0));

  assert.match(lines.at(-1) ?? '', 'stopping (SIGINT), Ctrl-C again kills at once');
  assert.not.ok(lines.some((line) => line.includes('pending')));
});

test.run();
