import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Board} from '../../../cli/progress/board.ts';
import {type Frame, liveLines} from '../../../cli/progress/live.ts';
import {titleColumns} from '../../../cli/progress/rows.ts';
import {settledLines} from '../../../cli/progress/settled.ts';
import {plain} from '../../../cli/streams.ts';
import {widthOf} from '../../../cli/width.ts';
import type {Event, Look, ResumeStep, StepInfo} from '../../../engine/index.ts';

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

const looked = (step: string, look: Partial<Look> & Pick<Look, 'standing'>): Event => ({
  type: 'step-looked-at',
  step,
  title: `Title of ${step}`,
  ...look,
});

const ahead = (step: string, more: Partial<ResumeStep> & Pick<ResumeStep, 'standing' | 'course'>): ResumeStep => ({
  step,
  title: `Title of ${step}`,
  why: '',
  dependsOn: [],
  command: '',
  ...more,
});

/** A board before a resume has begun: only the looks have been told. */
const lookedBoard = (...looks: readonly Event[]): Board => {
  const board = new Board();
  for (const event of looks) board.apply(event, 0);
  return board;
};

test('counts a step that is kept once, by the look at it', () => {
  const board = lookedBoard(looked('a', {standing: 'holds'}));
  const steps = [info('a'), info('b')];
  board.apply({type: 'run-started', run: 'r1', runbook: 'web', title: 'Web', file: 'f', resumed: true, steps}, 0);
  board.apply({type: 'step-finished', step: 'a', how: 'kept', outputs: {}, durationMs: 0, evidence: []}, 0);

  assert.is(board.finished, 1);
  assert.is(board.total, 2);
});

test('says for how long it looks before it resumes', () => {
  const board = lookedBoard({type: 'looking', run: 'r1', runbook: 'web', title: 'Web', steps: 37});

  assert.equal(liveLines(board, frameOf(board, 3000)), ['  * looking at 37 steps  3 s']);
});

test('says what the looks have found, and what is done now and why', () => {
  const board = lookedBoard(
    looked('a', {standing: 'holds'}),
    looked('b', {standing: 'drifted', expected: 'up', found: 'down'}),
    looked('c', {standing: 'edited', diff: ' run: |\n-  make old\n+  make new'}),
    looked('d', {standing: 'pending'}),
  );
  const planned: Event = {
    type: 'resume-planned',
    run: 'r1',
    kept: 1,
    steps: [
      ahead('b', {standing: 'drifted', course: 'run', why: 'its check does not hold any more', command: 'make b'}),
      ahead('c', {standing: 'edited', course: 'remake', why: 'it was edited', command: 'make c', undoCommand: 'rm c'}),
      ahead('d', {standing: 'pending', course: 'run', why: 'it was not done yet', command: '(\nset -eu\nmake d\n)'}),
    ],
  };

  assert.equal(settledLines(planned, board, frameOf(board, 0)), [
    '  = Title of a        still holds',
    '  ✖ Title of b        drifted',
    '      expected  up',
    '      found     down',
    '  ~ Title of c        edited',
    '       run: |',
    '      -  make old',
    '      +  make new',
    '',
    '  what is done now',
    '    b  run: its check does not hold any more',
    '      $ make b',
    '    c  taken back, then made anew: it was edited',
    '      $ rm c',
    '      $ make c',
    '    d  run: it was not done yet',
    '      $ set -eu; make d',
    '  1 step is kept',
    '',
  ]);
});

test('gives many steps that hold one line, and each that does not its own', () => {
  const keys = Array.from({length: 200}, (_, index) => `s${index}`);
  const looks = keys.map((key) => looked(key, {standing: key === 's50' ? 'drifted' : 'holds'}));
  const board = lookedBoard(...looks);
  const steps = [
    ahead('s50', {standing: 'drifted', course: 'run', why: 'its check does not hold any more'}),
    ...keys.slice(51).map((key) => ahead(key, {standing: 'holds', course: 'recheck', why: 's50 is done first'})),
  ];
  const planned: Event = {type: 'resume-planned', run: 'r1', kept: 50, steps};

  assert.equal(settledLines(planned, board, frameOf(board, 0)), [
    '  = 50 steps          still hold     s0 … s49',
    '  ✖ Title of s50      drifted',
    '  = 149 steps         still hold     s51 … s199',
    '',
    '  what is done now',
    '    s50  run: its check does not hold any more',
    '    149 steps  kept if it still holds: s50 is done first  s51 … s199',
    '  50 steps are kept',
    '',
  ]);
  assert.ok(settledLines(planned, board, frameOf(board, 0), true).length > 300);
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
