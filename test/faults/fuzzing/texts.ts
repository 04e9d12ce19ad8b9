import * as fc from 'fast-check';

/** Keys and values that have hurt parsers before. */
export const HOSTILE = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '<<',
  '~',
  'null',
  'true',
  'no',
  '0',
  '-0',
  '1e999',
  '-1e999',
  '.inf',
  '.nan',
  '0x7fffffffffffffff',
  '99999999999999999999999999999999',
  '1_000',
  '0o17',
  '2024-01-01',
  '12:30:45',
  '=',
  '!!binary aGk=',
  '!!js/function "x"',
  '!!python/object:os.system [x]',
  '!!set {a, b}',
  '!!omap [a: 1]',
  '!unknown x',
  '!<tag:yaml.org,2002:str> x',
  '&a',
  '*a',
  '&a *a',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '|',
  '>-',
  '? ',
  '- ',
  ': ',
  ' #',
  '---',
  '...',
  '%YAML 1.2',
  '%TAG ! tag:x,2000:',
  '${{',
  '}}',
  '${{ }}',
  '$${{',
  '${{ inputs }}',
  '${{ inputs.constructor }}',
  '${{ steps.__proto__.outputs.x }}',
  '${{ env["__proto__"] }}',
  '${{ "}}" + \'}}\' }}',
  '${{ """',
  '\\',
  '\t',
  '\r',
  '\r\n',
  '\u0000',
  '\u0007',
  '\u001b[2J',
  '\u0085',
  '\u2028',
  '\u200b',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\u{1f4a9}',
  'é',
  '\ue000A\ue001',
  '\ue002',
  '-1',
  '9007199254740993',
  '10000h',
  '1h1h',
  '../../../etc/passwd',
  '/dev/zero',
  'child',
  'main',
] as const;

export const hostile = fc.constantFrom(...HOSTILE);

/** How often something is repeated: rarely very often, which tells what takes quadratic time. */
export const repetitions = fc.oneof(
  {weight: 6, arbitrary: fc.integer({min: 2, max: 9})},
  {weight: 2, arbitrary: fc.integer({min: 60, max: 300})},
  {weight: 1, arbitrary: fc.constantFrom(5_000, 90_000)},
);

/** A change of a text. */
export type Change = (text: string) => string;

/** The most that a change may make of it: what is larger is refused at once. */
const LARGEST = 1_000_000;

const at = (text: string, share: number): number => Math.floor(share * (text.length + 1));

const share = fc.double({min: 0, max: 1, noNaN: true, maxExcluded: true});

const lineAt = (lines: readonly string[], where: number): number => Math.floor(where * lines.length);

const onLines =
  (change: (lines: string[]) => void): Change =>
  (text) => {
    const lines = text.split('\n');
    change(lines);
    return lines.join('\n');
  };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(share, hostile).map(
    ([where, what]): Change =>
      (text) =>
        text.slice(0, at(text, where)) + what + text.slice(at(text, where)),
  ),
  // a value or a key replaced by another
  fc.tuple(share, hostile).map(
    ([where, what]): Change =>
      (text) => {
        const words = [...text.matchAll(/[^\s:,[\]{}"']+/g)];
        const word = words[Math.floor(where * words.length)];
        return word === undefined ? what : text.slice(0, word.index) + what + text.slice(word.index + word[0].length);
      },
  ),
  fc.tuple(share, share).map(
    ([from, to]): Change =>
      (text) =>
        text.slice(0, at(text, Math.min(from, to))) + text.slice(at(text, Math.max(from, to))),
  ),
  share.map((where) => onLines((lines) => void lines.splice(lineAt(lines, where), 1))),
  fc
    .tuple(share, share)
    .map(([from, to]) => onLines((lines) => void lines.splice(lineAt(lines, to), 0, lines[lineAt(lines, from)] ?? ''))),
  fc.tuple(share, fc.integer({min: 0, max: 12})).map(([where, indent]) =>
    onLines((lines) => {
      const line = lineAt(lines, where);
      lines[line] = ' '.repeat(indent) + (lines[line] ?? '').trimStart();
    }),
  ),
  // a stretch, repeated
  fc.tuple(share, fc.integer({min: 1, max: 40}), repetitions).map(
    ([where, length, times]): Change =>
      (text) => {
        const start = at(text, where);
        const part = text.slice(start, start + length);
        return (
          text.slice(0, start) +
          part.repeat(Math.min(times, Math.floor(LARGEST / (part.length || 1)))) +
          text.slice(start + length)
        );
      },
  ),
  fc.tuple(share, hostile, repetitions).map(
    ([where, what, times]): Change =>
      (text) =>
        text.slice(0, at(text, where)) +
        what.repeat(Math.min(times, Math.floor(LARGEST / what.length))) +
        text.slice(at(text, where)),
  ),
  fc.tuple(share, repetitions).map(([where, times]) =>
    onLines((lines) => {
      const line = lineAt(lines, where);
      const text = lines[line] ?? '';
      lines.splice(line, 1, ...Array(Math.min(times, Math.floor(LARGEST / (text.length + 1)))).fill(text));
    }),
  ),
  fc.constant<Change>((text) => text.replaceAll('\n', '\r\n')),
  fc.constant<Change>((text) => `\ufeff${text}`),
);

export const changes: fc.Arbitrary<Change> = fc
  .array(change, {minLength: 1, maxLength: 5})
  .map((all) => (text) => all.reduce((before, one) => one(before), text).slice(0, 6 * LARGEST));

/** A text as bytes; now and then not UTF-8. */
export const bytesOf = (text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc.oneof(
    {weight: 12, arbitrary: text.map((one) => Buffer.from(one))},
    {
      weight: 1,
      arbitrary: fc
        .tuple(text, share, fc.constantFrom([0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8], [0xfe, 0xff], [0]))
        .map(([one, where, bytes]) => {
          const all = Buffer.from(one);
          const cut = Math.floor(where * all.length);
          return Buffer.concat([all.subarray(0, cut), Buffer.from(bytes), all.subarray(cut)]);
        }),
    },
    {weight: 1, arbitrary: text.map((one) => Buffer.from(one, 'utf16le'))},
    {weight: 1, arbitrary: text.map((one) => Buffer.from(one, 'latin1'))},
  );
