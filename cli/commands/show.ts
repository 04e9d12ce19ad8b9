import {Option} from 'commander';
import {type CommandFile, examples} from '../command.ts';
import {quietHost} from '../host.ts';
import {paged} from '../pager.ts';
import {settingsOf, valueOptions} from '../settings.ts';
import {tutorial} from '../tutorial.ts';
import {openWorkshop} from '../workshop.ts';

interface Options {
  readonly format: 'text' | 'sh' | 'json';
}

/** A runbook to read: its prose, its commands, and how each is checked. */
export const show: CommandFile = {
  define(command) {
    command
      .summary('read a runbook')
      .description('Shows a runbook as a tutorial: its prose, its commands, its checks.');
    valueOptions(command)
      .argument('<runbook>', 'a name that `runbook list` shows, or the path of a file')
      .addOption(new Option('--format <format>', 'how').choices(['text', 'sh', 'json']).default('text'));
    examples(command, [
      ['runbook show consul-cluster', 'to read'],
      ['runbook show consul-cluster --format sh > consul.sh', 'a shell script that does the same'],
      ['runbook show ./upgrade-web.yaml --format json', 'for a program'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const runbook = await workshop.load(workshop.fileOf(call.args[0] ?? ''));
    if (call.options<Options>().format === 'sh' && !call.json) {
      const {text} = await workshop.engine.shellScript(
        {runbook, registry: workshop.registry, ...settingsOf(call)},
        quietHost(call),
      );
      call.around.stdout.write(text);
      return 0;
    }
    const document = await workshop.engine.describeRunbook(runbook, workshop.registry, quietHost(call));
    if (call.json || call.options<Options>().format === 'json') call.printJson(document);
    else
      await paged(call, tutorial(document, {columns: call.columns, style: call.outStyle, typed: call.args[0] ?? ''}));
    return 0;
  },
};
