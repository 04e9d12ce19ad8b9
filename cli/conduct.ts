import type {Event, Host, RunResult} from '../engine/index.ts';
import type {Call} from './command.ts';
import {openDesk} from './host.ts';
import {summary, Tally} from './progress/tally.ts';
import type {Prompter} from './prompt.ts';
import {nextSteps, reportProblems} from './report.ts';
import {codeOfSignal} from './signals.ts';
import type {Workshop} from './workshop.ts';

/** Runs or resumes with progress, then says how it went and what to type next. */
export const conduct = async (
  call: Call,
  workshop: Workshop,
  {yes, all, work}: {yes: boolean; all?: boolean; work: (host: Host, prompter: Prompter) => Promise<RunResult>},
): Promise<number> => {
  const tally = new Tally();
  const also = (event: Event): void => tally.add(event);
  const {host, progress, prompter} = await openDesk(call, workshop, {yes, also, ...(all && {all})});
  call.around.holdSignals();
  let result: RunResult;
  try {
    result = await work(host, prompter);
  } finally {
    await progress.pause();
  }
  tellResult(call, result, tally);
  return exitCode(call, result, workshop.engine.EXIT);
};

const exitCode = ({around}: Call, {outcome}: RunResult, codes: Workshop['engine']['EXIT']): number => {
  if (outcome === 'failed') return codes.failed;
  if (outcome === 'interrupted' && around.signal.aborted) return codeOfSignal(around.signal.reason);
  return codes.done;
};

const tellResult = (call: Call, result: RunResult, tally: Tally): void => {
  const problems = result.failures.map(({problem}) => problem);
  if (problems.length > 0) call.around.stderr.write(`\n${reportProblems(problems, call.report)}`);
  // With --json the summary is the event `run-finished`.
  if (call.json) return;
  const said = problems.some((problem) => problem.next?.some((line) => line.includes(result.resume)));
  call.tell([
    '',
    summary(result.outcome, result.durationMs, tally, call.errStyle),
    ...(said ? [] : nextSteps(nextLines(result), call.report)),
  ]);
};

const nextLines = ({outcome, resume, run}: RunResult): string[] => {
  switch (outcome) {
    case 'done':
      return [`does it still hold?  runbook status ${run}`, `take it back:        runbook undo ${run}`];
    case 'failed':
      return [`repair the cause, then: ${resume}`];
    case 'interrupted':
    case 'partial':
      return [`go on with: ${resume}`];
  }
};
