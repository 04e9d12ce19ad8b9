import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {turnText, Watch} from '../../cli/watch.ts';
import type {Look, StatusReport} from '../../engine/index.ts';

const test = suite('a watch');

const report = (...looks: readonly Look[]): StatusReport => ({
  run: 'r1',
  runbook: 'web',
  startedAt: '',
  lookedAt: '',
  steps: looks.map((look) => ({...look, title: look.step, uses: 'shell'})),
  drifted: looks.some(({standing}) => standing === 'drifted'),
});

const at = (seconds: number): Date => new Date(2026, 10, 23, 2, 15, seconds);
const drifted = {step: 'a', standing: 'drifted', expected: 'up', found: 'down\nfor good'} as const;

test('says once what has drifted, since when, and when it came back', () => {
  const watch = new Watch();
  const say = (look: Look, seconds: number): string[] => watch.note(report(look), at(seconds)).map(turnText);

  assert.equal(say({step: 'a', standing: 'holds'}, 0), []);
  assert.equal(say(drifted, 5), ['drifted, expected up, found down; for good']);
  assert.is(watch.sinceWhen('a'), 'since 02:15:05');
  assert.equal(say(drifted, 10), []);
  assert.is(watch.sinceWhen('a'), 'since 02:15:05');
  assert.equal(say({step: 'a', standing: 'holds'}, 25), ['holds again, after 20 s']);
  assert.is(watch.sinceWhen('a'), 'again since 02:15:25');
});

test('does not claim to know since when something stood as it did at the first look', () => {
  const watch = new Watch();

  assert.equal(watch.note(report(drifted), at(0)).map(turnText), ['drifted, expected up, found down; for good']);
  assert.is(watch.sinceWhen('a'), 'since 02:15:00 or before');
});

test('says what a run does that goes on meanwhile', () => {
  const watch = new Watch();
  watch.note(report({step: 'a', standing: 'pending'}, {step: 'b', standing: 'pending'}), at(0));

  const turns = watch.note(report({step: 'a', standing: 'running'}, {step: 'b', standing: 'pending'}), at(1));
  const later = watch.note(report({step: 'a', standing: 'holds'}, {step: 'b', standing: 'running'}), at(2));

  assert.equal(turns.map(turnText), ['running']);
  assert.equal(
    later.map((turn) => `${turn.step.step} ${turnText(turn)}`),
    ['a holds', 'b running'],
  );
});

test.run();
