import {existsSync} from 'node:fs';
import {resolve} from 'node:path';
import {text as readAll} from 'node:stream/consumers';
import type {AuditRequest} from '../../engine/index.ts';
import {auditLines} from '../audit-lines.ts';
import {type Call, type CommandFile, collect, examples} from '../command.ts';
import {openDesk} from '../host.ts';
import {settingsOf, valueOptions} from '../settings.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly also?: readonly string[];
  readonly secretEnv?: readonly string[];
  readonly secretStdin?: boolean;
}

/** Whether a secret of a run can be read in anything that it has left. */
export const audit: CommandFile = {
  define(command) {
    command
      .summary('search all that a run has left for its secrets')
      .description(
        'Searches the journal, the logs and the pages of a run for its secrets, as they are and in base64, JSON, URLs and HTML. ' +
          'Secret inputs are not stored: give them again, or be asked for them; what steps have read is read again. ' +
          'Says where a secret is, and never what it is. Changes nothing. ' +
          'Exits with 1 when it found one, and with 3 when it found none but could not look for all.',
      );
    command.argument('[run]', 'its id, or enough of it (default: the newest run)');
    valueOptions(command)
      .option('--also <path>', 'search this file or folder, too; may be repeated', collect)
      .option('--secret-env <name>', 'look for the value of this variable, too; may be repeated', collect)
      .option('--secret-stdin', 'look for what stands on the standard input, too');
    examples(command, [
      ['runbook audit', 'the newest run'],
      ['runbook audit k3f9 --env-file prod.env', 'that run, with the secrets of an env file'],
      ['runbook audit --also report.html --also dist', 'other files, too'],
      ['pass show db | runbook audit --secret-stdin', 'a secret of which the runbook does not know'],
      ['runbook audit --json', 'for a program'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const {engine, registry, load} = workshop;
    const {also = []} = call.options<Options>();
    const [run] = call.args;
    const paths = pathsOf(call, workshop, also);
    const others = await othersOf(call, workshop);
    const {set, envFiles} = settingsOf(call);
    const desk = await openDesk(call, workshop, {yes: false});
    const pages: AuditRequest['pages'] = (told) =>
      [told.cwd, call.around.cwd].flatMap((folder) => pagesIn(folder, told));
    const request = {...(run === undefined ? {} : {run}), registry, load, set, envFiles, also: paths, pages, others};
    const report = await engine
      .auditRun(request, {...desk.host, emit: () => {}, ask: async () => false})
      .finally(() => desk.close());
    if (call.json) call.printJson(report);
    else call.print(auditLines(report, call, engine.inputVariable));
    if (report.leaks.length > 0) return engine.EXIT.failed;
    return report.clean ? engine.EXIT.done : engine.EXIT.missing;
  },
};

/** Where `report` writes a page of a run, and `docs` those of a runbook, if not told otherwise. */
const pagesIn = (folder: string, {run, runbook}: {readonly run: string; readonly runbook: string}): readonly string[] =>
  [`${run}.html`, `docs/tutorials/${runbook}.md`, `docs/tutorials/${runbook}.html`]
    .map((name) => resolve(folder, name))
    .filter((file) => existsSync(file));

const pathsOf = ({around}: Call, {engine}: Workshop, also: readonly string[]): readonly string[] =>
  also.map((path) => {
    const file = resolve(around.cwd, path);
    if (existsSync(file)) return file;
    throw new engine.RunbookError({
      code: 'usage',
      message: `--also: there is no file or folder "${path}"`,
      next: ['name one that is there'],
    });
  });

/** Secrets that no runbook declares, by where they come from. */
const othersOf = async (call: Call, {engine}: Workshop): Promise<Readonly<Record<string, string>>> => {
  const {secretEnv = [], secretStdin = false} = call.options<Options>();
  const {env, stdin} = call.around;
  const wrong = (message: string, next: string): Error =>
    new engine.RunbookError({code: 'usage', message, next: [next]});
  const others = secretEnv.map((name): [string, string] => {
    const value = env[name];
    if (value !== undefined && value !== '') return [`variable ${name}`, value];
    throw wrong(`--secret-env: there is no variable "${name}", or it is empty`, `give it its value: export ${name}`);
  });
  if (!secretStdin) return Object.fromEntries(others);
  if (stdin.isTTY) throw wrong('--secret-stdin: there is nothing on the standard input', 'pipe the secret in');
  const text = (await readAll(stdin)).replace(/\r?\n$/, '');
  if (text === '') throw wrong('--secret-stdin: the standard input is empty', 'pipe the secret in');
  return Object.fromEntries([...others, ['standard input', text]]);
};
