import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Tally} from '../../../cli/progress/tally.ts';
import type {Event, StepInfo} from '../../../engine/index.ts';

const test = suite('tally');

const textOf = (keys: readonly string[], ...events: readonly Event[]): string => {
  const steps = keys.map((key): StepInfo => ({key, title: key, uses: 'shell', effect: 'converges', needs: []}));
  const tally = new Tally();
  const start: Event = {
    type: 'run-started',
    run: 'r1',
    runbook: 'web',
    title: '',
    file: '/web.yaml',
    resumed: false,
    steps,
  };
  for (const event of [start, ...events]) tally.add(event);
  return tally.text();
};

const ran = (step: string): Event => ({
  type: 'step-finished',
  step,
  how: 'ran',
  outputs: {},
  durationMs: 1,
  evidence: [],
});

const looked = (step: string, standing: 'holds' | 'drifted'): Event => ({
  type: 'step-looked-at',
  step,
  title: step,
  standing,
});

test('counts what became of each step', () => {
  const kept: Event = {...(ran('a') as Event & {type: 'step-finished'}), how: 'kept'};
  const failed: Event = {
    type: 'step-failed',
    step: 'c',
    durationMs: 1,
    problem: {code: 'command-failed', message: 'no'},
  };
  assert.is(textOf(['a', 'b', 'c'], kept, ran('b'), failed), '1 kept, 1 ran, 1 failed');
});

test('counts the steps that nobody came to, whyever', () => {
  const blocked: Event = {type: 'step-skipped', step: 'b', reason: 'needs-failed'};
  assert.is(textOf(['a', 'b', 'c', 'd'], ran('a'), blocked), '1 ran, 3 not started');
});

test('counts a step that was kept, and is done again, once', () => {
  assert.is(textOf(['a', 'b'], looked('a', 'holds'), ran('a'), ran('b')), '2 ran');
  assert.is(textOf(['a', 'b'], looked('a', 'holds'), looked('b', 'drifted')), '1 kept, 1 not started');
});

test.run();
