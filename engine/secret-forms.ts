import {visibleText} from './escapes.ts';
import type {Json} from './step-type.ts';

/** A shorter secret would mask half of everything. */
export const SHORTEST_SECRET = 4;

/** One way in which a secret may stand in a text, its escapes taken away. */
export interface Form {
  readonly text: string;
  /** What the secret is called. */
  readonly name: string;
  readonly isBase64: boolean;
  /** It is one line of several, or a part of a very long one. */
  readonly isPart: boolean;
}

/** Longer lines are looked for in parts: what was cut somewhere is still found, and nothing long is ever held back. */
const LONGEST_PART = 2048;
const PART = 1024;

/** The forms in which a secret may appear: as it is, in base64 at all alignments, and each line of several. */
export const formsOf = (secret: string, name: string): readonly Form[] =>
  partsOf(secret).flatMap((part) => {
    const isPart = part !== secret;
    return [
      {text: visibleText(part), name, isPart, isBase64: false},
      ...base64Forms(part).map((text): Form => ({text, name, isPart, isBase64: true})),
    ].filter(({text}) => isLongEnough(text));
  });

/** Whether enough of a secret can be seen to be told from other texts. */
export const isMaskable = (secret: string): boolean => visibleText(secret).length >= SHORTEST_SECRET;

/** Every text and number that a secret is made of, under the name of its place in it. What is true or false can't be hidden. */
export const leavesOf = (name: string, value: Json): readonly (readonly [name: string, text: string])[] => {
  if (value === null || typeof value === 'boolean' || value === '') return [];
  if (typeof value !== 'object') return [[name, String(value)]];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([member, inner]) =>
    leavesOf(name + (isList ? `[${member}]` : `.${member}`), inner),
  );
};

/** The names of what a secret is made of and what can't be told from other texts. */
export const shortIn = (name: string, value: Json): readonly string[] =>
  leavesOf(name, value).flatMap(([leaf, text]) => (isMaskable(text) ? [] : [leaf]));

const isLongEnough = (text: string): boolean => text.length >= SHORTEST_SECRET;

const partsOf = (secret: string): readonly string[] => {
  const lines = secret.split(/\r?\n|\r/).map((line) => line.trim());
  const long = lines.filter(isLongEnough);
  const whole = secret.length <= LONGEST_PART || lines.length === 1 || long.length === 0 ? [secret] : [];
  return [...new Set([...whole, ...long])].flatMap(cut);
};

const cut = (text: string): readonly string[] => {
  if (text.length <= LONGEST_PART) return [text];
  // the last one is as long as the others: alone it might be too short
  return Array.from({length: Math.ceil(text.length / PART)}, (_, index) => {
    const from = Math.min(index * PART, text.length - PART);
    return text.slice(from, from + PART);
  });
};

const base64Forms = (part: string): readonly string[] => {
  const unix = part.replace(/\r\n/g, '\n');
  const ends = new Set([part, unix, unix.replaceAll('\n', '\r\n')]);
  return [...ends].flatMap((text) =>
    (['base64', 'base64url'] as const).flatMap((kind) => encoded(Buffer.from(text), kind)),
  );
};

/** The characters of a base64 text that depend on the secret alone, whatever stands before and behind it. */
const encoded = (bytes: Buffer, kind: 'base64' | 'base64url'): readonly string[] =>
  [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString(kind);
    const first = Math.ceil((shift * 8) / 6);
    const last = Math.floor(((shift + bytes.length) * 8) / 6);
    const inner = text.slice(first, last);
    // alone, the whole encoding is known, its edges too
    return shift === 0 ? [text, text.replaceAll('=', ''), inner] : [inner];
  });
