import {isIPv6} from 'node:net';

/** Values of one kind: another in each run, and the same wherever it stands on a page. */
export interface Kind {
  readonly name: string;
  readonly pattern: RegExp;
  /** What it is known by: an id in full and its beginning are one. */
  key?(text: string): string;
  /** Whether a text of this form is of this kind. */
  is?(text: string): boolean;
  /** What stands in its place, for the `number`th one of its kind. */
  shown(number: number, text: string): string;
}

const named = (name: string) => (number: number) => `<${name}-${number}>`;
const always = (text: string) => () => text;

/** Addresses that are nobody's: those that RFC 5737 and its like keep for documents. */
const DOCUMENTED = {ipv4: '192.0.2.', ipv6: '2001:db8::', mac: '00:00:5e:00:53:'};
/** This host, every address, and what masks them: they are the same everywhere. */
const EVERYWHERE = /^(127\.|0\.0\.0\.0$|255\.|192\.0\.2\.)/;

const hex = (number: number): string => number.toString(16).padStart(2, '0');
const ipv4 = (number: number): string => `${DOCUMENTED.ipv4}${number}`;
const isIPv4 = (text: string): boolean => text.split('.').every((part) => Number(part) < 256);

/** In the order in which they are looked for: what stands before is part of none that stands behind. */
export const KINDS: readonly Kind[] = [
  {
    name: 'time',
    pattern: /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z\b|UTC\b|[+-]\d\d:?\d\d\b))?/g,
    shown: always('<time>'),
  },
  {
    name: 'mac',
    pattern: /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi,
    shown: (number) => `${DOCUMENTED.mac}${hex(number)}`,
  },
  {name: 'digest', pattern: /\bsha256:[0-9a-f]{12,64}\b/g, key: (text) => text.slice(0, 19), shown: named('digest')},
  {name: 'token', pattern: /\bSWMTKN-1-[0-9a-z]+-[0-9a-z]+\b/g, shown: named('token')},
  {name: 'uuid', pattern: /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, shown: named('uuid')},
  {
    name: 'id',
    pattern: /\b(?:[0-9a-f]{64}|[0-9a-f]{12}|[0-9a-z]{25})\b/g,
    key: (text) => text.slice(0, 12),
    shown: named('id'),
  },
  {
    name: 'address',
    pattern: /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/g,
    is: (text) => isIPv4(text) && !EVERYWHERE.test(text),
    shown: ipv4,
  },
  {
    name: 'address6',
    pattern: /(?<![\w:.])(?:[0-9a-f]{1,4}:|:)(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{0,4}(?![\w:])/gi,
    is: (text) => isIPv6(text) && text !== '::' && text !== '::1',
    shown: (number) => `${DOCUMENTED.ipv6}${number.toString(16)}`,
  },
  // the name that Consul makes of an address
  {
    name: 'address',
    pattern: /\b[0-9a-f]{8}(?=\.addr\.)/g,
    key: (text) => (text.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.'),
    shown: (number) => `c00002${hex(number)}`,
  },
  {
    name: 'age',
    pattern: /\b(?:Less than a|About an?|\d+) (?:second|minute|hour|day|week|month|year)s?(?= ago\b)/gi,
    shown: always('moments'),
  },
  {
    name: 'up',
    pattern: /\bUp (?:Less than a|About an?|\d+) (?:second|minute|hour|day|week|month)s?\b/g,
    shown: always('Up moments'),
  },
  {name: 'size', pattern: /(?<![\w.])\d+(?:\.\d+)? ?(?:[kKMGT]i?)?B\b/g, shown: always('<size>')},
  {
    name: 'duration',
    pattern: /(?<![\w.:-])(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ns|µs|us|ms|s)\b/g,
    shown: always('<duration>'),
  },
  {name: 'port', pattern: /(?<=[\d\]*]:)(?:3[2-9]|[45]\d)\d{3}(?=->)/g, shown: always('<port>')},
];

/** In a command nothing is a length of time or a size but what the runbook says. */
export const IN_COMMANDS: ReadonlySet<string> = new Set([
  'time',
  'mac',
  'digest',
  'token',
  'uuid',
  'id',
  'address',
  'address6',
]);

/** Placeholders as they stand on a page, and the word for all of their kind. */
export const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/<([a-z]+)-\d+>/g, '<$1>'],
  [/\b192\.0\.2\.\d{1,3}\b/g, '<address>'],
  [/\bc00002[0-9a-f]{2}(?=\.addr\.)/g, '<address>'],
  [/\b2001:db8::[0-9a-f]*\b/g, '<address>'],
  [/\b00:00:5e:00:53:[0-9a-f]{2}\b/g, '<mac>'],
];
