import {resolve} from 'node:path';
import {type Command, InvalidArgumentError} from 'commander';
import type {Call} from './command.ts';
import {collect} from './command.ts';

/** Options that run, resume and plan share. */
export interface Settings {
  readonly set?: readonly string[];
  readonly envFile?: readonly string[];
  readonly concurrency?: number;
  readonly keepGoing?: boolean;
}

/** Declares `--set` and `--env-file`. */
export const valueOptions = (command: Command): Command =>
  command
    .option('--set <input=value>', 'give an input; may be repeated', setting)
    .option('--env-file <file>', 'a further env file; may be repeated, later files win', collect);

/** Declares how steps are carried out. */
export const paceOptions = (command: Command): Command =>
  command
    .option('--no-menu', 'when a step fails, do not ask what to do about it')
    .option('--keep-going', 'when a step fails, go on with those that do not need it')
    .option('--concurrency <n>', 'how many steps may run at once (default: 4)', count)
    .option('-y, --yes', 'answer yes where a step asks for confirmation, and to installing what is missing');

/** The shared options as the engine wants them. */
export const settingsOf = (call: Call) => {
  const {set = [], envFile = [], concurrency, keepGoing} = call.options<Settings>();
  return {
    set: Object.fromEntries(set.map(pair)),
    envFiles: envFile.map((file) => resolve(call.around.cwd, file)),
    ...(concurrency === undefined ? {} : {concurrency}),
    ...(keepGoing === undefined ? {} : {keepGoing}),
  };
};

const setting = (value: string, earlier: readonly string[] = []): string[] => {
  if (value.indexOf('=') < 1) throw new InvalidArgumentError('write it as input=value');
  return collect(value, earlier);
};

const pair = (text: string): [string, string] => {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
};

const countFrom =
  (least: number) =>
  (value: string): number => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least)) throw new InvalidArgumentError(`it must be a whole number from ${least} on`);
    return number;
  };

export const count = countFrom(1);
export const countFromZero = countFrom(0);
