import {
  type Escaping,
  escapesAt,
  isPlain,
  OPEN,
  skipInvisible,
  usualEscapeAt,
  visibleText,
  type Written,
  writtenAt,
} from './escapes.ts';
import type {Form} from './secret-forms.ts';

/** How a form stands at a place of a text. */
export interface Match {
  /** `OPEN` where the text ends before it can be told. */
  readonly end: number;
  /** It may end later, when more of the text is there. */
  readonly isOpen: boolean;
  readonly escapings: readonly Escaping[];
}

/** One way to read the text up to a place. */
type Reading = Pick<Match, 'end' | 'escapings'>;

/** What may also begin an escape of itself, so that several readings have to be followed. */
const AMBIGUOUS = /[\\%&']/;

/** Undefined where the form does not stand there. */
export const matchAt = (text: string, at: number, form: Form): Match | undefined => {
  const {length} = form.text;
  // several times faster than startsWith; at its end an escape may be the longer reading
  if (text.slice(at, at + length) === form.text && !AMBIGUOUS.test(form.text.slice(-1)))
    return {end: at + length, isOpen: false, escapings: []};
  let index = 0;
  while (index < length && text.charCodeAt(at + index) === form.text.charCodeAt(index)) index++;
  if (AMBIGUOUS.test(form.text.slice(0, index + 1))) return matchEscaped(text, at, form);
  if (at + index >= text.length) return {end: OPEN, isOpen: true, escapings: []};
  return isOther(text, at + index, form.text.charAt(index)) ? undefined : matchEscaped(text, at, form);
};

/** Whether what stands at a place can't be the character, however it is written. */
const isOther = (text: string, at: number, char: string): boolean => {
  if (isPlain(text.charCodeAt(at))) return true;
  const usual = usualEscapeAt(text, at);
  return usual !== undefined && usual !== char && char !== '\\' && usual !== '\r';
};

const matchEscaped = (text: string, at: number, form: Form): Match | undefined => {
  let readings: readonly Reading[] = [{end: at, escapings: []}];
  let isOpen = false;
  for (let index = 0; index < form.text.length; ) {
    const char = String.fromCodePoint(form.text.codePointAt(index) ?? 0);
    index += char.length;
    const [only] = readings;
    if (only === undefined) break;
    if (readings.length === 1 && !AMBIGUOUS.test(char) && text.startsWith(char, only.end)) {
      readings = [{...only, end: only.end + char.length}];
      continue;
    }
    const next = readings.flatMap((reading) => follow(text, reading, char, form.isBase64));
    isOpen ||= next.some(({end}) => end === OPEN);
    readings = distinct(next.filter(({end}) => end !== OPEN));
  }
  const [first, ...others] = readings;
  if (first === undefined) return isOpen ? {end: OPEN, isOpen, escapings: []} : undefined;
  const longest = others.reduce((best, one) => (one.end > best.end ? one : best), first);
  return {...longest, isOpen: isOpen || (longest.end === text.length && AMBIGUOUS.test(form.text.slice(-1)))};
};

const follow = (text: string, {end, escapings}: Reading, char: string, isBase64: boolean): readonly Reading[] => {
  const shown = skipInvisible(text, end, isBase64);
  if (shown === OPEN || isBeginning(text, shown, char)) return [{end: OPEN, escapings}];
  const after = (way: Written): Reading => ({end: way.end, escapings: withOne(escapings, way.escaping)});
  const ways = writtenAt(text, shown, char);
  if (ways.length > 0) return ways.map(after);
  // a carriage return in JSON, say
  return escapesAt(text, shown)
    .filter((way) => way.char !== '' && visibleText(way.char) === '')
    .flatMap((way) => follow(text, after(way), char, isBase64));
};

/** Whether a text ends before a character, or in the middle of it. */
const isBeginning = (text: string, at: number, char: string): boolean => {
  const rest = text.slice(at, at + char.length);
  return rest.length < char.length && char.startsWith(rest);
};

const distinct = (readings: readonly Reading[]): readonly Reading[] =>
  readings.length < 2 ? readings : [...new Map(readings.map((reading) => [reading.end, reading])).values()];

const withOne = (all: readonly Escaping[], one: Escaping | undefined): readonly Escaping[] =>
  one === undefined || all.includes(one) ? all : [...all, one];
