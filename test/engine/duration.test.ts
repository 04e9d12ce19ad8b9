import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {formatDuration, parseDuration} from '../../engine/duration.ts';

const test = suite('duration');

test('reads numbers with units', () => {
  for (const [text, ms] of Object.entries({
    '500ms': 500,
    '60s': 60_000,
    '2m': 120_000,
    '1h30m': 5_400_000,
    '1.5s': 1500,
    '0s': 0,
  }))
    assert.is(parseDuration(text), ms);
});

test('refuses a number without a unit, and says what was meant', () => {
  for (const value of ['60', 60]) assert.is((parseDuration(value) as {next: string}).next, 'did you mean "60s"?');
});

test('refuses anything else', () => {
  for (const value of ['', 'x', '5x', '-1s', '30m1h', '1s1s', ' 1s', '1s ', null, true, {}, '1e3s', '999999d'])
    assert.is(typeof parseDuration(value), 'object', JSON.stringify(value));
});

test('writes durations for people', () => {
  const texts = [0, 350, 999, 2500, 60_000, 90_000, 7_200_000, 3_661_000].map(formatDuration);
  assert.equal(texts, ['0ms', '350ms', '999ms', '2.5s', '1m', '1m30s', '2h', '1h1m1s']);
});

test.run();
