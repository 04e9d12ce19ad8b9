import {emitKeypressEvents} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {Painter} from '../progress/painter.ts';
import type {Style} from '../streams.ts';
import type {Surroundings} from '../surroundings.ts';
import {cut, padded, widthOf, wrapped} from '../width.ts';

/** One thing to pick: by the first letter of its name, or by arrows and Enter. */
export interface Choice<Name extends string = string> {
  readonly name: Name;
  /** A few words beside it. */
  readonly hint: string;
  /** What `?` says of it. */
  readonly help: string;
}

export interface Picking<Name extends string> {
  readonly around: Surroundings;
  readonly style: Style;
  readonly question: string;
  readonly choices: readonly Choice<Name>[];
  /** The one that Enter takes at first. */
  readonly first?: Name;
  /** What it is to take none. */
  readonly none: string;
  /** It follows at once from what was picked before: what is typed meanwhile is the answer. */
  readonly follows?: boolean;
}

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly sequence?: string;
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** What was typed before the menu could be seen was not meant for it. */
const TYPED_AHEAD_MS = 30;
const LEGEND = 'a letter, or arrows and Enter; ? explains';

/** Lets a person pick something on the terminal. Undefined for Esc, Ctrl-C and Ctrl-D, and when a signal ends it. */
export const pick = async <Name extends string>(picking: Picking<Name>): Promise<Name | undefined> => {
  const {stdin, stderr, signal} = picking.around;
  if (stdin.readableEnded || stdin.destroyed || signal.aborted) return undefined;
  stdin.setRawMode(true);
  try {
    if (picking.follows !== true && (await endsBefore(stdin))) return undefined;
    stderr.write(HIDE_CURSOR);
    return await new Picker(picking).answer();
  } finally {
    stderr.write(SHOW_CURSOR);
    stdin.setRawMode(false);
    stdin.pause();
  }
};

/** Throws away what was typed ahead. True where the input has ended with it: the terminal hands that on as a NUL. */
const endsBefore = async (stdin: NodeJS.ReadStream): Promise<boolean> => {
  let ended = false;
  const look = (data: Buffer | string): void => {
    ended ||= /[\0\x04]/.test(data.toString());
  };
  stdin.on('data', look);
  await sleep(TYPED_AHEAD_MS);
  stdin.off('data', look);
  return ended || stdin.readableEnded;
};

/** One question: draws it, hears the keys, and leaves one line with the answer behind. */
class Picker<Name extends string> {
  readonly #picking: Picking<Name>;
  readonly #painter: Painter;
  #index: number;
  #settle: (name: Name | undefined) => void = () => {};

  constructor(picking: Picking<Name>) {
    this.#picking = picking;
    const {stderr} = picking.around;
    this.#painter = new Painter(
      (text) => void stderr.write(text),
      () => this.#columns,
    );
    this.#index = Math.max(
      0,
      picking.choices.findIndex(({name}) => name === picking.first),
    );
  }

  async answer(): Promise<Name | undefined> {
    const {around, style} = this.#picking;
    const {stdin, stderr, signal} = around;
    const answered = new Promise<Name | undefined>((resolve) => {
      this.#settle = resolve;
    });
    const leave = (): void => this.#settle(undefined);
    emitKeypressEvents(stdin);
    stdin.on('keypress', this.#onKey).on('end', leave).on('error', leave);
    stderr.on('resize', this.#draw);
    signal.addEventListener('abort', leave, {once: true});
    stdin.resume();
    this.#draw();
    try {
      const name = await answered;
      this.#painter.paint([], [`${this.#question} ${style('dim', '·')} ${style('cyan', name ?? this.#picking.none)}`]);
      return name;
    } finally {
      stdin.off('keypress', this.#onKey).off('end', leave).off('error', leave);
      stderr.off('resize', this.#draw);
      signal.removeEventListener('abort', leave);
    }
  }

  get #columns(): number {
    return this.#picking.around.stderr.columns || 80;
  }

  get #question(): string {
    const {style, question} = this.#picking;
    return `${style('cyan', '?')} ${style('bold', cut(question, this.#columns - 12))}`;
  }

  readonly #draw = (): void => this.#painter.paint(this.#lines());

  #lines(): string[] {
    const {choices, style, around} = this.#picking;
    const width = Math.max(...choices.map(({name}) => widthOf(name)));
    const rows = choices.map((choice, index) => this.#row(choice, index, width));
    const lines = [this.#question, ...rows, `  ${style('dim', cut(LEGEND, this.#columns - 3))}`];
    return lines.length < (around.stderr.rows || 24) ? lines : [this.#question, ...this.#compact()];
  }

  #row({name, hint}: Choice, index: number, width: number): string {
    const {style} = this.#picking;
    const here = index === this.#index;
    const blanks = ' '.repeat(width - widthOf(name));
    const beside = cut(hint, this.#columns - width - 9);
    return `${this.#pointer(here)} ${this.#named(name, here)}${blanks}  ${style('dim', beside)}`.trimEnd();
  }

  #pointer(here: boolean): string {
    return here ? this.#picking.style('cyan', '▸') : ' ';
  }

  #named(name: string, here: boolean): string {
    const {style} = this.#picking;
    const letter = `[${name.slice(0, 1)}]`;
    return here ? style(['bold', 'cyan'], letter + name.slice(1)) : style('bold', letter) + name.slice(1);
  }

  /** For a terminal that is too low for a line each. */
  #compact(): string[] {
    const names = this.#picking.choices.map(
      ({name}, index) => `${index === this.#index ? '▸' : ''}[${name[0]}]${name.slice(1)}`,
    );
    return wrapped(names.join(' '), this.#columns - 3).map((line) => `  ${line}`);
  }

  readonly #onKey = (text: string | undefined, key: Key): void => {
    if (key.ctrl === true) this.#onControl(key);
    else if (key.name === 'escape') this.#settle(undefined);
    else if (key.name === 'up') this.#move(-1);
    else if (key.name === 'down' || key.name === 'tab') this.#move(1);
    else if (key.name === 'return' || key.name === 'enter') this.#settle(this.#picking.choices[this.#index]?.name);
    else if (text === '?') this.#explain();
    else this.#onLetter(text?.toLowerCase());
  };

  #onControl({name}: Key): void {
    if (name === 'c' || name === 'd') this.#settle(undefined);
    else if (name === 'z') void this.#suspend();
  }

  #onLetter(letter: string | undefined): void {
    const found = this.#picking.choices.find(({name}) => name[0] === letter);
    if (found !== undefined) this.#settle(found.name);
  }

  #move(by: number): void {
    const {length} = this.#picking.choices;
    this.#index = (this.#index + by + length) % length;
    this.#draw();
  }

  #explain(): void {
    const {choices, style} = this.#picking;
    const width = Math.max(...choices.map(({name}) => widthOf(name)));
    const above = choices.flatMap(({name, help}) =>
      wrapped(help, this.#columns - width - 5).map(
        (line, index) => `  ${style('bold', padded(index === 0 ? name : '', width))}  ${line}`,
      ),
    );
    this.#painter.paint(this.#lines(), [...above, '']);
  }

  async #suspend(): Promise<void> {
    const {around} = this.#picking;
    this.#painter.paint([]);
    around.stderr.write(SHOW_CURSOR);
    around.stdin.setRawMode(false);
    await around.suspend();
    around.stdin.setRawMode(true);
    around.stderr.write(HIDE_CURSOR);
    this.#draw();
  }
}
