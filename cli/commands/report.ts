import {writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {type CommandFile, examples} from '../command.ts';
import {quietHost} from '../host.ts';
import {shownPath} from '../report.ts';
import {openWorkshop} from '../workshop.ts';

interface Options {
  readonly output?: string;
}

/** A page that tells what happened in a run. */
export const report: CommandFile = {
  define(command) {
    command
      .summary('write a page of what happened in a run')
      .description(
        'Writes one HTML page: what happened in a run, when, how long, beside what; what failed stands first. It needs nothing from anywhere, so it can be mailed or kept.',
      );
    command
      .argument('[run]', 'its id, or enough of it (default: the newest run)')
      .option('-o, --output <file>', 'the file to write, - for the standard output (default: RUN.html)');
    examples(command, [
      ['runbook report', 'the newest run'],
      ['runbook report k3f9 -o failure.html', 'that run, into that file'],
      ['runbook report --json', 'the same for a program'],
    ]);
  },

  async act(call) {
    const {engine, registry, load} = await openWorkshop(call);
    const [run] = call.args;
    const told = await engine.reportOf({...(run === undefined ? {} : {run}), registry, load}, quietHost(call));
    if (call.json) {
      call.printJson(told);
      return 0;
    }
    const {pageOf} = await import('../page/page.ts');
    const page = pageOf(told, {kind: 'report'});
    const {output = `${told.run}.html`} = call.options<Options>();
    if (output === '-') call.around.stdout.write(page);
    else {
      const file = resolve(call.around.cwd, output);
      try {
        writeFileSync(file, page);
      } catch (error) {
        throw new engine.RunbookError({
          code: 'file-failed',
          message: `can't write the page: ${engine.messageOf(error)}`,
          next: ['choose another file: --output FILE'],
        });
      }
      call.print([shownPath(file, call.around.cwd)]);
    }
    return 0;
  },
};
