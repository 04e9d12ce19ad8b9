import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {MASK, Redactor} from '../../engine/redact.ts';
import type {Json} from '../../engine/step-type.ts';

const test = suite('redact');

const knowing = (...secrets: readonly string[]): Redactor => {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
};

const SECRET = 'hunter/2+ "ü" & 50%~(it\'s)!*';

test('masks a secret as it is', () => {
  assert.is(
    knowing('hunter2').text('the password is hunter2, again: hunter2'),
    `the password is ${MASK}, again: ${MASK}`,
  );
});

test('masks base64 and base64url', () => {
  for (const encoding of ['base64', 'base64url'] as const) {
    const shown = knowing(SECRET).text(`Authorization: ${Buffer.from(SECRET).toString(encoding)};`);
    assert.is(shown, `Authorization: ${MASK};`);
  }
});

test('masks base64 at all alignments, whatever stands around the secret', () => {
  const encoding = fc.constantFrom<BufferEncoding>('base64', 'base64url');
  const secrets = fc.string({minLength: 4, maxLength: 40, unit: 'grapheme'}).filter((text) => text.length >= 4);
  fc.assert(
    fc.property(secrets, fc.string(), fc.string(), encoding, (secret, before, behind, encoding) => {
      const whole = Buffer.from(before + secret + behind).toString(encoding);
      const shown = knowing(secret).text(whole);
      // what is left must not decode to the secret
      assert.is(Buffer.from(shown, encoding).includes(secret), false);
      assert.ok(shown.includes(MASK));
    }),
    {numRuns: 300},
  );
});

