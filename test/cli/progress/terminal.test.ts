import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {TerminalProgress} from '../../../cli/progress/terminal.ts';
import {plain} from '../../../cli/streams.ts';
import type {Event, StepInfo} from '../../../engine/index.ts';
import {Terminal} from '../../terminal.ts';

const test = suite('progress on a terminal');

const info = (key: string): StepInfo => ({key, title: key, uses: 'shell', effect: 'repeatable', needs: []});
const runStarted = (...keys: string[]): Event => ({
  type: 'run-started',
  run: 'r1',
  runbook: 'web',
  title: 'A web server',
  file: 'f',
  resumed: false,
  steps: keys.map(info),
});
const started = (step: string): Event => ({type: 'step-started', step, attempt: 1, command: `make ${step}`});
const finished = (step: string): Event => ({
  type: 'step-finished',
  step,
  how: 'ran',
  outputs: {},
  durationMs: 1400,
  evidence: [],
});

const FRAME_MS = 150;

test('leaves the finished steps behind, in order, and the cursor visible', async () => {
  const terminal = new Terminal(80, 24);
  const progress = new TerminalProgress({out: terminal, other: new Terminal(80, 24), style: plain});
  for (const event of [runStarted('a', 'b'), started('a')]) progress.emit(event);
  await sleep(FRAME_MS);
  assert.ok(terminal.cursorHidden);
  assert.match(terminal.lines().join('\n'), /. a +running/);

  for (const event of [finished('a'), started('b'), finished('b')]) progress.emit(event);
  await progress.pause();

  assert.not.ok(terminal.cursorHidden);
  assert.equal(terminal.lines(), [
    'web  A web server',
    '',
    '  ✔ a                 ran            1.4 s',
    '  ✔ b                 ran            1.4 s',
  ]);
});

test('keeps its hands off the terminal while it is paused, and tells afterwards what happened', async () => {
  const terminal = new Terminal(80, 24);
  const progress = new TerminalProgress({out: terminal, other: new Terminal(80, 24), style: plain});
  for (const event of [runStarted('a', 'b'), started('a'), started('b')]) progress.emit(event);
  await sleep(FRAME_MS);
  await progress.pause();
  const {writes} = terminal;

  progress.emit(finished('a'));
  await sleep(FRAME_MS);
  assert.is(terminal.writes, writes);

  progress.resume();
  progress.resume();
  await progress.pause();
  assert.match(terminal.lines().join('\n'), '✔ a');
});

test('what libraries print meanwhile comes after the drawing, not into it', async () => {
  const terminal = new Terminal(80, 24);
  const progress = new TerminalProgress({out: terminal, other: new Terminal(80, 24), style: plain});
  progress.emit(runStarted('a'));
  await sleep(FRAME_MS);
  terminal.write('a warning\n');
  await sleep(FRAME_MS);
  assert.not.match(terminal.lines().join('\n'), 'a warning');

  await progress.pause();

  assert.is(terminal.lines().at(-1), 'a warning');
});

test('draws ten thousand steps, each of which leaves its line', async () => {
  const terminal = new Terminal(80, 24);
  const progress = new TerminalProgress({out: terminal, other: new Terminal(80, 24), style: plain});
  const keys = Array.from({length: 10_000}, (_, index) => `s${index}`);

  progress.emit(runStarted(...keys));
  for (const key of keys) for (const event of [started(key), finished(key)]) progress.emit(event);
  await progress.pause();

  assert.is(terminal.lines().length, keys.length + 2);
});

test.run();
