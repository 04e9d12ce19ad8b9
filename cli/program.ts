import {Command, CommanderError} from 'commander';
import type {CODES, Problem, RunbookError} from '../engine/index.ts';
import {Call, type CommandFile, examples} from './command.ts';
import {exhaustion} from './exhaustion.ts';
import {productId, version} from './package.ts';
import {type ReportStyle, reportInternal, reportProblems} from './report.ts';
import {codeOfSignal} from './signals.ts';
import {columnsOf, styleFor} from './streams.ts';
import type {Surroundings} from './surroundings.ts';
import {fitted} from './width.ts';

// The engine is loaded by the commands that need it: the help does not.
const DONE = 0;
const INTERNAL: (typeof CODES)['internal'] = 1;
const USAGE: (typeof CODES)['usage'] = 2;

/** Every subcommand, in the order of the help. Only the one that is called is loaded. */
const commands: Readonly<Record<string, () => Promise<CommandFile>>> = {
  run: async () => (await import('./commands/run.ts')).run,
  resume: async () => (await import('./commands/resume.ts')).resume,
  plan: async () => (await import('./commands/plan.ts')).plan,
  status: async () => (await import('./commands/status.ts')).status,
  undo: async () => (await import('./commands/undo.ts')).undo,
  runs: async () => (await import('./commands/runs.ts')).runs,
  log: async () => (await import('./commands/log.ts')).log,
  audit: async () => (await import('./commands/audit.ts')).audit,
  ps: async () => (await import('./commands/ps.ts')).ps,
  clean: async () => (await import('./commands/clean.ts')).clean,
  list: async () => (await import('./commands/list.ts')).list,
  show: async () => (await import('./commands/show.ts')).show,
  report: async () => (await import('./commands/report.ts')).report,
  docs: async () => (await import('./commands/docs.ts')).docs,
  learn: async () => (await import('./commands/learn.ts')).learn,
  new: async () => (await import('./commands/new.ts')).newCommand,
  import: async () => (await import('./commands/import.ts')).importCommand,
  validate: async () => (await import('./commands/validate.ts')).validate,
  test: async () => (await import('./commands/test.ts')).test,
  schema: async () => (await import('./commands/schema.ts')).schema,
  env: async () => (await import('./commands/env.ts')).env,
  keys: async () => (await import('./commands/keys.ts')).keys,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
};

/** Runs one command line. Never throws: what goes wrong is told on stderr and becomes the exit code. */
export const runProgram = async (around: Surroundings): Promise<number> => {
  try {
    return await perform(around);
  } catch (error) {
    return tellError(error, around);
  }
};

const perform = async (around: Surroundings): Promise<number> => {
  let code: number = USAGE;
  const program = await define(around, (done) => (code = done));
  try {
    await program.parseAsync(around.argv, {from: 'user'});
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return DONE;
    // Called without a command: the help has been shown.
    if (error.code === 'commander.help') return USAGE;
    around.stderr.write(reportProblems([usageProblem(error, around.argv)], reportStyle(around)));
    return USAGE;
  }
};

const define = async (around: Surroundings, done: (code: number) => void): Promise<Command> => {
  const program: Command = new Command('runbook')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void around.stdout.write(text),
      writeErr: (text) => void around.stderr.write(text),
      outputError: () => {},
    })
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: (command) => (command === program ? [] : [...program.options]),
    })
    .description('Runs operations documents: typed steps, each with the check that proves it worked.')
    .version(productId(), '-V, --version', 'say which program and version this is')
    .helpOption('-h, --help', 'show this help, or that of a command')
    .helpCommand('help [command]', 'show the help of a command')
    .option('--state-dir <dir>', 'where runs are kept (default: RUNBOOK_STATE_DIR or ./.runbook)')
    .option('--json', 'results as JSON; for run, resume and undo one event a line')
    .option('--no-color', 'no colours (as does NO_COLOR)')
    .option('--debug', 'with stack traces');
  examples(program, [
    ['runbook list', 'the runbooks that can be run'],
    ['runbook run consul-cluster', 'run one'],
    ['runbook resume', 'go on where it stopped'],
    ['runbook status', 'does everything still hold?'],
  ]);
  for (const [name, load] of wantedCommands(around.argv)) add(program, name, await load(), around, done);
  return program;
};

const add = (
  parent: Command,
  name: string,
  file: CommandFile,
  around: Surroundings,
  done: (code: number) => void,
): void => {
  const command = parent.command(name);
  file.define(command);
  command.action(async () => done(await file.act(new Call(around, command))));
  const below = Object.entries(file.subcommands ?? {});
  // What stands behind a subcommand's name is its own, also where this one has an option of that name.
  if (below.length > 0) command.enablePositionalOptions().helpCommand(false);
  for (const [word, one] of below) add(command, word, one, around, done);
};

/** The command that is called; all of them where the help or a suggestion may have to name them. */
const wantedCommands = (argv: readonly string[]): (readonly [string, () => Promise<CommandFile>])[] => {
  const word = argv.find((arg, index) => !arg.startsWith('-') && argv[index - 1] !== '--state-dir');
  const load = word !== undefined && Object.hasOwn(commands, word) ? commands[word] : undefined;
  return word === undefined || load === undefined ? Object.entries(commands) : [[word, load]];
};

const usageProblem = (error: CommanderError, argv: readonly string[]): Problem => {
  const [what = '', hint] = error.message.replace(/^error: /, '').split('\n');
  const word = argv.find((arg) => Object.hasOwn(commands, arg));
  const meant = hint?.match(/\(Did you mean (.*)\?\)/)?.[1];
  return {
    code: 'usage',
    message: what.replace(/\.$/, '').replaceAll("'", '"'),
    next: [
      ...(meant === undefined ? [] : [`did you mean "${meant.replace('one of ', '')}"?`]),
      word === undefined ? 'see: runbook --help' : `see: runbook ${word} --help`,
    ],
  };
};

const reportStyle = ({stderr, env, cwd, argv, program}: Surroundings): ReportStyle => ({
  style: styleFor(stderr, env, !argv.includes('--no-color')),
  cwd,
  program,
  fit: (text) => fitted(text, columnsOf(stderr)),
});

const isRunbookError = (error: unknown): error is RunbookError =>
  error instanceof Error && error.name === 'RunbookError' && 'problems' in error;

const tellError = (error: unknown, around: Surroundings): number => {
  const {stderr, argv} = around;
  const debug = argv.includes('--debug');
  if (!isRunbookError(error) && around.signal.aborted) {
    stderr.write(`interrupted (${around.signal.reason})\n`);
    return codeOfSignal(around.signal.reason);
  }
  if (!isRunbookError(error)) {
    const problem = exhaustion(error);
    const how = reportStyle(around);
    const text = problem ? reportProblems([problem], how) : reportInternal(error, version(), debug, how.style);
    stderr.write(around.secrets.text(text));
    return INTERNAL;
  }
  const cause = error.cause instanceof Error ? `caused by ${error.cause.stack}\n` : '';
  if (debug) stderr.write(around.secrets.text(`${error.stack}\n${cause}`));
  stderr.write(reportProblems(around.secrets.carried(error.problems), reportStyle(around)));
  return error.exitCode;
};
