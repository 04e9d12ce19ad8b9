import {widthOf} from '../width.ts';

const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';
const CLEAR_TO_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * Keeps a few live lines at the bottom of a terminal, below lines that stay. A frame is one write that overwrites only
 * the lines that changed and never blanks one first, so nothing flickers; terminals that know it show it in one go.
 */
export class Painter {
  readonly #write: (text: string) => void;
  readonly #columns: () => number;
  #live: readonly string[] = [];
  #drawnAt = 0;

  constructor(write: (text: string) => void, columns: () => number) {
    this.#write = write;
    this.#columns = columns;
  }

  /** Prints lines that stay, and draws the live ones below. Every line must fit the terminal's width. */
  paint(live: readonly string[], above: readonly string[] = []): void {
    const columns = this.#columns();
    if (columns !== this.#drawnAt || above.length > 0) this.#redraw([...above, ...live]);
    else this.#update(live);
    this.#live = live;
    this.#drawnAt = columns;
  }

  /** What is drawn stays where it is; the next frame goes below it. */
  forget(): void {
    this.#live = [];
  }

  #redraw(lines: readonly string[]): void {
    if (lines.length === 0 && this.#live.length === 0) return;
    this.#write(`${BEGIN}${this.#toTop()}${lines.map(drawn).join('')}${CLEAR_BELOW}${END}`);
  }

  #update(live: readonly string[]): void {
    const same = live.length === this.#live.length;
    if (same && live.every((line, index) => line === this.#live[index])) return;
    const lines = live.map((line, index) => (line === this.#live[index] ? '\r\n' : drawn(line)));
    this.#write(`${BEGIN}${this.#toTop()}${lines.join('')}${same ? '' : CLEAR_BELOW}${END}`);
  }

  /** To the first live line. A terminal that became narrower has broken the lines that no longer fit. */
  #toTop(): string {
    const columns = Math.max(1, this.#columns());
    const broken = (line: string): number => Math.max(1, Math.ceil(widthOf(line) / columns));
    const height = this.#live.reduce((sum, line) => sum + broken(line), 0);
    return height === 0 ? '\r' : `\r\x1b[${height}A`;
  }
}

const drawn = (line: string): string => `${line}${CLEAR_TO_LINE_END}\r\n`;
