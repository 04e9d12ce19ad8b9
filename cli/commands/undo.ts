import type {UndoPlan, UndoRequest, UndoResult} from '../../engine/index.ts';
import {type Call, type CommandFile, collect, examples} from '../command.ts';
import {openDesk, quietHost} from '../host.ts';
import {INTERRUPTED, UNDO_FAILED, UNDONE} from '../progress/words.ts';
import {hasTerminal, type Prompter} from '../prompt.ts';
import {nextSteps, reportProblems} from '../report.ts';
import {codeOfSignal} from '../signals.ts';
import {undoLines} from '../undo-lines.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly to?: string;
  readonly yes?: boolean;
  readonly plan?: boolean;
  readonly accept?: readonly string[];
  readonly reason?: string;
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
      .option('--accept <id>', 'nothing of this step is left to take back; needs --reason; may be repeated', collect)
      .option('--reason <text>', 'why; kept in the journal')
      .option('-y, --yes', 'do not ask');
    examples(command, [
      ['runbook undo --plan', 'what would be taken back'],
      ['runbook undo', 'the newest run, after asking'],
      ['runbook undo k3f9 --to server1', 'back to a step, which is kept'],
      ['runbook undo --yes', 'without asking, as in a script'],
      ["runbook undo --accept key --reason 'its server is gone'", 'go on without a step that is gone already'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const {engine} = workshop;
    const {yes = false, plan = false} = call.options<Options>();
    const request = requestOf(call, workshop);
    if (plan) return showPlan(call, await engine.planUndo(request, quietHost(call)));
    const confirm = async ({ask}: Prompter): Promise<boolean> => {
      if (!hasTerminal(call.around)) throw unanswered(workshop);
      return await ask({kind: 'confirm', message: 'Take this back?'});
    };
    const took = await takeBack(call, workshop, request, yes ? undefined : confirm);
    if (took === 'nothing') return engine.EXIT.done;
    return took === 'declined' ? engine.EXIT.failed : exitCode(call, took);
  },
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
    // Who works on it now is named by the refusal.
    if (planned.heldBy === undefined) {
      if (isNothingLeft(planned) && request.accept === undefined) {
        call.tell([...undoLines(planned, call, call.errStyle), ...nothingLines(call, planned)]);
        return 'nothing';
      }
      if (!call.json) call.tell(undoLines(planned, call, call.errStyle));
      if (confirm !== undefined && !(await confirm(prompter))) return 'declined';
    }
    call.around.holdSignals();
    progress.resume();
    const result = await engine.undoRun({...request, run: planned.run}, host);
    await progress.pause();
    tellResult(call, result, request.accept?.length ?? 0);
    return result;
  } finally {
    await close();
  }
};

const requestOf = (call: Call, {registry, load, engine}: Workshop): UndoRequest => {
  const {to, accept, reason} = call.options<Options>();
  if (accept !== undefined && (reason === undefined || reason.trim() === ''))
    throw new engine.RunbookError({
      code: 'usage',
      message: '--accept needs --reason: it is kept in the journal',
      next: [`runbook undo --accept ${accept[0]} --reason 'its server is gone'`],
    });
  const [run] = call.args;
  return {
    ...(run === undefined ? {} : {run}),
    ...(to === undefined ? {} : {to}),
    ...(accept === undefined ? {} : {accept: accept.map((step) => ({step, reason: reason ?? ''}))}),
    registry,
    load,
  };
};

const unanswered = ({engine}: Workshop): Error =>
  new engine.RunbookError({
    code: 'no-terminal',
    message: 'nothing was taken back: nobody can be asked',
    next: ['answer with --yes'],
  });

const showPlan = (call: Call, planned: UndoPlan): number => {
  if (call.json) call.printJson(planned);
  else
    call.print([
      ...undoLines(planned, call, call.outStyle),
      ...(isNothingLeft(planned) ? nothingLines(call, planned) : []),
    ]);
  return 0;
};

const isNothingLeft = ({steps, running}: UndoPlan): boolean =>
  running.length === 0 && steps.every(({action}) => action !== 'undo');

/** Another run is never taken back unasked: it is named. */
const nothingLines = ({report}: Call, {before}: UndoPlan): string[] => [
  'nothing is left to take back',
  ...(before === undefined ? [] : nextSteps(`the run before it: runbook undo ${before}`, report)),
];

const tellResult = (call: Call, {run, undone, failed, left, interrupted}: UndoResult, accepted: number): void => {
  const {around, report, json, errStyle} = call;
  const problems = failed.map(({problem}) => problem);
  if (problems.length > 0) around.stderr.write(`\n${reportProblems(problems, report)}`);
  const {mark, format} = interrupted ? INTERRUPTED : failed.length > 0 ? UNDO_FAILED : UNDONE;
  const gone = accepted > 0 ? `, ${accepted} taken as gone` : '';
  const counts = `${undone.length} taken back${gone}${left.length > 0 ? `, ${left.length} left: ${left.join(', ')}` : ''}`;
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
