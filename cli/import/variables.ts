import type {Marks} from './marks.ts';
import {snake} from './names.ts';
import {hereDocument} from './shell-words.ts';

export interface InputSketch {
  readonly about: string;
  readonly default?: string;
  readonly secret?: boolean;
}

const ALWAYS = [
  'HOME',
  'PATH',
  'USER',
  'PWD',
  'SHELL',
  'LANG',
  'HOSTNAME',
  'UID',
  'TERM',
  'IFS',
  'RANDOM',
  'OLDPWD',
  'LOGNAME',
  'TMPDIR',
  'EUID',
  'PPID',
];
const SECRET = /pass(word|wd)?$|secret|api_?key|private_key|(^|_)token/;
const WORD =
  /\b(?:YOUR[_-][A-Z0-9_-]*[A-Z0-9]|your[_-][a-z0-9_-]*[a-z0-9]|x{3,}|X{3,}|REPLACE_?ME|CHANGE_?ME|changeme)\b/;
const BRACKETED = /<[A-Za-z][\w' ’.:-]*>(?!>)|\[your[\w -]+\]/;
const PLACEHOLDER = new RegExp(`^(?:${BRACKETED.source}|${WORD.source})`);
const TAGS =
  /^(html|head|body|title|h\d|p|div|span|a|b|i|em|strong|ul|ol|li|br|hr|img|pre|code|script|style|table|tr|td|th|meta|link|[?!].*)$/i;

/** What stands in the document's commands for something else: its variables, and what a reader has to fill in. */
export class Variables {
  readonly inputs = new Map<string, InputSketch>();
  readonly #expressions = new Map<string, string>();
  /** Placeholders that an earlier command printed, and the expression that reads them. */
  readonly #printed = new Map<string, string>();
  readonly #marks: Marks;
  readonly #decide: (what: string) => void;

  constructor(marks: Marks, decide: (what: string) => void) {
    this.#marks = marks;
    this.#decide = decide;
  }

  set(name: string, expression: string): void {
    this.#expressions.set(name, expression);
  }

  /** A variable with a value that the document gives. */
  give(name: string, value: string): string {
    const input = this.#input(name, {about: `The variable ${name} of the document`, default: value});
    this.set(name, `inputs.${input}`);
    return input;
  }

  prints(placeholder: string, expression: string): void {
    this.#printed.set(snake(placeholder), expression);
  }

  /** A command with a mark for each variable that is known, and for each placeholder. */
  marked(text: string): string {
    const here = hereDocument(text);
    if (here === undefined) return this.#inScript(text);
    const body = text.slice(here.head.length);
    return this.#inScript(here.head) + (here.quoted ? body : this.#inScript(body, false));
  }

  /** Text that no shell reads. */
  filledIn(text: string): string {
    return text.replace(new RegExp(WORD, 'g'), (found) => this.#placeholder(found));
  }

  #inScript(text: string, quotes = true): string {
    let quote = '';
    let result = '';
    for (let at = 0; at < text.length; at++) {
      const char = text[at] ?? '';
      const rest = text.slice(at);
      if (char === '\\' && quote !== "'") {
        result += char + (text[++at] ?? '');
        continue;
      }
      if (quotes && (char === "'" || char === '"') && (quote === '' || quote === char))
        quote = quote === '' ? char : '';
      const variable = quote === "'" ? null : /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(rest);
      const name = variable?.[1] ?? variable?.[2];
      const mark = name === undefined ? undefined : this.#variable(name, text);
      const placeholder = PLACEHOLDER.exec(rest);
      if (variable !== null && mark !== undefined) {
        result += mark;
        at += variable[0].length - 1;
      } else if (placeholder !== null && isPlaceholder(placeholder[0], text) && !/[\w<]/.test(text[at - 1] ?? '')) {
        result += this.#placeholder(placeholder[0]);
        at += placeholder[0].length - 1;
      } else result += char;
    }
    return result;
  }

  #variable(name: string, text: string): string | undefined {
    const own = new RegExp(`(^|[\\s;(])(${name}=|for ${name}\\b|read ${name}\\b)`).test(text);
    if (own) return undefined;
    const known = this.#expressions.get(name);
    if (known !== undefined) return this.#marks.mark(known);
    if (!/^[A-Z][A-Z0-9_]+$/.test(name) || ALWAYS.includes(name)) return undefined;
    const input = this.#input(name, {about: `The variable ${name}, which the document uses and does not set`});
    this.#decide(`${name} is set nowhere in the document: it is an input now`);
    this.set(name, `inputs.${input}`);
    return this.#marks.mark(`inputs.${input}`);
  }

  #placeholder(text: string): string {
    const name = snake(text, 'value');
    const printed = [...this.#printed].find(([one]) => name === one || name.startsWith(`${one}_`));
    if (printed !== undefined) {
      this.#decide(`"${text}" is taken from what an earlier step printed: is it that?`);
      return this.#marks.mark(printed[1]);
    }
    const input = this.#input(name, {about: `What stands as ${text} in the document`});
    this.#decide(`"${text}" is a placeholder: give the input "${input}", or write its value here`);
    return this.#marks.mark(`inputs.${input}`);
  }

  #input(name: string, sketch: InputSketch): string {
    const id = snake(name, 'value');
    if (!this.inputs.has(id))
      this.inputs.set(id, {...sketch, ...(SECRET.test(id) && sketch.default === undefined ? {secret: true} : {})});
    return id;
  }
}

const isPlaceholder = (found: string, text: string): boolean => {
  const word = /^<([^>]+)>$/.exec(found)?.[1];
  return (
    word === undefined ||
    !(TAGS.test(word.trim()) || text.includes(`</${word.trim().split(' ')[0]}>`) || /\s$/.test(word))
  );
};
