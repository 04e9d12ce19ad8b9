import {escapesAt, introducers, isPlain, OPEN, usualEscapeAt} from './escapes.ts';
import {type Form, formsOf, isMaskable, SHORTEST_SECRET} from './secret-forms.ts';
import {type Match, matchAt} from './secret-match.ts';

/** A stretch of a text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where a secret stands in a text, and how. */
export interface Hit extends Range, Match {
  readonly form: Form;
}

/** No escape makes a character longer than this, but for a few colours between. */
const LONGEST_CHAR = 12;
/** Escapes are looked for by themselves; elsewhere a form begins with these characters. */
const START = SHORTEST_SECRET;

/** Finds secrets in texts, however they are escaped, broken or coloured. */
export class SecretSearch {
  readonly #secrets = new Set<string>();
  readonly #known = new Set<string>();
  /** By their first one to four characters. */
  readonly #byStart = new Map<string, Form[]>();
  #starts: RegExp | undefined;
  #escapes = introducers(false, false);
  #longest = 0;

  /** Secrets shorter than 4 characters can't be looked for; false says so. */
  add(secret: string, name = ''): boolean {
    if (!isMaskable(secret)) return false;
    if (this.#secrets.has(secret)) return true;
    this.#secrets.add(secret);
    for (const form of formsOf(secret, name)) if (!this.#known.has(form.text)) this.#addForm(form);
    const starts = [...this.#byStart.keys()];
    this.#starts = undefined;
    this.#escapes = introducers(
      starts.some((start) => start.includes(' ')),
      starts.some((start) => start.includes("'")),
    );
    return true;
  }

  #addForm(form: Form): void {
    const {text} = form;
    this.#known.add(text);
    this.#longest = Math.max(this.#longest, text.length);
    for (let length = 1; length <= START; length++) push(this.#byStart, text.slice(0, length), form);
  }

  get isEmpty(): boolean {
    return this.#secrets.size === 0;
  }

  /** Every place where a secret stands, overlapping ones too. */
  find(text: string): readonly Hit[] {
    return [...this.#plain(text), ...this.#escaped(text)];
  }

  /** Where the end of a text begins that may be the beginning of a secret. */
  pending(text: string): number {
    for (let at = this.#firstPending(text); at < text.length; at++)
      if (this.#begunAt(text, at).some((form) => form === undefined || matchAt(text, at, form)?.isOpen)) return at;
    return text.length;
  }

  /** What the end of a text shows of a secret that was cut off there, where that is enough to give it away. */
  cutOff(text: string): readonly Range[] {
    for (let at = this.#firstPending(text); at < text.length; at++) {
      const isTold = this.#begunAt(text, at).some(
        (form) => form !== undefined && text.length - at >= tellingLength(form) && matchAt(text, at, form)?.isOpen,
      );
      if (isTold) return [{start: at, end: text.length}];
    }
    return [];
  }

  /** Where a secret begins at the earliest that the text ends in. */
  #firstPending(text: string): number {
    const escaped = Math.max(0, text.length - this.#longest * LONGEST_CHAR);
    this.#escapes.lastIndex = escaped;
    return this.#escapes.test(text) ? escaped : Math.max(0, text.length - this.#longest);
  }

  /** Forms that begin as they are; what is escaped in them comes later. */
  #plain(text: string): readonly Hit[] {
    const found: Hit[] = [];
    const starts = this.#startPattern();
    starts.lastIndex = 0;
    for (let match = starts.exec(text); match !== null; match = starts.exec(text)) {
      const hit = longest(text, match.index, this.#byStart.get(match[0]) ?? []);
      if (hit !== undefined) found.push(hit);
      starts.lastIndex = match.index + 1;
    }
    return found;
  }

  /** Forms with an escape among their first characters. */
  #escaped(text: string): readonly Hit[] {
    const found: Hit[] = [];
    let done = 0;
    this.#escapes.lastIndex = 0;
    while (this.#escapes.test(text)) {
      const next = this.#escapes.lastIndex;
      for (let at = Math.max(done, next - START); at < next; at++) {
        const hit = longest(text, at, this.#begunAt(text, at));
        if (hit !== undefined) found.push(hit);
      }
      this.#escapes.lastIndex = done = next;
    }
    return found;
  }

  /** The forms that may begin at a place, as they are or escaped. */
  #begunAt(text: string, at: number): readonly Begun[] {
    const forms = this.#byStart.get(text.slice(at, at + plainAt(text, at))) ?? NONE;
    if (!MAY_ESCAPE.has(text.charAt(at)) || this.#isUsual(text, at)) return forms;
    const escaped = escapesAt(text, at).flatMap(({char, end}) =>
      end === OPEN ? [undefined] : (this.#byStart.get(char.charAt(0)) ?? []),
    );
    return [...forms, ...escaped];
  }

  /** Logs are full of escaped quotes and line ends: those that begin no form are told at a glance. */
  #isUsual(text: string, at: number): boolean {
    const char = usualEscapeAt(text, at);
    return char !== undefined && !this.#byStart.has(char) && !this.#byStart.has('\\');
  }

  #startPattern(): RegExp {
    // a long list of alternatives is fast as long as they are literal
    this.#starts ??= new RegExp(
      [...this.#byStart.keys()]
        .filter(({length}) => length === START)
        .sort()
        .map(escapeRegExp)
        .join('|'),
      'g',
    );
    return this.#starts;
  }
}

/** So many characters give a secret away; of a short one, half of it. */
const tellingLength = ({text}: Form): number => Math.min(16, Math.max(6, Math.ceil(text.length / 2)));

/** Undefined: the text ends before it can be told. */
type Begun = Form | undefined;

const NONE: readonly Begun[] = [];
const MAY_ESCAPE = new Set(['\\', '%', '&', '+']);

/** How many characters stand at a place that are surely the first ones of a form; at least one is looked at. */
const plainAt = (text: string, at: number): number => {
  let length = 0;
  while (length < START && isPlain(text.charCodeAt(at + length))) length++;
  return Math.max(1, length);
};

const push = (map: Map<string, Form[]>, key: string, form: Form): void => {
  const known = map.get(key);
  if (known === undefined) map.set(key, [form]);
  else known.push(form);
};

const longest = (text: string, start: number, forms: readonly Begun[]): Hit | undefined => {
  let best: Hit | undefined;
  for (const form of forms) {
    const match = form === undefined ? undefined : matchAt(text, start, form);
    if (form !== undefined && match !== undefined && match.end > (best?.end ?? start)) best = {start, form, ...match};
  }
  return best;
};

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
