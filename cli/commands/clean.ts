import type {Cleaned, CleanPlan, Judged, Removal} from '../../engine/index.ts';
import {planLines, removalLine} from '../clean-lines.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {type Desk, openDesk, quietHost} from '../host.ts';
import {ownedJson, unseenLines} from '../owned-table.ts';
import {hasTerminal} from '../prompt.ts';
import {nextSteps, reportProblems} from '../report.ts';
import {codeOfSignal} from '../signals.ts';
import {widthOf} from '../width.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly yes?: boolean;
  readonly plan?: boolean;
  readonly missing?: boolean;
}

/** Takes away what no run needs any more. */
export const clean: CommandFile = {
  define(command) {
    command
      .summary('take away what no run needs any more')
      .description(
        'Takes away, after showing all of it and asking, what is left of runs that were undone, or replaced by a newer run, or whose journals are gone. With a run: all that this run has made; it is undone first, so that its journal knows. What a live run has made, and what has none of our labels, is never touched.',
      );
    command
      .argument('[run]', 'all that this run has made: its id, or enough of it')
      .option('--plan', 'show what would be taken away; change nothing')
      .option('--missing', 'also what this state directory knows nothing of')
      .option('-y, --yes', 'do not ask');
    examples(command, [
      ['runbook clean --plan', 'what would be taken away'],
      ['runbook clean', 'what no run needs any more, after asking'],
      ['runbook clean k3f9', 'all that one run has made'],
      ['runbook clean --yes', 'without asking, as in a script'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const {engine, registry, load} = workshop;
    const {yes = false, plan: only = false, missing = false} = call.options<Options>();
    const [run] = call.args;
    const request = {registry, load, ...(run === undefined ? {} : {run})};
    const plan = await engine.planClean(request, quietHost(call));
    if (only) return showPlan(call, plan);
    const view = viewOf(plan, missing);
    const canAsk = !yes && hasTerminal(call.around);
    if (view.going.length === 0 && !undoes(plan) && (view.apart.length === 0 || !canAsk))
      return nothingToDo(call, plan);
    if (!yes) call.tell([...planLines(plan, call, missing), '']);
    if (!yes && !canAsk) throw unanswered(workshop, call, plan);

    const desk = await openDesk(call, workshop, {yes});
    try {
      const consent = yes ? {go: true, missing} : await ask(desk, plan, missing, view);
      if (!consent.go) return engine.EXIT.failed;
      call.around.holdSignals();
      return await act(call, workshop, desk, {request, plan, missing: consent.missing});
    } finally {
      await desk.progress.pause();
    }
  },
};

type Request = Parameters<Workshop['engine']['cleanUp']>[0];

const act = async (
  call: Call,
  {engine}: Workshop,
  {host, progress}: Desk,
  {request, plan, missing}: {request: Request; plan: CleanPlan; missing: boolean},
): Promise<number> => {
  const kinds = Math.max(8, ...plan.judged.map(({thing}) => widthOf(thing.kind)));
  await progress.pause();
  const tell = async (removal: Removal): Promise<void> => {
    await progress.pause();
    if (!call.json) call.tell([removalLine(removal, kinds, call)]);
  };
  const emit: typeof host.emit = (event) => {
    if (call.json) return;
    if (event.type === 'undo-started') progress.resume();
    host.emit(event);
  };
  const result = await engine.cleanUp(request, {...host, emit}, {plan, missing, tell});
  await progress.pause();
  return tellResult(call, plan, result);
};

interface View {
  readonly going: readonly Judged[];
  readonly apart: readonly Judged[];
}

const viewOf = ({judged}: CleanPlan, missing: boolean): View => ({
  going: judged.filter(({fate}) => fate === 'goes' || (missing && fate === 'apart')),
  apart: missing ? [] : judged.filter(({fate}) => fate === 'apart'),
});

const undoes = ({undo}: CleanPlan): boolean => undo.some(({action}) => action === 'undo');

/** What is known here with one question, what is not with another one. */
const ask = async (
  {prompter}: Desk,
  plan: CleanPlan,
  missing: boolean,
  {going, apart}: View,
): Promise<{go: boolean; missing: boolean}> => {
  const confirm = (message: string): Promise<boolean> => prompter.ask({kind: 'confirm', message});
  const isKnown = going.length > 0 || undoes(plan);
  const losesData = going.some(({thing}) => thing.data !== undefined);
  const go = isKnown && (await confirm(`Take this away?${losesData ? ' Data is lost with it.' : ''}`));
  if (apart.length === 0 || (isKnown && !go)) return {go, missing};
  const also = await confirm('Also what is not known here? It may belong to other people.');
  return {go: go || also, missing: also};
};

const unanswered = ({engine}: Workshop, {args}: Call, {judged}: CleanPlan): Error => {
  const apart = judged.some(({fate}) => fate === 'apart');
  const line = ['runbook clean', ...args, '--yes'].join(' ');
  return new engine.RunbookError({
    code: 'no-terminal',
    message: 'nothing was taken away: nobody can be asked',
    next: [`answer with: ${line}`, ...(apart ? [`also for what is not known here: ${line} --missing`] : [])],
  });
};

const isMissingMeant = (call: Call): boolean => call.options<Options>().missing === true;

const showPlan = (call: Call, plan: CleanPlan): number => {
  if (call.json) call.printJson(planJson(plan));
  else {
    call.print(planLines(plan, call, isMissingMeant(call)));
    if (plan.judged.every(({fate}) => fate === 'stays') && !undoes(plan)) call.tell(['nothing is left to take away']);
    call.tell(unseenLines(plan.unseen, call));
  }
  return 0;
};

const nothingToDo = (call: Call, plan: CleanPlan): number => {
  if (call.json) call.printJson({...planJson(plan), removed: [], failed: []});
  else
    call.tell([
      ...planLines(plan, call, isMissingMeant(call)),
      'nothing is left to take away',
      ...unseenLines(plan.unseen, call),
    ]);
  return 0;
};

const planJson = ({run, undo, judged, unseen}: CleanPlan) => ({
  ...(run === undefined ? {} : {run: run.run}),
  things: judged.map(({thing, maker, fate, why, by}) => ({
    fate,
    why,
    ...(by === undefined ? {} : {by}),
    run: maker.run,
    runbook: maker.runbook,
    ...ownedJson(thing),
  })),
  undo,
  unseen: unseen.map(({where, ...rest}) => ({on: where ?? null, ...rest})),
});

const tellResult = (call: Call, plan: CleanPlan, {removed, failed, undo, interrupted}: Cleaned): number => {
  const {around, report, json, errStyle: style} = call;
  const notUndone = undo?.failed ?? [];
  const problems = [...notUndone, ...failed].flatMap(({problem}) => problem ?? []);
  if (json)
    call.printJson({
      ...planJson(plan),
      removed: removed.map(ownedJson),
      failed: failed.map(({thing, problem}) => ({...ownedJson(thing), problem})),
      ...(undo === undefined ? {} : {undone: undo.undone, notUndone}),
    });
  if (problems.length > 0) around.stderr.write(`\n${reportProblems(problems, report)}`);
  const bad = problems.length > 0;
  const mark = interrupted ? style('yellow', '!') : bad ? style('red', '✖') : style('green', '✔');
  const counts = [
    `${removed.length} taken away`,
    ...(undo === undefined ? [] : [`${undo.undone.length} ${undo.undone.length === 1 ? 'step' : 'steps'} taken back`]),
    ...(bad ? [`${problems.length} not`] : []),
  ];
  const again = ['runbook clean', ...call.args].join(' ');
  if (!json)
    call.tell([
      '',
      `${mark} ${counts.join(', ')}`,
      ...(bad || interrupted ? nextSteps(`what is left: ${again}`, report) : []),
      ...unseenLines(plan.unseen, call),
    ]);
  if (interrupted) return codeOfSignal(around.signal.reason);
  return bad ? 1 : 0;
};
