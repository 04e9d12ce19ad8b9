import type {Host, RunResult} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {quietHost} from '../host.ts';
import {ClassroomTeacher} from '../lessons/classroom.ts';
import {TypedLines} from '../lessons/lines.ts';
import {Prompter} from '../prompt.ts';
import {nextSteps} from '../report.ts';
import {ensureRequirements} from '../requirements.ts';
import {settingsOf, valueOptions} from '../settings.ts';
import {codeOfSignal} from '../signals.ts';
import {plain} from '../streams.ts';
import {prose} from '../tutorial.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly new?: boolean;
  readonly provision?: boolean;
}

/** A runbook as a tutorial: you type, it verifies. */
export const learn: CommandFile = {
  define(command) {
    command
      .summary('learn a runbook: you type, it verifies')
      .description(
        'Goes through a runbook one step at a time. You read, and type the command yourself in another terminal; as soon as the check of the step holds, it goes on. What you did belongs to the run: status, undo and resume know it.',
      );
    command.argument('<runbook>', 'a name that `runbook list` shows, or the path of a file');
    valueOptions(command)
      .option('--new', 'begin anew, also where a run of it is unfinished')
      .option('--provision', 'install and start what the runbook requires, unasked');
    examples(command, [
      ['runbook learn consul-cluster', 'begin, or go on where you stopped'],
      ['runbook learn consul-cluster --set machines=0', 'with an input'],
      ['runbook learn consul-cluster --new', 'from the beginning'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const file = workshop.fileOf(call.args[0] ?? '');
    const runbook = await workshop.load(file);
    const quitting = new AbortController();
    const lines = new TypedLines(call.around);
    const page = {columns: Math.min(call.around.stderr.columns || 80, 100), style: call.errStyle};
    const tell = (text: readonly string[]): void => call.tell(text);
    const teacher = new ClassroomTeacher({lines, page, report: call.report, tell, quit: () => quitting.abort('quit')});
    const host = hostFor(call, workshop, teacher, quitting.signal);
    await ensureRequirements(runbook.requires, {
      call,
      workshop,
      provision: call.options<Options>().provision ?? false,
      prompter: prompterFor(call, workshop),
    });
    call.around.holdSignals();
    try {
      const {engine, registry} = workshop;
      const way = {doer: engine.byHand(teacher), inFileOrder: true, concurrency: 1};
      const settings = settingsOf(call);
      const unfinished =
        call.options<Options>().new === true ? undefined : await engine.unfinishedRun(call.stateDir, runbook.name);
      if (unfinished !== undefined) {
        call.tell([`going on with run ${unfinished}; what you have done is looked at first`]);
        const request = {run: unfinished, registry, load: workshop.load, redo: [], accept: []};
        return tellResult(call, quitting.signal, await engine.resumeRun({...request, ...settings, ...way}, host));
      }
      call.tell([call.errStyle('bold', runbook.title), ...prose(runbook.about, {...page, typed: ''})]);
      return tellResult(call, quitting.signal, await engine.startRun({runbook, registry, ...settings, ...way}, host));
    } finally {
      lines.close();
    }
  },
};

const prompterFor = (call: Call, {engine}: Workshop): Prompter => {
  const progress = {emit: () => {}, pause: async () => {}, resume: () => {}};
  const refuse = (message: string, next: string): Error =>
    new engine.RunbookError({code: 'no-terminal', message, next: [next]});
  return new Prompter({around: call.around, progress, yes: false, colours: call.errStyle !== plain, refuse});
};

const hostFor = (call: Call, workshop: Workshop, teacher: ClassroomTeacher, quitting: AbortSignal): Host => {
  const host = quietHost(call);
  return {
    ...host,
    signal: AbortSignal.any([host.signal, quitting]),
    emit: (event) => teacher.emit(event),
    ask: (question) => teacher.ask(question),
    askSecret: prompterFor(call, workshop).askSecret,
  };
};

const tellResult = (call: Call, quitting: AbortSignal, {outcome, run}: RunResult): number => {
  const {errStyle: style, report} = call;
  if (outcome === 'done') {
    call.tell([
      '',
      `${style('green', '✔ learned')}: every step is done, and was seen to be`,
      ...nextSteps([`does it still hold?  runbook status ${run}`, `take it back:        runbook undo ${run}`], report),
    ]);
    return 0;
  }
  const again = `runbook learn ${call.args[0]}`;
  call.tell(['', ...nextSteps([`go on with: ${again}`, `or have the rest done: runbook resume ${run}`], report)]);
  if (outcome === 'interrupted') return quitting.aborted ? 0 : codeOfSignal(call.around.signal.reason);
  return outcome === 'failed' ? 1 : 0;
};
