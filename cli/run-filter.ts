import type {Command} from 'commander';
import type {RunStanding} from '../engine/index.ts';

type Engine = typeof import('../engine/index.ts');

/** Options that say which runs are meant. */
export interface FilterOptions {
  readonly runbook?: string;
  readonly state?: string;
}

/** Declares `--runbook` and `--state`. */
export const filterOptions = (command: Command): Command =>
  command
    .option('--runbook <name>', 'only runs of this runbook')
    .option('--state <states>', 'only runs in these states, as in failed,unfinished');

/**
 * The shared filters as the engine wants them.
 * @throws RunbookError `usage` for a state that there is not
 */
export const filterOf = ({runbook, state}: FilterOptions, engine: Engine) => ({
  ...(runbook === undefined ? {} : {runbook}),
  ...(state === undefined ? {} : {states: statesOf(state, engine)}),
});

const statesOf = (text: string, engine: Engine): RunStanding[] =>
  text.split(',').map((part) => {
    const word = part.trim();
    const state = engine.RUN_STATES.find((one) => one === word);
    if (state !== undefined) return state;
    const {next = []} = engine.suggest(word, engine.RUN_STATES);
    throw usage(engine, `--state: there is no state "${word}"`, engine.RUN_STATES.join(', '), next);
  });

/**
 * Milliseconds of a duration as typed after an option.
 * @throws RunbookError `usage`
 */
export const durationOf = (option: string, text: string, engine: Engine): number => {
  const parsed = engine.parseDuration(text);
  if (typeof parsed === 'number') return parsed;
  const next = parsed.next === undefined ? [] : [parsed.next];
  throw usage(engine, `${option}: "${text}" is no duration`, parsed.expected, next);
};

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * A point in time as typed: how long ago it is, a date (here its midnight counts), or a date with a time.
 * @throws RunbookError `usage`
 */
export const momentOf = (option: string, text: string, now: Date, engine: Engine): Date => {
  const parsed = engine.parseDuration(text);
  if (typeof parsed === 'number') return new Date(now.getTime() - parsed);
  const date = /^\d{4}-/.test(text) ? new Date(DATE.test(text) ? `${text}T00:00` : text.replace(' ', 'T')) : undefined;
  if (date !== undefined && !Number.isNaN(date.getTime())) return date;
  throw usage(engine, `${option}: "${text}" is no time`, 'how long ago, as 7d or 12h; or a date, as 2026-11-23', []);
};

const usage = (engine: Engine, message: string, expected: string, next: readonly string[]): Error =>
  new engine.RunbookError({code: 'usage', message, expected, ...(next.length === 0 ? {} : {next: [...next]})});
