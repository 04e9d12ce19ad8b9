import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {OutputLines, shownLine} from '../../../cli/progress/output-lines.ts';
import {PlainLines} from '../../../cli/progress/plain-lines.ts';
import {summary, Tally} from '../../../cli/progress/tally.ts';
import {plain} from '../../../cli/streams.ts';
import type {Event} from '../../../engine/index.ts';

const test = suite('plain progress');

const linesOf = (...events: readonly Event[]): string[] => {
  let text = '';
  const lines = new PlainLines({write: (chunk) => (text += chunk)}, plain, {
    now: () => new Date(2026, 10, 23, 2, 15, 30),
  });
  for (const event of events) lines.emit(event);
  return text.trimEnd().split('\n');
};

const started: Event = {type: 'step-started', step: 'web', attempt: 1, command: 'docker run \\\n  nginx'};
const finished: Event = {
  type: 'step-finished',
  step: 'web',
  how: 'ran',
  outputs: {},
  durationMs: 1400,
  evidence: [],
};

test('is one line per event, with the time and the step', () => {
  assert.equal(linesOf(started, {type: 'step-output', step: 'web', text: 'pulling\nhalf a l'}, finished), [
    '02:15:30 web       start $ docker run \\',
    '02:15:30 web           nginx',
    '02:15:30 web       | pulling',
    '02:15:30 web       | half a l',
    '02:15:30 web       ran (1.4 s)',
  ]);
});

test('calls a step possibly hung once for each reason', () => {
  const overdue = (why: 'slow' | 'silent', usuallyMs?: number): Event => ({
    ...{type: 'step-overdue', step: 'web', why, elapsedMs: 90_000, silentMs: 60_000},
    ...{endsBy: 'timeout', endsInMs: 510_000},
    ...(usuallyMs === undefined ? {} : {usuallyMs}),
  });

  assert.equal(linesOf(overdue('silent'), overdue('silent'), overdue('slow', 340), overdue('slow', 340)), [
    '02:15:30 web       possibly hung: no output for 60 s; timeout in 8 min 30 s',
    '02:15:30 web       possibly hung: 90 s instead of the usual 1 s; timeout in 8 min 30 s',
  ]);
});

test('says what a check waits for once, and again when it sees something else', () => {
  const waiting = (found: string, elapsedMs: number): Event => ({
    type: 'step-waiting',
    step: 'web',
    expected: 'up',
    found,
    elapsedMs,
    withinMs: 30_000,
  });

  assert.equal(linesOf(waiting('down', 0), waiting('down', 1000), waiting('starting', 2000)), [
    '02:15:30 web       waiting 0 s of 30 s: expected up, found down',
    '02:15:30 web       waiting 2 s of 30 s: expected up, found starting',
  ]);
});

test('does not say of a kept step twice that it holds', () => {
  const lines = linesOf(
    {type: 'step-looked-at', step: 'web', title: 'Web', standing: 'holds'},
    {type: 'resume-planned', run: 'r1', kept: 1, steps: []},
    {...finished, how: 'kept'} as Event,
  );
  assert.equal(lines, ['02:15:30 web       still holds', '02:15:30 1 step is kept']);
});

test('keeps the output of parallel steps apart, whatever the chunks', () => {
  const say = (step: string, text: string): Event => ({type: 'step-output', step, text});

  assert.equal(linesOf(say('a', 'on'), say('b', 'tw'), say('a', 'e\n'), say('b', 'o\n')), [
    '02:15:30 a         | one',
    '02:15:30 b         | two',
  ]);
});

test('shows of a line what a terminal would show in the end', () => {
  assert.is(shownLine('10 %\r100 %\r'), '100 %');
  assert.is(shownLine('\x1b[31mred\x1b[0m\x1b[2K'), 'red');
  assert.is(shownLine('a\u0000b\u0007'), 'a\ufffdb\ufffd');
});

test('cuts what a step prints without end, and says where to read it', () => {
  const started: Event = {
    type: 'run-started',
    run: 'r1',
    runbook: 'web',
    title: 'Web',
    file: 'f',
    resumed: false,
    steps: [],
  };
  const much = Array.from({length: 100}, (): Event => ({type: 'step-output', step: 'web', text: 'y\n'.repeat(50_000)}));
  const lines = linesOf(started, ...much, finished);

  assert.ok(lines.length < 700_000);
  assert.match(lines.at(-2) ?? '', 'runbook log r1 web');
  assert.match(lines.at(-1) ?? '', 'ran');
});

test('does not pile up a line without an end', () => {
  const lines = new OutputLines(3);
  let whole = 0;
  for (let index = 0; index < 1000; index++) whole += lines.push('x'.repeat(1000)).length;

  assert.ok(whole > 50);
  assert.ok((lines.tail(1)[0]?.length ?? 0) <= 20_000);
});

test('counts what became of the steps', () => {
  const tally = new Tally();
  tally.add({type: 'step-looked-at', step: 'a', title: 'A', standing: 'holds'});
  tally.add(finished);
  tally.add({...finished, step: 'b', how: 'already-true'});
  tally.add({...finished, step: 'a', how: 'kept'} as Event);

  assert.is(summary('done', 34_000, tally, plain), '✔ done in 34 s: 1 kept, 1 ran, 1 already true');
});

test.run();
