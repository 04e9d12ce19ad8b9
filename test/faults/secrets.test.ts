import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {MASK, Redactor} from '../../engine/redact.ts';
import {SEED, times} from '../random.ts';
import {ENCODERS, secrets} from './canaries.ts';

const test = suite('secrets');

const BEFORE = 'before [';
const BEHIND = '] behind';

const maskingOf = (...known: readonly string[]): Redactor => {
  const redactor = new Redactor();
  for (const secret of known) redactor.add(secret);
  return redactor;
};

const streamed = (redactor: Redactor, chunks: readonly string[]): string => {
  const stream = redactor.stream();
  return [...chunks.map((chunk) => stream.push(chunk)), stream.end()].join('');
};

/** What is left between the brackets, without the masks. */
const leftOf = (shown: string): string => {
  assert.ok(shown.startsWith(BEFORE) && shown.endsWith(BEHIND), shown);
  return shown
    .slice(BEFORE.length, -BEHIND.length)
    .replaceAll(MASK, '')
    .replace(/[\r\n]/g, '');
};

/** How much of a text may stay where only the secret in it is masked: what the encoder puts around, and its edges. */
const mayStay = (name: string, secret: string): number => {
  const around = ENCODERS[name]?.('').length ?? 0;
  return around === 0 ? 10 * (secret.split(/\r?\n/).length - 1) : around + 6;
};

test('no encoding of a secret passes, wherever its chunks are cut', () => {
  const cuts = fc.array(fc.nat(400), {maxLength: 5});
  fc.assert(
    fc.property(secrets, fc.constantFrom(...Object.keys(ENCODERS)), cuts, (secret, name, cuts) => {
      // what begins like an entity of its own is masked as it is, and the rest of the entity stays
      fc.pre(!name.includes('HTML') || !/&[a-z#]/i.test(secret));
      const encoded = ENCODERS[name]?.(secret) ?? '';
      const text = BEFORE + encoded + BEHIND;
      const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      const chunks = places.slice(1).map((to, index) => text.slice(places[index], to));
      const shown = streamed(maskingOf(secret), chunks);
      assert.ok(
        leftOf(shown).length <= mayStay(name, secret),
        `${name}: ${JSON.stringify(text)} became ${JSON.stringify(shown)}`,
      );
    }),
    {numRuns: times(1000), seed: SEED},
  );
});

test.run();
