import {resolve} from 'node:path';
import type {Command} from 'commander';
import type {ReportStyle} from './report.ts';
import {columnsOf, type Style, styleFor} from './streams.ts';
import type {Surroundings} from './surroundings.ts';
import {fitted} from './width.ts';

/** One subcommand: a file of `commands/`, named as typed. */
export interface CommandFile {
  /** Its summary, arguments, options and examples. */
  define(command: Command): void;
  /** Commands below this one, by the word that is typed after its own. */
  readonly subcommands?: Readonly<Record<string, CommandFile>>;
  /** @returns the exit code */
  act(call: Call): Promise<number>;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly stateDir?: string;
  readonly debug?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

/** One call of a subcommand. */
export class Call {
  readonly around: Surroundings;
  readonly args: readonly string[];
  readonly global: GlobalOptions;
  readonly #command: Command;

  constructor(around: Surroundings, command: Command) {
    this.around = around;
    this.#command = command;
    this.args = command.args;
    this.global = command.optsWithGlobals<GlobalOptions>();
  }

  /** The subcommand's own options, as its `define` declares them. */
  options<Options extends object>(): Options {
    return this.#command.opts<Options>();
  }

  /** Absolute. */
  get stateDir(): string {
    return resolve(this.around.cwd, this.global.stateDir ?? (this.around.env.RUNBOOK_STATE_DIR || '.runbook'));
  }

  get json(): boolean {
    return this.global.json === true;
  }

  /** For what goes to stdout. */
  get outStyle(): Style {
    return styleFor(this.around.stdout, this.around.env, this.global.color);
  }

  /** For what goes to stderr. */
  get errStyle(): Style {
    return styleFor(this.around.stderr, this.around.env, this.global.color);
  }

  get report(): ReportStyle {
    const {cwd, program, stderr} = this.around;
    return {style: this.errStyle, cwd, program, fit: (text) => fitted(text, columnsOf(stderr))};
  }

  /** A result, to stdout. */
  print(lines: readonly string[]): void {
    if (lines.length > 0) this.around.stdout.write(`${lines.join('\n')}\n`);
  }

  /** A result as one JSON document. */
  printJson(value: unknown): void {
    this.around.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** Something beside the result, to stderr. */
  tell(lines: readonly string[]): void {
    if (lines.length > 0) this.around.stderr.write(`${lines.join('\n')}\n`);
  }

  get columns(): number {
    return this.around.stdout.columns || 80;
  }
}

/** Adds examples to a command's help: what to type, and what that does. */
export const examples = (command: Command, list: readonly (readonly [line: string, what: string])[]): void => {
  const width = Math.max(...list.map(([line]) => line.length));
  const lines = list.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`.trimEnd());
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
};

/** For options that may be given several times. */
export const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];
