import {stripVTControlCharacters} from 'node:util';

/** A line longer than this is cut into several: a gigabyte without a line feed must not pile up. */
const LONGEST = 16_384;

/** More than this of one chunk is on no screen. */
const NOTED = 8192;

/** Turns chunks of what a step prints into lines that are safe to show; keeps only the last few. */
export class OutputLines {
  readonly #keep: number;
  #recent: string[] = [];
  #partial = '';

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Takes a chunk; returns the lines that it completed. */
  push(text: string): string[] {
    const parts = (this.#partial + text).split('\n');
    this.#partial = parts.pop() ?? '';
    if (this.#partial.length > LONGEST) {
      parts.push(this.#partial);
      this.#partial = '';
    }
    const lines = parts.map(shownLine);
    this.#remember(lines);
    return lines;
  }

  /** Takes a chunk of which only the end will be shown. */
  note(text: string): void {
    this.push(text.length > NOTED ? text.slice(-NOTED) : text);
  }

  /** The line that no line feed has ended, if any; asked when the step is over. */
  flush(): string[] {
    if (this.#partial === '') return [];
    const line = shownLine(this.#partial);
    this.#partial = '';
    this.#remember([line]);
    return [line];
  }

  /** The last lines, the unfinished one included, without blank ones. */
  tail(count: number): string[] {
    const last = this.#partial === '' ? '' : shownLine(this.#partial);
    return [...this.#recent, last].filter((line) => line.trim() !== '').slice(-count);
  }

  #remember(lines: readonly string[]): void {
    if (this.#keep === 0) return;
    const visible = lines.slice(-this.#keep * 2).filter((line) => line.trim() !== '');
    if (visible.length > 0) this.#recent = [...this.#recent, ...visible].slice(-this.#keep);
  }
}

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * What a terminal would show of a line in the end: a carriage return starts it anew (progress bars do), colours and
 * cursor movements are dropped, and other control characters become visible instead of acting.
 */
export const shownLine = (raw: string): string => {
  if (!CONTROL.test(raw)) return raw;
  const line = raw.replace(/\r+$/, '');
  return stripVTControlCharacters(line.slice(line.lastIndexOf('\r') + 1))
    .replaceAll('\t', '    ')
    .replace(new RegExp(CONTROL, 'g'), '\ufffd');
};
