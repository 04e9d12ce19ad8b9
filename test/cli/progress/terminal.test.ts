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

/** Steps as the items of a `foreach` are. */
const itemsOf = (id: string, count: number): StepInfo[] =>
  Array.from({length: count}, (_, index) => ({...info(`${id}[${index}]`), title: `Do ${id} (${index})`}));

const runOf = (steps: readonly StepInfo[]): Event => ({...runStarted(), steps}) as Event;

test('leaves one line of many items that ended well, and one of each that did not', async () => {
  const terminal = new Terminal(80, 24);
  const progress = new TerminalProgress({out: terminal, other: new Terminal(80, 24), style: plain});
  const [first, second] = [itemsOf('a', 1000), itemsOf('b', 30)];
  progress.emit(runOf([...first, ...second]));
  for (const {key} of first) for (const event of [started(key), finished(key)]) progress.emit(event);
  for (const {key} of second.slice(0, 12)) for (const event of [started(key), finished(key)]) progress.emit(event);
  const problem = {code: 'command-failed', message: 'exit code 1'} as const;
  progress.emit({type: 'step-failed', step: 'b[12]', problem, durationMs: 1400});
  await progress.pause();

  const lines = terminal.lines().map((line) => line.replace(/ +\S+ m?s$/, '').replace(/(?<=\S) {2,}/, '  '));
  assert.equal(lines, [
    'web  A web server',
    '',
    '  ✔ Do a: 1000 items  ran',
    '  ✖ Do b (12)  failed',
    '      exit code 1',
    '  ✔ Do b: 12 of 30 items  ran',
  ]);
});

test('shows how far the items are that are going on', async () => {
  const terminal = new Terminal(80, 24);
  const progress = new TerminalProgress({out: terminal, other: new Terminal(80, 24), style: plain});
  const items = itemsOf('a', 100);
  progress.emit(runOf(items));
  for (const {key} of items.slice(0, 40)) for (const event of [started(key), finished(key)]) progress.emit(event);
  progress.emit(started('a[40]'));
  await sleep(FRAME_MS);

  assert.match(terminal.lines().join('\n'), /✔ Do a: 40 of 100 items +ran .*\n {2}. Do a \(40\) +running/);
  await progress.pause();
});

test('names an item that ended by itself between two pauses', async () => {
  const terminal = new Terminal(80, 24);
  const progress = new TerminalProgress({out: terminal, other: new Terminal(80, 24), style: plain});
  progress.emit(runOf(itemsOf('a', 100)));
  for (const event of [started('a[0]'), finished('a[0]')]) progress.emit(event);
  await progress.pause();

  assert.match(terminal.lines().at(-1) ?? '', /✔ Do a \(0\) +ran/);
});

test('keeps a line for each of a few items, and for each that printed what is to be read', async () => {
  const terminal = new Terminal(80, 24);
  const progress = new TerminalProgress({out: terminal, other: new Terminal(80, 24), style: plain});
  const reads = itemsOf('look', 21).map((one): StepInfo => ({...one, effect: 'reads'}));
  progress.emit(runOf([...itemsOf('few', 2), ...reads]));
  for (const key of ['few[0]', 'few[1]']) for (const event of [started(key), finished(key)]) progress.emit(event);
  for (const {key} of reads) {
    progress.emit(started(key));
    if (key === 'look[3]') progress.emit({type: 'step-output', step: key, text: 'seen\n'});
    progress.emit(finished(key));
  }
  await progress.pause();

  assert.equal(
    terminal.lines().flatMap((line) => /^ {2}\S (.*?) {2,}|(│ .*)$/.exec(line)?.slice(1).filter(Boolean) ?? []),
    ['Do few (0)', 'Do few (1)', 'Do look (3)', '│ seen', 'Do look: 20 of 21 items'],
  );
});

test.run();