test('masks what URLs make of it', () => {
  const strict = encodeURIComponent(SECRET).replace(
    /[!'()*~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const forms = [
    encodeURIComponent(SECRET),
    strict,
    strict.replaceAll('%7E', '~'),
    strict.replaceAll('%2F', '/'),
    strict.toLowerCase(),
    encodeURIComponent(SECRET).replaceAll('%20', '+'),
    new URLSearchParams({x: SECRET}).toString().slice(2),
  ];
  for (const form of forms) assert.is(knowing(SECRET).text(`?x=${form}&y`), `?x=${MASK}&y`, form);
});

test('masks what JSON makes of it, once and twice', () => {
  const secret = 'a "quoted"\\ line ü/';
  const once = JSON.stringify(secret);
  const ascii = once.replaceAll('ü', '\\u00fc');
  for (const text of [once, ascii, once.replaceAll('/', '\\/')])
    assert.is(knowing(secret).text(`{"x":${text}}`), `{"x":"${MASK}"}`);
  assert.is(knowing(secret).text(JSON.stringify(once)).includes('quoted'), false);
});

test('masks each line of a secret of several lines', () => {
  const redactor = knowing('first line\nsecond line\r\nthird');

  assert.is(redactor.text('| second line |'), `| ${MASK} |`);
  assert.is(redactor.text('first line\r\nsecond line'), `${MASK}\r\n${MASK}`);
  assert.is(redactor.text(Buffer.from('second line').toString('base64')), MASK);
});

test('masks the longest secret first', () => {
  assert.is(knowing('token', 'token-and-more').text('token-and-more token'), `${MASK} ${MASK}`);
  assert.is(knowing('token-and-more', 'token').text('token-and-more token'), `${MASK} ${MASK}`);
});

test('masks the names of members too', () => {
  const value: Json = {hunter2: ['x hunter2', {deep: 'hunter2'}, 5, null, true]};

  assert.equal(knowing('hunter2').json(value), {[MASK]: [`x ${MASK}`, {deep: MASK}, 5, null, true]});
});

test('masks the lines into which tools break base64', () => {
  const secret = Array.from({length: 40}, (_, i) => `part${i}`).join('-');
  for (const width of [64, 76]) {
    const lines = Buffer.from(secret)
      .toString('base64')
      .replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\n');
    assert.match(knowing(secret).text(lines), /^(\*{3}\n)+\*{3}=*$/);
  }
});

test('masks numbers', () => {
  assert.equal(knowing('123456').json([123456, 7123456, 12345]), [MASK, MASK, 12345]);
});

test('masks what programs colour, and leaves the colours', () => {
  const coloured = 'a \x1b[01;31m\x1b[Khun\x1b[m\x1b[Kter2 b';

  assert.is(knowing('hunter2').text(coloured), `a \x1b[01;31m\x1b[K${MASK}\x1b[m\x1b[K b`);
  for (let at = 0; at <= coloured.length; at++)
    assert.is(
      streamed(knowing('hunter2'), [coloured.slice(0, at), coloured.slice(at)]),
      `a \x1b[01;31m\x1b[K${MASK}\x1b[m\x1b[K b`,
    );
});

test('masks secrets that overlap, as one', () => {
  const redactor = knowing('abcdef', 'defghi');

  assert.is(redactor.text('x abcdefghi y'), `x ${MASK} y`);
  for (let at = 0; at <= 13; at++)
    assert.is(streamed(redactor, ['x abcdefghi y'.slice(0, at), 'x abcdefghi y'.slice(at)]), `x ${MASK} y`);
});

test('masks a secret of megabytes', () => {
  const secret = Array.from({length: 300_000}, (_, i) => (i * 7919 + (i >> 3)).toString(36)).join('');
  const redactor = knowing(secret);

  assert.is(redactor.text(`[${secret}]`), `[${MASK}]`);
  assert.is(redactor.text(`[${secret.slice(5000, 9000)}]`).length < 2100, true);
});

test('masks the beginning of a secret where a text was cut', () => {
  const redactor = knowing('hunter2-and-more');

  assert.is(redactor.text('found hunter2-an… (90 characters)'), `found ${MASK}… (90 characters)`);
  assert.is(redactor.text('found hunter2-an...'), `found ${MASK}...`);
  assert.is(streamed(redactor, ['killed at hunter2-an']), `killed at ${MASK}`);
  assert.is(redactor.text('a hunter...'), 'a hunter...', 'so little gives nothing away');
});

test('says which secrets are too short to be hidden', () => {
  const redactor = new Redactor();

  assert.is(redactor.add('abc'), false);
  assert.is(redactor.add(''), false);
  assert.is(redactor.add('\x1b[1mab\r'), false, 'of which a terminal shows two characters');
  assert.is(redactor.text('abc'), 'abc');
});

test('takes secrets for text, not for patterns', () => {
  assert.is(knowing('a.c(d)*$').text('abcd a.c(d)*$'), `abcd ${MASK}`);
});

const streamed = (redactor: Redactor, chunks: readonly string[]): string => {
  const stream = redactor.stream();
  return [...chunks.map((chunk) => stream.push(chunk)), stream.end()].join('');
};

test('masks a secret that is cut into two chunks at any offset', () => {
  const text = `before ${SECRET} between ${Buffer.from(SECRET).toString('base64')} behind`;

  for (let at = 0; at <= text.length; at++)
    assert.is(streamed(knowing(SECRET), [text.slice(0, at), text.slice(at)]), `before ${MASK} between ${MASK} behind`);
});

test('gives a stream the same mask as the whole text, however it is cut', () => {
  const letters = fc.string({unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 6});
  const texts = fc.array(fc.oneof(letters, fc.string({unit: fc.constantFrom('a', 'b', 'c', ' ')})), {maxLength: 8});
  fc.assert(
    fc.property(fc.array(letters, {minLength: 1, maxLength: 3}), texts, (secrets, chunks) => {
      const redactor = knowing(...secrets);
      const shown = streamed(redactor, chunks);
      for (const secret of secrets) assert.is(shown.includes(secret), false, `${shown} holds ${secret}`);
      assert.is(shown, redactor.text(chunks.join('')));
    }),
    {numRuns: 2000},
  );
});

test('holds nothing back that cannot become a secret', () => {
  const stream = knowing('hunter2').stream();

  assert.is(stream.push('a whole line\n'), 'a whole line\n');
  assert.is(stream.push('ends with hun'), 'ends with ');
});

test.run();
