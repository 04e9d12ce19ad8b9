/*
 * How programs write one character into a text: as it is, escaped for JSON (once or several times), for C or a shell, for
 * a URL, for HTML; and with colours or other control sequences in front of it.
 */

export type Escaping = 'JSON' | 'URL' | 'HTML';

/** One way in which a character stands in a text. */
export interface Written {
  readonly char: string;
  readonly end: number;
  /** Undefined where it is simply there. */
  readonly escaping?: Escaping;
}

/** The text ends before it can be told. */
export const OPEN = -1;

/** What begins an escape, and what no terminal shows; beside these a plus may be a space, and a quote a quoted one. */
export const introducers = (hasSpace: boolean, hasQuote: boolean): RegExp =>
  new RegExp(`[\\\\%&\x00-\x08\x0b-\x1f\x7f-\x9f${hasSpace ? '+' : ''}${hasQuote ? "'" : ''}]`, 'g');

// Where a text differs from what is looked for, these may still be the same, written otherwise.
const SPECIAL = new Set(
  [
    ...`\\%&+'\n`,
    ...Array.from({length: 0xa0}, (_, code) => String.fromCharCode(code)).filter((char) =>
      /[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(char),
    ),
  ].map((char) => char.charCodeAt(0)),
);

/** Whether a character (by its code) stands for itself alone. */
export const isPlain = (code: number): boolean => !SPECIAL.has(code) && !Number.isNaN(code);

const CONTROLS = /(?:\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-Z\\-~]|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f])+/y;
const BEGUN_CONTROL = /\x1b(?:\[[0-?]*)?[ -/]*$/y;
const LONG_BASE64 = /^[\w+/-]{60}$/;

/** A text as a terminal shows it. */
export const visibleText = (text: string): string => text.replace(new RegExp(CONTROLS, 'g'), '');

/** Where the next character begins that a terminal shows. `joins`: the line breaks of long base64 don't count either. */
export const skipInvisible = (text: string, at: number, joins: boolean): number => {
  const code = text.charCodeAt(at);
  if ((code > 0x1f && code < 0x7f) || code > 0x9f) return at;
  CONTROLS.lastIndex = at;
  let next = CONTROLS.test(text) ? CONTROLS.lastIndex : at;
  if (joins && text[next] === '\n' && LONG_BASE64.test(text.slice(Math.max(0, at - 60), at))) next++;
  BEGUN_CONTROL.lastIndex = next;
  return BEGUN_CONTROL.test(text) ? OPEN : next;
};

/** The ways in which a character stands at a place, where the text is not simply the character. */
export const writtenAt = (text: string, at: number, char: string): readonly Written[] => {
  const ways = escapesAt(text, at).filter((way) => way.end === OPEN || way.char === char);
  const plain = text.startsWith(char, at) ? [{char, end: at + char.length}] : [];
  return [...plain, ...ways, ...(char === "'" ? quotesAt(text, at) : [])];
};

/** The ways in which an escape at a place can be read; where the text ends in the middle of it, it ends `OPEN`. */
export const escapesAt = (text: string, at: number): readonly Written[] => {
  switch (text[at]) {
    case '\\':
      return backslashedAt(text, at);
    case '%':
      return [...percentAt(text, at), ...backslashedAt(text, at)];
    case '&':
      return [...entityAt(text, at), ...backslashedAt(text, at)];
    case '+':
      return [{char: ' ', end: at + 1, escaping: 'URL'}];
    default:
      return [];
  }
};

const percentAt = (text: string, at: number): readonly Written[] =>
  ['%', '%25'].flatMap((percent) => bytesAt(at, (from) => hexAt(text, from, percent), 'URL'));

/** A single quote in the single quotes of a shell. */
const quotesAt = (text: string, at: number): readonly Written[] =>
  [`'\\''`, `'"'"'`].flatMap((quote) => {
    const there = text.slice(at, at + quote.length);
    if (there === quote) return [{char: "'", end: at + quote.length}];
    return there.length > 1 && at + there.length === text.length && quote.startsWith(there)
      ? [{char: "'", end: OPEN}]
      : [];
  });

const LETTERS: Readonly<Record<string, string>> = {n: '\n', t: '\t', r: '\r', b: '\b', f: '\f'};
const open = (escaping: Escaping): readonly Written[] => [{char: '', end: OPEN, escaping}];

// JSON may be part of a URL or of HTML
const BACKSLASH = /\\|%(?:25)?5c|&#(?:92|x5c);/iy;

/** Where each backslash of a run ends. */
const runAt = (text: string, at: number): readonly number[] => {
  const ends: number[] = [];
  BACKSLASH.lastIndex = at;
  while (BACKSLASH.test(text)) ends.push(BACKSLASH.lastIndex);
  return ends;
};

const backslashedAt = (text: string, at: number): readonly Written[] => {
  const run = runAt(text, at);
  const from = run.at(-1);
  if (from === undefined) return [];
  // a backslash that was escaped, once or several times: how many of a run belong to it is not known
  const doubled = [2, 4, 8].flatMap((length): readonly Written[] => {
    const end = run[length - 1];
    return end === undefined ? [] : [{char: '\\', end, escaping: 'JSON'}];
  });
  return [...doubled, ...escapedAt(text, from)];
};

/** What stands behind backslashes. */
const escapedAt = (text: string, at: number): readonly Written[] => {
  const letter = text[at];
  if (letter === undefined) return open('JSON');
  if (letter === 'u' || letter === 'U') return codePointAt(text, at + 1);
  if (letter === 'x' || (letter >= '0' && letter <= '3')) return restOfBytes(text, at);
  const outer = letter === '%' ? percentAt(text, at) : letter === '&' ? entityAt(text, at) : [];
  const char = LETTERS[letter] ?? (/\w/.test(letter) ? undefined : letter);
  return [...(char === undefined ? [] : [{char, end: at + 1, escaping: 'JSON'} as const]), ...outer];
};

const behindBackslashes = (text: string, at: number): number => runAt(text, at).at(-1) ?? at;

/** What a backslash and a letter or sign stand for; undefined where it takes a longer look. */
export const usualEscapeAt = (text: string, at: number): string | undefined => {
  if (text[at] !== '\\') return undefined;
  let end = at;
  while (text[end] === '\\') end++;
  const letter = text[end];
  return letter === undefined || /[uUx0-3%&]/.test(letter) ? undefined : (LETTERS[letter] ?? letter);
};

const CODE = /\{([\da-f]{1,6})\}|([\da-f]{4})(?:(?:\\|%(?:25)?5c|&#(?:92|x5c);)+u(d[c-f][\da-f]{2}))?/iy;
const BEGUN_CODE =
  /(?:\{?[\da-f]{0,6}|d[89ab][\da-f]{2}(?:\\|%(?:25)?5c|&#(?:92|x5c);)*(?:%(?:25?|(?:25)?5)?|&(?:#(?:92?|x(?:5c?)?)?)?|u(?:d(?:[c-f][\da-f]?)?)?)?)$/iy;

const codePointAt = (text: string, at: number): readonly Written[] => {
  CODE.lastIndex = at;
  const [, point, unit = '', low = ''] = CODE.exec(text) ?? [];
  const {lastIndex} = CODE;
  BEGUN_CODE.lastIndex = at;
  const isHalf = /^d[89ab]/i.test(unit) && low === '';
  if ((lastIndex === 0 || isHalf) && BEGUN_CODE.test(text)) return open('JSON');
  if (lastIndex === 0) return [];
  const codes = point === undefined ? [unit, low].filter((hex) => hex !== '') : [point];
  return [{char: codes.map((hex) => charOf(Number.parseInt(hex, 16))).join(''), end: lastIndex, escaping: 'JSON'}];
};

const charOf = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '');

/** One escaped byte; undefined where there is none, `OPEN` where the text ends in it. */
type Byte = {readonly byte: number; readonly end: number} | typeof OPEN | undefined;

const HEX = /[\da-f]{2}/iy;
const OCTAL = /[0-3][0-7]{2}/y;

const digitsAt = (text: string, at: number, digits: RegExp, base: number): Byte => {
  digits.lastIndex = at;
  const found = digits.exec(text)?.[0];
  if (found !== undefined) return {byte: Number.parseInt(found, base), end: at + found.length};
  return /^[\da-f]{0,2}$/i.test(text.slice(at, at + 3)) && at + 3 > text.length ? OPEN : undefined;
};

const hexAt = (text: string, at: number, introducer: string): Byte => {
  if (text.startsWith(introducer, at)) return digitsAt(text, at + introducer.length, HEX, 16);
  return introducer.startsWith(text.slice(at)) ? OPEN : undefined;
};

/** The digits of a byte behind its backslashes. */
const digitsOfByteAt = (text: string, at: number): Byte => {
  if (at >= text.length) return OPEN;
  return text[at] === 'x' ? digitsAt(text, at + 1, HEX, 16) : digitsAt(text, at, OCTAL, 8);
};

/** A character of UTF-8 as `\xc3\xbc`, whose first backslashes have been read. */
const restOfBytes = (text: string, at: number): readonly Written[] =>
  bytesAt(
    at,
    (from) => {
      const digits = from === at ? from : behindBackslashes(text, from);
      if (from !== at && digits === from) return from === text.length ? OPEN : undefined;
      return digitsOfByteAt(text, digits);
    },
    'JSON',
  );

const bytesIn = (lead: number): number => (lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** A character of UTF-8, byte by byte. */
const bytesAt = (at: number, next: (at: number) => Byte, escaping: Escaping): readonly Written[] => {
  const bytes: number[] = [];
  let end = at;
  do {
    const found = next(end);
    if (found === OPEN) return open(escaping);
    if (found === undefined) return [];
    bytes.push(found.byte);
    end = found.end;
  } while (bytes.length < bytesIn(bytes[0] ?? 0));
  return [{char: Buffer.from(bytes).toString(), end, escaping}];
};

const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/iy;
const BEGUN_ENTITY = /&(?:#x?[\da-f]{0,7}|[a-z]{0,4})$/iy;
const NAMES: Readonly<Record<string, string>> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"};

const entityAt = (text: string, at: number): readonly Written[] => {
  ENTITY.lastIndex = BEGUN_ENTITY.lastIndex = at;
  const [, decimal, hex, name] = ENTITY.exec(text) ?? [];
  const end = ENTITY.lastIndex;
  if (end === 0) return BEGUN_ENTITY.test(text) ? open('HTML') : [];
  const char =
    name === undefined
      ? charOf(Number.parseInt(decimal ?? hex ?? '', decimal === undefined ? 16 : 10))
      : NAMES[name.toLowerCase()];
  return [{char: char ?? '', end, escaping: 'HTML'}];
};
