import {stat} from 'node:fs/promises';
import type {Event, Host, ResumeRequest, RunResult} from '../engine/index.ts';
import type {Call} from './command.ts';
import {giveBack} from './give-back.ts';
import {openDesk} from './host.ts';
import {wantsMenu} from './menu/wanted.ts';
import {summary, Tally} from './progress/tally.ts';
import type {Prompter} from './prompt.ts';
import {nextSteps, reportProblems} from './report.ts';
import {codeOfSignal} from './signals.ts';
import type {Workshop} from './workshop.ts';

/** Starts a run, or goes on with one. */
export type Work = (host: Host, prompter: Prompter) => Promise<RunResult>;

export interface Conduct {
  readonly yes: boolean;
  /** Shows each step that still holds, also where there are many. */
  readonly all?: boolean;
  /** How it went is for another program to tell, which reads the journal. */
  readonly quiet?: boolean;
  readonly work: Work;
  /** Goes on with the run that `work` has left unfinished. */
  again(chosen: Pick<ResumeRequest, 'run'> & Partial<ResumeRequest>): Work;
}

/** How one go at a run went, with what was told of it. */
export interface Gone {
  readonly result: RunResult;
  readonly tally: Tally;
  /** The runbook's file. */
  readonly file: string;
  /** The step type of each step, by its key. */
  readonly uses: ReadonlyMap<string, string>;
  /** Secrets that were typed; the journal has none. */
  readonly secrets: Map<string, string>;
}

/** Runs or resumes with progress, then says how it went and what to type next; on a terminal a failure opens a menu. */
export const conduct = async (call: Call, workshop: Workshop, how: Conduct): Promise<number> => {
  const {yes, again} = how;
  for (let gone = await go(call, workshop, how, how.work); ; ) {
    if (how.quiet) return exitCode(call, gone.result, workshop.engine.EXIT);
    const asks = wantsMenu(call, gone, yes, workshop.registry);
    tellResult(call, gone, asks);
    if (!asks) return exitCode(call, gone.result, workshop.engine.EXIT);
    const {FailureMenu} = await import('./menu/menu.ts');
    const resume = (chosen: Partial<ResumeRequest>): Promise<Gone> =>
      go(call, workshop, how, again({...chosen, run: gone.result.run}));
    const answer = await new FailureMenu(call, workshop, gone, resume).ask();
    if (typeof answer === 'number') return answer;
    gone = answer;
  }
};

const go = async (call: Call, workshop: Workshop, {yes, all = false}: Conduct, work: Work): Promise<Gone> => {
  const tally = new Tally();
  const uses = new Map<string, string>();
  const secrets = new Map<string, string>();
  let file = '';
  const also = (event: Event): void => {
    tally.add(event);
    if (event.type !== 'run-started') return;
    ({file} = event);
    for (const step of event.steps) uses.set(step.key, step.uses);
    giveBack();
  };
  const {host, prompter, close} = await openDesk(call, workshop, {yes, all, also});
  const askSecret: Host['askSecret'] = async (name, about) => {
    const value = await prompter.askSecret(name, about);
    if (value !== undefined) secrets.set(name, value);
    return value;
  };
  call.around.holdSignals();
  await startThreads();
  try {
    return {result: await work({...host, askSecret}, prompter), tally, file, uses, secrets};
  } finally {
    await close();
  }
};

/** Node starts its threads for whatever comes first, and aborts where it may not: rather now than in the midst of a run. */
const startThreads = async (): Promise<void> => {
  await stat('/').catch(() => {});
};

const exitCode = ({around}: Call, {outcome}: RunResult, codes: Workshop['engine']['EXIT']): number => {
  if (outcome === 'failed') return codes.failed;
  if (outcome === 'interrupted' && around.signal.aborted) return codeOfSignal(around.signal.reason);
  return codes.done;
};

/** @param asks the menu that follows says what to do next */
const tellResult = (call: Call, {result, tally}: Gone, asks: boolean): void => {
  const problems = result.failures.map(({problem}) => problem);
  if (problems.length > 0) call.around.stderr.write(`\n${reportProblems(problems, call.report)}`);
  // With --json the summary is the event `run-finished`.
  if (call.json) return;
  const said = problems.some((problem) => problem.next?.some((line) => line.includes(result.resume)));
  call.tell([
    '',
    summary(result.outcome, result.durationMs, tally, call.errStyle),
    ...(said || asks ? [] : nextSteps(nextLines(result), call.report)),
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
