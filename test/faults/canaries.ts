import fc from 'fast-check';

/*
 * Secrets to look for, and what programs make of them. A secret is not to be found where `readable` finds it: it takes
 * everything away by which it may be hidden, in its own way, so that it shares no mistake with what it tests.
 */

/** How a text may be written. Each gives something from which the text can be had back. */
export type Encoder = (text: string) => string;

const hex = (code: number, length: number): string => code.toString(16).padStart(length, '0');
const bytesOf = (text: string): readonly number[] => [...Buffer.from(text)];
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const ascii = (text: string, escaped: (unit: string) => string): string => text.replace(/[^\x20-\x7e]/g, escaped);
const html = (text: string): string =>
  text.replace(
    /[&<>"']/g,
    (char) => ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'})[char] ?? char,
  );
const unicode = (unit: string): string => `\\u${hex(unit.charCodeAt(0), 4)}`;

/** All encodings in which the documents promise to mask a secret. */
export const ENCODERS: Readonly<Record<string, Encoder>> = {
  'as it is': (text) => text,
  'with CRLF': (text) => text.replace(/\r?\n/g, '\r\n'),
  JSON: json,
  'JSON in JSON': (text) => json(json(text)),
  'JSON of Python': (text) => ascii(json(text), unicode),
  'JSON of PHP': (text) => ascii(json(text).replaceAll('/', '\\/'), unicode),
  'JSON of Go': (text) => json(text).replace(/[<>&\u2028\u2029]/g, unicode),
  'JSON in capital letters': (text) => ascii(json(text), (unit) => unicode(unit).toUpperCase().replace('\\U', '\\u')),
  'JSON of nothing but escapes': (text) =>
    [...Array(text.length).keys()].map((index) => unicode(text.charAt(index))).join(''),
  URL: (text) => encodeURIComponent(text),
  'URL in small letters': (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  'a form': (text) => new URLSearchParams({x: text}).toString().slice(2),
  'URL of nothing but escapes': (text) =>
    bytesOf(text)
      .map((byte) => `%${hex(byte, 2)}`)
      .join(''),
  'URL in a URL': (text) => encodeURIComponent(encodeURIComponent(text)),
  'JSON in a URL': (text) => encodeURIComponent(json(text)),
  'JSON of Python in a form': (text) => new URLSearchParams({x: ascii(json(text), unicode)}).toString().slice(2),
  'JSON in HTML': (text) => html(json(text)),
  'C escapes': (text) =>
    bytesOf(text)
      .map((byte) =>
        byte > 0x7e || byte < 0x20 ? `\\x${hex(byte, 2)}` : String.fromCharCode(byte).replace(/["\\]/, '\\$&'),
      )
      .join(''),
  'octal escapes': (text) =>
    bytesOf(text)
      .map((byte) =>
        byte > 0x7e || byte < 0x20
          ? `\\${byte.toString(8).padStart(3, '0')}`
          : String.fromCharCode(byte).replace(/["\\]/, '\\$&'),
      )
      .join(''),
  HTML: (text) => html(text),
  'a shell': (text) => text.replaceAll("'", `'\\''`),
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
  'base64 behind one byte': (text) => Buffer.from(`:${text}`).toString('base64'),
  'base64 behind two bytes': (text) => Buffer.from(`u:${text}:`).toString('base64'),
  'base64 for URLs behind a byte': (text) => Buffer.from(`:${text}`).toString('base64url'),
  'base64 in lines of 76': (text) => lines(Buffer.from(`user=a, password=${text}; and so on`).toString('base64'), 76),
  'base64 in lines of 64': (text) => lines(Buffer.from(`password=${text}; and so on`).toString('base64'), 64),
  'base64 in JSON of PHP': (text) => Buffer.from(text).toString('base64').replaceAll('/', '\\/'),
  'base64 in a URL': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
};

const lines = (text: string, width: number): string => text.replace(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\n');

/** A secret of the kinds that people have. */
export const secrets: fc.Arbitrary<string> = fc.oneof(
  fc.string({minLength: 4, maxLength: 30}),
  fc.string({minLength: 4, maxLength: 30, unit: 'grapheme'}),
  fc.stringMatching(/^[A-Za-z0-9+/=_-]{8,60}$/),
  fc.stringMatching(/^[ "'\\$%&<>+/;()*.^|{}[\]!-]{4,20}$/),
  fc.array(fc.string({minLength: 4, maxLength: 20}), {minLength: 2, maxLength: 4}).map((parts) => parts.join('\n')),
  fc.uuid(),
);

/** The forms of a secret by which it could be had back from an artefact. */
export const needlesOf = (secret: string): ReadonlyMap<string, string> => {
  const parts = [secret, ...secret.split(/\r?\n/)].filter((part) => part.length >= 4);
  const alone = Object.entries(ENCODERS).filter(([name]) => !/base64/.test(name));
  return new Map(
    parts.flatMap((part) => [
      ...alone.map(([name, encoder]): [string, string] => [encoder(part), name]),
      ...[0, 1, 2].flatMap((shift) =>
        inner(part, shift).map((text): [string, string] => [text, `base64 behind ${shift} bytes`]),
      ),
    ]),
  );
};

const inner = (text: string, shift: number): readonly string[] => {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
  const whole = bytes.length - (bytes.length % 3);
  const from = shift === 0 ? 0 : 4;
  return (['base64', 'base64url'] as const)
    .map((kind) => bytes.subarray(0, whole).toString(kind).slice(from))
    .filter((needle) => needle.length >= 8);
};

/** Where secrets stand in a text, in words; empty where there is none. */
export const leaksIn = (text: string, secrets: Readonly<Record<string, string>>): readonly string[] => {
  // as a terminal shows it
  const shown = text.replace(/\x1b\[[0-?]*[ -/]*[@-~]/g, '');
  return Object.entries(secrets).flatMap(([name, secret]) =>
    [...needlesOf(secret)]
      .filter(([needle]) => shown.includes(needle))
      .map(([needle, encoding]) => {
        const at = shown.indexOf(needle);
        return `${name} (${encoding}): ${shown.slice(Math.max(0, at - 120), at + needle.length + 40)}`;
      }),
  );
};
