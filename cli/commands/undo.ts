import type {UndoPlan, UndoRequest, UndoResult, UndoStep} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {inOneLine} from '../command-line.ts';
import {openDesk} from '../host.ts';
import {INTERRUPTED, UNDO_FAILED, UNDONE} from '../progress/words.ts';
import {hasTerminal, type Prompter} from '../prompt.ts';
import {nextSteps, reportProblems} from '../report.ts';
import {codeOfSignal} from '../signals.ts';
import {padded, widthOf} from '../width.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly to?: string;
  readonly yes?: boolean;
  readonly plan?: boolean;
}

/** Takes back what a run did, in reverse order. */
export const undo: CommandFile = {
  define(command) {
    command
      .summary('take back what a run did')
      .description('Takes back what a run made, in reverse order, each step proven gone. What was there before stays.');
    command
      .argument('[run]', 'its id, or enough of it (default: the newest run)')
      .option('--to <id>', 'go back to this step, which is kept')
      .option('--plan', 'show what would be taken back; change nothing')
      .option('-y, --yes', 'do not ask');
    examples(command, [
      ['runbook undo --plan', 'what would be taken back'],
      ['runbook undo', 'the newest run, after asking'],
      ['runbook undo k3f9 --to server1', 'back to a step, which is kept'],
      ['runbook undo --yes', 'without asking, as in a script'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const {registry, load} = workshop;
    const {to, yes = false, plan = false} = call.options<Options>();
    const [run] = call.args;
    const request = {...(run === undefined ? {} : {run}), ...(to === undefined ? {} : {to}), registry, load};
    if (plan) return showPlan(call, await plannedUndo(call, workshop, request));
    const confirm = async ({ask}: Prompter): Promise<boolean> => {
      if (!hasTerminal(call.around)) throw unanswered(workshop);
      return await ask({kind: 'confirm', message: 'Take this back?'});
    };
    const took = await takeBack(call, workshop, request, yes ? undefined : confirm);
    if (took === 'nothing') return workshop.engine.EXIT.done;
    return took === 'declined' ? workshop.engine.EXIT.failed : exitCode(call, took);
  },
};

const plannedUndo = async (call: Call, workshop: Workshop, request: UndoRequest): Promise<UndoPlan> => {
  const {host, close} = await openDesk(call, workshop, {yes: false});
  try {
    return await workshop.engine.planUndo(request, host);
  } finally {
    await close();
  }
};

/**
 * Shows what there is of a run to take back, asks, and takes it back.
 * @param confirm asks; left out where the answer is yes
 */
export const takeBack = async (
  call: Call,
  workshop: Workshop,
  request: UndoRequest,
  confirm?: (prompter: Prompter) => Promise<boolean>,
): Promise<UndoResult | 'nothing' | 'declined'> => {
  const {engine} = workshop;
  const {host, progress, prompter, close} = await openDesk(call, workshop, {yes: confirm === undefined});
  try {
    const planned = await engine.planUndo(request, host);
    await progress.pause();
    if (planned.running.length === 0 && planned.steps.every(({action}) => action !== 'undo')) {
      call.tell([...undoLines(planned, call), 'nothing is left to take back']);
      return 'nothing';
    }
    if (confirm !== undefined) {
      call.tell([...undoLines(planned, call), '']);
      if (!(await confirm(prompter))) return 'declined';
    }
    call.around.holdSignals();
    progress.resume();
    const result = await engine.undoRun({...request, run: planned.run}, host);
    await progress.pause();
    tellResult(call, result);
    return result;
  } finally {
    await close();
  }
};

const unanswered = ({engine}: Workshop): Error =>
  new engine.RunbookError({
    code: 'no-terminal',
    message: 'nothing was taken back: nobody can be asked',
    next: ['answer with --yes'],
  });

const showPlan = (call: Call, planned: UndoPlan): number => {
  if (call.json) call.printJson(planned);
  else call.print(undoLines(planned, call));
  return 0;
};

const TITLES: Readonly<Record<UndoStep['action'], string>> = {
  irreversible: "can't be taken back",
  undo: 'will be taken back, in this order',
  keep: 'stays: it was there before',
  nothing: 'changed nothing',
};

const undoLines = ({steps, running}: UndoPlan, call: Call): string[] => [
  ...(running.length === 0
    ? []
    : [call.outStyle('bold', 'still runs; will be ended'), ...running.map((step) => `  ${step}`)]),
  ...(Object.keys(TITLES) as UndoStep['action'][])
    .filter((action) => action !== 'nothing')
    .flatMap((action) => group(action, steps, call)),
];

const group = (action: UndoStep['action'], steps: readonly UndoStep[], call: Call): string[] => {
  const style = call.outStyle;
  const members = steps.filter((step) => step.action === action);
  if (members.length === 0) return [];
  const keys = Math.max(...members.map(({step}) => widthOf(step)));
  const rows = members.map(({step, title, command}) => {
    const shown = action === 'undo' && command !== '' ? `$ ${inOneLine(command)}` : title;
    return `  ${padded(step, keys)}  ${style('dim', shown)}`.trimEnd();
  });
  return [style(action === 'irreversible' ? ['bold', 'yellow'] : 'bold', TITLES[action]), ...rows];
};

const tellResult = (call: Call, {run, undone, failed, interrupted}: UndoResult): void => {
  const {around, report, json, errStyle} = call;
  const problems = failed.map(({problem}) => problem);
  if (problems.length > 0) around.stderr.write(`\n${reportProblems(problems, report)}`);
  const {mark, format} = interrupted ? INTERRUPTED : failed.length > 0 ? UNDO_FAILED : UNDONE;
  const counts = `${undone.length} taken back${failed.length > 0 ? `, ${failed.length} not` : ''}`;
  if (!json)
    call.tell([
      '',
      `${errStyle(format, mark)} ${counts}`,
      ...(interrupted ? nextSteps(`go on with: runbook undo ${run}`, report) : []),
    ]);
};

const exitCode = ({around}: Call, {failed, interrupted}: UndoResult): number => {
  if (interrupted) return codeOfSignal(around.signal.reason);
  return failed.length > 0 ? 1 : 0;
};
