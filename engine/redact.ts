import type {Json} from './step-type.ts';

/** What stands where a secret was. */
export const MASK = '***';

/** A shorter secret would mask half of everything. */
export const SHORTEST_SECRET = 4;

const BASE64_FORMS = ['base64', 'base64url'] as const;

/** The characters of a base64 text that depend on the secret alone, whatever stands before and behind it. */
const base64Forms = (secret: string): string[] =>
  [0, 1, 2].flatMap((shift) =>
    BASE64_FORMS.flatMap((encoding) => {
      const bytes = Buffer.from(secret);
      const text = Buffer.concat([Buffer.alloc(shift), bytes])
        .toString(encoding)
        .replaceAll('=', '');
      const first = Math.ceil((shift * 8) / 6);
      const last = Math.floor(((shift + bytes.length) * 8) / 6);
      const inner = text.slice(first, last);
      // alone, the whole encoding is known, its edges too
      return shift === 0 ? [bytes.toString(encoding), text, inner, ...wrapped(text)] : [inner];
    }),
  );

/** `base64` breaks its lines after 76 characters, `openssl base64` after 64. */
const wrapped = (text: string): string[] =>
  [64, 76].flatMap((width) => (text.length > width ? (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : []));

/** What programs make of a text in URLs: how much they escape differs, and whether in capital letters. */
const urlForms = (secret: string): string[] => {
  // a lone surrogate has no such form
  const least = encodeURIComponent(Buffer.from(secret).toString());
  const hex = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  const most = least.replace(/[!'()*~]/g, hex);
  const forms = [least, most, most.replaceAll('%7E', '~'), most.replaceAll('~', '%7E').replaceAll('%2A', '*')];
  const spaces = forms.flatMap((form) => [form, form.replaceAll('%20', '+')]);
  const slashes = spaces.flatMap((form) => [form, form.replaceAll('%2F', '/')]);
  return slashes.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
};

const jsonForm = (secret: string): string => JSON.stringify(secret).slice(1, -1);

/** JSON as JavaScript writes it, as Python does (ASCII only), and as PHP does (`/` escaped); once and inside another JSON text. */
const jsonForms = (secret: string): string[] => {
  const form = jsonForm(secret);
  const ascii = form.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [form, ascii].flatMap((text) => [text, text.replaceAll('/', '\\/'), jsonForm(text)]);
};

/** Every form in which a secret may appear: raw, base64 at all alignments, URL- and JSON-escaped, each line of several. */
export const formsOf = (secret: string): string[] => {
  const whole = [secret, ...base64Forms(secret), ...urlForms(secret), ...jsonForms(secret)];
  const lines = secret.includes('\n')
    ? secret.split(/\r?\n/).flatMap((line) => (line === secret ? [] : formsOf(line)))
    : [];
  return [...new Set([...whole, ...lines])].filter((text) => text.length >= SHORTEST_SECRET);
};

/** Members of entries, events and reports that say what is meant. */
const NAMES = new Set([
  ...[
    'type',
    'n',
    'at',
    'run',
    'runbook',
    'file',
    'cwd',
    'envFiles',
    'selection',
    'step',
    'key',
    'needs',
    'uses',
    'effect',
  ],
  ...['how', 'outcome', 'standing', 'action', 'decision', 'code', 'attempt', 'durationMs', 'failed', 'by', 'to'],
]);

/** Members that hold what users, steps and the outside have made: whatever is called like a name in them is none. */
const VALUES = new Set(['inputs', 'env', 'options', 'outputs', 'value', 'reads']);

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** Hides secret values in every string that leaves the engine. */
export class Redactor {
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;
  #longest = 0;

  /** Values shorter than 4 characters can't be hidden; false says so. */
  add(secret: string): boolean {
    if (secret.length < SHORTEST_SECRET) return false;
    if (this.#forms.has(secret)) return true;
    for (const form of formsOf(secret)) this.#forms.add(form);
    const sorted = [...this.#forms].sort((a, b) => b.length - a.length);
    this.#longest = sorted[0]?.length ?? 0;
    this.#pattern = new RegExp(sorted.map(escapeRegExp).join('|'), 'g');
    return true;
  }

  text(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, MASK);
  }

  /** Masks all strings of a value, the names of members too. */
  json<T extends Json>(value: T): T {
    if (this.#pattern === undefined) return value;
    return this.#walk(value) as T;
  }

  /**
   * Masks what an entry, an event or a report carries, but not what it goes by: the ids and places stand in the runbook's
   * file, and with `***` in their place nothing could be found again.
   */
  carried<T>(value: T): T {
    if (this.#pattern === undefined) return value;
    return this.#walkNamed(value as Json) as T;
  }

  #walkNamed(value: Json): Json {
    if (Array.isArray(value)) return value.map((item) => this.#walkNamed(item));
    if (value === null || typeof value !== 'object') return this.#walk(value);
    const members = Object.entries(value).map(([name, item]) => {
      if (NAMES.has(name)) return [name, item];
      return [name, VALUES.has(name) ? this.#walk(item) : this.#walkNamed(item)];
    });
    return Object.fromEntries(members);
  }

  #walk(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.text(String(value)).includes(MASK) ? MASK : value;
    if (Array.isArray(value)) return value.map((item) => this.#walk(item));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [this.text(name), this.#walk(item)]));
  }

  /** A stream of chunks, in which a secret may be cut anywhere. Call `end` for what was held back. */
  stream(): {push(chunk: string): string; end(): string} {
    let held = '';
    return {
      push: (chunk) => {
        const text = held + chunk;
        const keep = this.#heldBack(text);
        held = text.slice(text.length - keep);
        return this.text(text.slice(0, text.length - keep));
      },
      end: () => {
        const text = this.text(held);
        held = '';
        return text;
      },
    };
  }

  /** How many characters at the end may be the beginning of a secret, without cutting one that is complete. */
  #heldBack(text: string): number {
    if (this.#pattern === undefined) return 0;
    const from = Math.max(0, text.length - this.#longest + 1);
    let start = text.length;
    for (let at = from; at < text.length; at++) {
      const tail = text.slice(at);
      if ([...this.#forms].some((form) => form.length > tail.length && form.startsWith(tail))) {
        start = at;
        break;
      }
    }
    // a complete secret that reaches over the cut moves the cut to its end
    for (const match of text.matchAll(this.#pattern)) {
      const end = match.index + match[0].length;
      if (match.index < start && end > start) start = end;
    }
    return text.length - start;
  }
}
