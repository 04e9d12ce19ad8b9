import {Option} from 'commander';
import {type Call, type CommandFile, examples} from '../command.ts';
import {conduct} from '../conduct.ts';
import {hasTerminal} from '../prompt.ts';
import {ensureRequirements} from '../requirements.ts';
import {resuming} from '../resuming.ts';
import {paceOptions, settingsOf, valueOptions} from '../settings.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly from?: string;
  readonly until?: string;
  readonly only?: string;
  readonly yes?: boolean;
  readonly provision?: boolean;
  readonly step?: boolean;
  readonly recording?: boolean;
}

/** Runs a runbook from the start, in a new run. */
export const run: CommandFile = {
  define(command) {
    command.summary('run a runbook').description('Runs a runbook, each step proven by its check.');
    command.argument('<runbook>', 'a name that `runbook list` shows, or the path of a file');
    valueOptions(command)
      .option('--from <id>', 'verify the steps before this one instead of running them')
      .option('--until <id>', 'stop after this step; `resume` goes on from there')
      .option('--only <id>', 'run this step; verify those that it needs')
      .option('--step', 'show each step before it runs, and ask: run, skip, explain, all the rest, quit')
      // how `runbook docs` calls it
      .addOption(new Option('--recording', 'one step at a time, in the order of the file').hideHelp());
    paceOptions(command).option('--provision', 'install and start what the runbook requires, unasked');
    examples(command, [
      ['runbook run consul-cluster', 'a name'],
      ['runbook run ./upgrade-web.yaml --set servers=5', 'a file, with an input'],
      ['runbook run consul-cluster --provision --yes', 'unattended, on a fresh machine'],
      ['runbook run consul-cluster --until server1', 'stop half-way; go on with: runbook resume'],
      ['runbook run consul-cluster --step', 'see each step before it runs'],
      ['runbook run consul-cluster --json', 'for a program: one event a line'],
    ]);
  },

  async act(call) {
    const {yes = false, provision = false, step = false, recording = false, ...range} = call.options<Options>();
    const workshop = await openWorkshop(call);
    const {engine, registry} = workshop;
    const runbook = await workshop.load(workshop.fileOf(call.args[0] ?? ''));
    if (step && (!hasTerminal(call.around) || call.json)) throw noTerminal(workshop);
    return conduct(call, workshop, {
      yes,
      quiet: recording,
      work: async (host, prompter) => {
        await ensureRequirements(runbook.requires, {call, workshop, provision, prompter});
        const request = {runbook, registry, ...settingsOf(call), ...rangeOf(range)};
        if (recording) return engine.startRun({...request, inFileOrder: true, concurrency: 1}, host);
        if (!step) return engine.startRun(request, host);
        const {TerminalStepper} = await import('../lessons/stepper.ts');
        const quitting = new AbortController();
        const stepper = new TerminalStepper(call.around, prompter, pageOf(call), () => quitting.abort('quit'));
        return engine.startRun(
          {...request, doer: engine.stepByStep(stepper), inFileOrder: true, concurrency: 1},
          {...host, signal: AbortSignal.any([host.signal, quitting.signal])},
        );
      },
      again: (chosen) => resuming(call, workshop, {...chosen, sameRange: true}),
    });
  },
};

const pageOf = (call: Call) => ({columns: Math.min(call.around.stderr.columns || 80, 100), style: call.errStyle});

const noTerminal = ({engine}: Workshop): Error =>
  new engine.RunbookError({
    code: 'no-terminal',
    message: '--step asks before each step, and nobody can be asked here',
    next: ['run it in a terminal, or leave --step out'],
  });

const rangeOf = ({from, until, only}: Options) => ({
  ...(from === undefined ? {} : {from}),
  ...(until === undefined ? {} : {until}),
  ...(only === undefined ? {} : {only}),
});
