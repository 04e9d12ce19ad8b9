import {Listr, type ListrEventManager, type ListrRenderer, ProcessOutput, Spinner} from 'listr2';
import type {Event} from '../../engine/index.ts';
import type {Output, Style} from '../streams.ts';
import {Board} from './board.ts';
import {Groups} from './groups.ts';
import {type Frame, liveLines} from './live.ts';
import {Painter} from './painter.ts';
import {below, type RowLayout, titleColumns} from './rows.ts';
import {settledLines} from './settled.ts';

const SHOW_CURSOR = '\x1b[?25h';
const HIDE_CURSOR = '\x1b[?25l';
/** A lower terminal has no lines for groups. */
const FEWEST_ROWS = 12;

/** The terminal that is drawn on, and the other stream, which must stay silent meanwhile. */
export interface Screen {
  readonly out: Output;
  readonly other: Output;
  readonly style: Style;
}

/**
 * A listr2 renderer for a run. listr2's own one draws a list of tasks that all fit on the screen; here finished steps
 * become ordinary lines that scroll away, and only what runs and what comes next is redrawn below them, so that ten
 * thousand steps draw as calmly as ten. listr2 starts and ends it, turns its spinner, and holds back what libraries
 * print in between.
 */
class RunRenderer implements ListrRenderer {
  static readonly nonTTY = true;
  static readonly rendererOptions: {drawing: Drawing};
  static readonly rendererTaskOptions: never;
  readonly #drawing: Drawing;

  constructor(_tasks: unknown, options: {drawing: Drawing}, _events?: ListrEventManager) {
    this.#drawing = options.drawing;
  }

  render(): void {
    this.#drawing.start();
  }

  end(): void {
    this.#drawing.stop();
  }
}

/** Draws events as they come, ten frames a second. */
class Drawing {
  readonly #board = new Board();
  readonly #groups = new Groups();
  readonly #spinner = new Spinner();
  readonly #painter: Painter;
  readonly #process: ProcessOutput;
  readonly #screen: Screen;
  #active = false;
  #above: string[] = [];
  #titles = {columns: 0, count: 0, width: 0};
  readonly #all: boolean;

  constructor(screen: Screen, all: boolean) {
    this.#screen = screen;
    this.#all = all;
    // The progress stream goes first: that is the one whose cursor listr2 hides and shows.
    this.#process = new ProcessOutput(screen.out as NodeJS.WriteStream, screen.other as NodeJS.WriteStream);
    this.#painter = new Painter(
      (text) => this.#process.toStdout(text, false),
      () => this.#columns,
    );
  }

  emit(event: Event): void {
    const printed = event.type === 'step-finished' ? this.#board.printedBy(event.step) : [];
    const now = performance.now();
    this.#board.apply(event, now);
    if (event.type === 'run-started' || event.type === 'undo-started') this.#groups.begin(this.#board);
    const layout = this.#layout();
    const isTaken = printed.length === 0 && this.#groups.takes(event, this.#board, now);
    this.#above.push(
      ...(isTaken ? [] : settledLines(event, this.#board, layout, this.#all)),
      ...printed.map((line) => below(`│ ${line}`, layout)),
      ...this.#groups.end(event, now, layout),
    );
    // the looks may leave no time for a frame
    if (event.type === 'looking' && this.#active) this.#frame();
  }

  start(): void {
    this.#active = true;
    this.#process.hijack();
    this.#spinner.start(() => this.#frame());
  }

  leave(): void {
    this.#painter.forget();
    if (this.#active) this.#process.toStdout(SHOW_CURSOR, false);
  }

  comeBack(): void {
    if (this.#active) this.#process.toStdout(HIDE_CURSOR, false);
  }

  stop(): void {
    this.#active = false;
    this.#spinner.stop();
    this.#above.push(...this.#groups.closeAll(performance.now(), this.#layout()));
    this.#painter.paint([], this.#above.splice(0));
    this.#process.release();
  }

  get #columns(): number {
    return this.#screen.out.columns || 80;
  }

  #frame(): void {
    const layout = this.#layout();
    const now = performance.now();
    const rows = this.#screen.out.rows || 24;
    const groups = rows < FEWEST_ROWS ? [] : this.#groups.soFar(now, layout);
    const frame: Frame = {...layout, rows: rows - groups.length, now, spinner: this.#spinner.fetch()};
    const isOpen = this.#board.startedAt > 0 || this.#board.looking !== undefined;
    const live = isOpen ? [...groups, ...liveLines(this.#board, frame)] : [];
    this.#painter.paint(live, this.#above.splice(0));
  }

  #layout(): RowLayout {
    const columns = this.#columns;
    const {infos, looks} = this.#board;
    const count = infos.size + looks.length;
    // Measuring every title for every event would be quadratic.
    if (this.#titles.columns !== columns || this.#titles.count !== count) {
      const own = [...infos.keys()].map((key) => this.#board.titleOf(key));
      const titles = [...own, ...looks.map(({title}) => title), ...this.#groups.titles];
      this.#titles = {columns, count, width: titleColumns(titles, columns)};
    }
    return {columns, title: this.#titles.width, style: this.#screen.style};
  }
}

/** Progress on a terminal. */
export class TerminalProgress {
  readonly #drawing: Drawing;
  #close: (() => void) | undefined;
  #closed: Promise<unknown> = Promise.resolve();

  /** @param all a line for each step that is looked at, however many hold */
  constructor(screen: Screen, all = false) {
    this.#drawing = new Drawing(screen, all);
    this.resume();
  }

  emit(event: Event): void {
    this.#drawing.emit(event);
  }

  leave(): void {
    this.#drawing.leave();
  }

  comeBack(): void {
    this.#drawing.comeBack();
  }

  /** Clears the live lines and gives the terminal back, for a prompt or for good. */
  async pause(): Promise<void> {
    this.#close?.();
    this.#close = undefined;
    await this.#closed;
  }

  /** Draws again; nothing changes when it does already. */
  resume(): void {
    if (this.#close !== undefined) return;
    const open = new Promise<void>((resolve) => {
      this.#close = resolve;
    });
    this.#closed = new Listr([{title: 'run', task: () => open}], {
      renderer: RunRenderer,
      rendererOptions: {drawing: this.#drawing},
      // listr2 would end the process on Ctrl-C; that is for main.ts to decide.
      registerSignalListeners: false,
    }).run();
  }
}
