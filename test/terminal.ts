import type {Output} from '../cli/streams.ts';

/** A terminal in memory: as much of one as the drawing uses, and strict about everything else. */
export class Terminal implements Output {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** How often something was written. */
  writes = 0;
  cursorHidden = false;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** All lines, those that have scrolled away included, without blank ones at the end. */
  lines(): string[] {
    const lines = this.#lines.map((line) => line.trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  write(text: string): boolean {
    this.writes += 1;
    for (const [part, csi] of text.matchAll(/\x1b\[([\d;?]*[a-zA-Z])|\r|\n|[^\x1b\r\n]+/g)) {
      if (csi !== undefined) this.#control(csi);
      else if (part === '\r') this.#column = 0;
      else if (part === '\n') this.#feed();
      else this.#print(part);
    }
    return true;
  }

  #feed(): void {
    this.#row += 1;
    this.#lines[this.#row] ??= '';
  }

  #print(text: string): void {
    const line = this.#lines[this.#row] ?? '';
    const before = line.padEnd(this.#column).slice(0, this.#column);
    this.#lines[this.#row] = before + text + line.slice(this.#column + text.length);
    this.#column += text.length;
    if (this.#column > this.columns) throw new Error(`a line is wider than the terminal: ${this.#lines[this.#row]}`);
  }

  #control(csi: string): void {
    const count = Number(csi.slice(0, -1)) || 1;
    if (csi === '?25l') this.cursorHidden = true;
    else if (csi === '?25h') this.cursorHidden = false;
    else if (csi === '?2026h' || csi === '?2026l' || csi.endsWith('m')) return;
    else if (csi.endsWith('A')) this.#up(count);
    else if (csi === 'K') this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
    else if (csi === 'J') {
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
      this.#lines.length = this.#row + 1;
    } else throw new Error(`unknown control sequence ${csi}`);
  }

  #up(count: number): void {
    this.#row -= count;
    const top = Math.max(0, this.#lines.length - this.rows);
    if (this.#row < top) throw new Error('the cursor was sent above the screen');
  }
}
