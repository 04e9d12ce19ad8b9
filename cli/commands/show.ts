import {Option} from 'commander';
import type {Runbook} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {quietHost} from '../host.ts';
import {markdownPage} from '../markdown-page.ts';
import {paged} from '../pager.ts';
import {settingsOf, valueOptions} from '../settings.ts';
import {tutorial} from '../tutorial.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly format: 'text' | 'markdown' | 'html' | 'sh' | 'json';
}

/** A runbook to read: its prose, its commands, and how each is checked. */
export const show: CommandFile = {
  define(command) {
    command
      .summary('read a runbook')
      .description('Shows a runbook as a tutorial: its prose, its commands, its checks.');
    valueOptions(command)
      .argument('<runbook>', 'a name that `runbook list` shows, or the path of a file')
      .addOption(
        new Option('--format <format>', 'how').choices(['text', 'markdown', 'html', 'sh', 'json']).default('text'),
      );
    examples(command, [
      ['runbook show consul-cluster', 'to read'],
      ['runbook show consul-cluster --format html > consul.html', 'a page for a browser'],
      ['runbook show consul-cluster --format sh > consul.sh', 'a shell script that does the same'],
      ['runbook show ./upgrade-web.yaml --format json', 'for a program'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const typed = call.args[0] ?? '';
    const runbook = await workshop.load(workshop.fileOf(typed));
    const format = call.json ? 'json' : call.options<Options>().format;
    if (format === 'sh' || format === 'html') {
      call.around.stdout.write(await (format === 'sh' ? scriptOf : htmlOf)(call, workshop, runbook));
      return 0;
    }
    const document = await workshop.engine.describeRunbook(runbook, workshop.registry, quietHost(call));
    if (format === 'json') call.printJson(document);
    else if (format === 'markdown') call.around.stdout.write(markdownPage(document, typed));
    else await paged(call, tutorial(document, {columns: call.columns, style: call.outStyle, typed}));
    return 0;
  },
};

const scriptOf = async (call: Call, {engine, registry}: Workshop, runbook: Runbook): Promise<string> =>
  (await engine.shellScript({runbook, registry, ...settingsOf(call)}, quietHost(call))).text;

const htmlOf = async (call: Call, {engine, registry}: Workshop, runbook: Runbook): Promise<string> => {
  const {pageOf} = await import('../page/page.ts');
  return pageOf(await engine.reportOfFile(runbook, registry, quietHost(call)), {kind: 'document'});
};
