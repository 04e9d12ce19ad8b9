import {type CommandFile, examples} from '../command.ts';
import {conduct} from '../conduct.ts';
import {ensureRequirements} from '../requirements.ts';
import {paceOptions, settingsOf, valueOptions} from '../settings.ts';
import {openWorkshop} from '../workshop.ts';

interface Options {
  readonly from?: string;
  readonly until?: string;
  readonly only?: string;
  readonly yes?: boolean;
  readonly provision?: boolean;
}

/** Runs a runbook from the start, in a new run. */
export const run: CommandFile = {
  define(command) {
    command.summary('run a runbook').description('Runs a runbook, each step proven by its check.');
    command.argument('<runbook>', 'a name that `runbook list` shows, or the path of a file');
    valueOptions(command)
      .option('--from <id>', 'verify the steps before this one instead of running them')
      .option('--until <id>', 'stop after this step; `resume` goes on from there')
      .option('--only <id>', 'run this step; verify those that it needs');
    paceOptions(command).option('--provision', 'install and start what the runbook requires, unasked');
    examples(command, [
      ['runbook run consul-cluster', 'a name'],
      ['runbook run ./upgrade-web.yaml --set servers=5', 'a file, with an input'],
      ['runbook run consul-cluster --provision --yes', 'unattended, on a fresh machine'],
      ['runbook run consul-cluster --until server1', 'stop half-way; go on with: runbook resume'],
      ['runbook run consul-cluster --json', 'for a program: one event a line'],
    ]);
  },

  async act(call) {
    const {yes = false, provision = false, ...range} = call.options<Options>();
    const workshop = await openWorkshop(call);
    const {engine, registry} = workshop;
    const runbook = await workshop.load(workshop.fileOf(call.args[0] ?? ''));
    return conduct(call, workshop, {
      yes,
      work: async (host, prompter) => {
        await ensureRequirements(runbook.requires, {call, workshop, provision, prompter});
        return engine.startRun({runbook, registry, ...settingsOf(call), ...rangeOf(range)}, host);
      },
    });
  },
};

const rangeOf = ({from, until, only}: Options) => ({
  ...(from === undefined ? {} : {from}),
  ...(until === undefined ? {} : {until}),
  ...(only === undefined ? {} : {only}),
});
