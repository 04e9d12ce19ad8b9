import type {LoggedStep} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {printEntries, showFollowed} from '../log/follow.ts';
import {
  failureLine,
  type LogLayout,
  linesBefore,
  runHeading,
  StepLines,
  stepHeadings,
  Tail,
} from '../log/step-lines.ts';
import {countFromZero} from '../settings.ts';
import {writtenTo} from '../streams.ts';

interface Options {
  readonly times?: boolean;
  readonly tail?: number;
  readonly follow?: boolean;
  readonly raw?: boolean;
}

/** What the steps of a run printed. */
export const log: CommandFile = {
  define(command) {
    command
      .summary('show what the steps of a run printed')
      .description(
        'Shows each step of a run: how it ended, when it was started, how long it took, and what it printed. ' +
          'With --json the entries of its journal.',
      );
    command
      .argument('[run]', 'its id, or enough of it (default: the newest run)')
      .argument('[step]', 'only this step, its items and its child steps')
      .option('--times', 'with the time of each line, where it is known')
      .option('--tail <n>', 'only the last n lines of each step; with --follow of all that has been', countFromZero)
      .option('-f, --follow', 'show what comes until the run ends, also when another process works on it')
      .addOption(
        command
          .createOption('--raw', 'exactly what was printed, and nothing else')
          .conflicts(['times', 'tail', 'follow']),
      );
    examples(command, [
      ['runbook log', 'everything of the newest run'],
      ['runbook log k3f9 server1 --times', 'one step of that run, with times'],
      ['runbook log --follow', 'watch a run that goes on in another terminal'],
      ['runbook log k3f9 build --raw > build.txt', 'just what it printed'],
      ['runbook log --json', 'the journal, for a program; with --follow entry by entry'],
    ]);
  },

  async act(call) {
    const engine = await import('../../engine/index.ts');
    const {follow = false, raw = false, tail} = call.options<Options>();
    const [part, step] = call.args;
    const run = await engine.findRun(call.stateDir, part);
    if (follow) {
      const followed = engine.followRun(call.stateDir, run, {step});
      await (call.json ? printEntries(call, followed) : showFollowed(call, followed, {run, tail}));
    } else if (call.json) call.printJson(await engine.readEntries(call.stateDir, run, step));
    else if (raw)
      for await (const part of engine.readLog(call.stateDir, run, step)) await writtenTo(call.around.stdout, part);
    else await showLog(call, await engine.readRunLog(call.stateDir, run, step), tail);
    return 0;
  },
};

const showLog = async (
  call: Call,
  log: Awaited<ReturnType<typeof import('../../engine/index.ts')['readRunLog']>>,
  tail: number | undefined,
): Promise<void> => {
  const {stdout} = call.around;
  const columns = stdout.isTTY === true ? call.columns : undefined;
  const layout: LogLayout = {style: call.outStyle, columns, times: call.options<Options>().times === true};
  const headings = stepHeadings(log.steps, layout);
  await writtenTo(stdout, [runHeading(log, layout), '']);
  for (const step of log.steps) {
    await writtenTo(stdout, [headings.get(step.step) ?? step.step]);
    await showPrinted(step, layout, tail, (lines) => writtenTo(stdout, lines));
    await writtenTo(stdout, failureLine(step, layout));
  }
};

const showPrinted = async (
  step: LoggedStep,
  layout: LogLayout,
  tail: number | undefined,
  write: (lines: readonly string[]) => Promise<void>,
): Promise<void> => {
  const lines = new StepLines(layout);
  if (tail === undefined) {
    for (const printed of step.printed()) await write(lines.of(printed));
    return;
  }
  const last = new Tail(tail);
  for (const printed of step.printed()) last.push(lines.of(printed));
  await write(last.lines((count) => `    ${layout.style('dim', linesBefore(count))}`));
};
