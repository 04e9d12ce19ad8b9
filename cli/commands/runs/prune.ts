import type {KeptBecause, KeptRun, PrunePlan} from '../../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../../command.ts';
import {hasTerminal, Prompter} from '../../prompt.ts';
import {durationOf, type FilterOptions, filterOf, filterOptions} from '../../run-filter.ts';
import {runTable} from '../../run-table.ts';
import {countFromZero} from '../../settings.ts';
import {plain} from '../../streams.ts';
import {sizeText} from '../../width.ts';
import {openWorkshop, type Workshop} from '../../workshop.ts';

interface Options extends FilterOptions {
  readonly olderThan?: string;
  readonly keep?: number;
  readonly unfinished?: boolean;
  readonly undoable?: boolean;
  readonly plan?: boolean;
  readonly yes?: boolean;
}

const NEVER = 'A run that is running never goes.';
const ASKED_FOR =
  'Only when they are asked for, by an option or by their ids: runs that resume could go on with (--unfinished), runs of ' +
  'which undo could take something back, as their journals say how (--undoable; a run may need both), and damaged ones ' +
  '(--state damaged).';

/** Forgets old runs: their journals and logs. */
export const prune: CommandFile = {
  define(command) {
    command
      .summary('remove old runs')
      .description(
        [
          'Removes old runs, their journals and logs, after showing them and asking. What they have made stays.',
          'Without --older-than and --keep: those older than 30 days, but not the newest 5 of each runbook.',
          `${NEVER} ${ASKED_FOR}`,
        ].join('\n\n'),
      )
      .argument('[run...]', 'these runs, by their ids, or enough of them');
    filterOptions(command)
      .option('--older-than <time>', 'only runs that ended longer ago, as in 30d or 12h')
      .option('--keep <n>', 'not the newest n of each runbook', countFromZero)
      .option('--unfinished', 'also runs that could be resumed')
      .option('--undoable', 'also runs of which something could be undone')
      .option('--plan', 'show what would go; change nothing')
      .option('-y, --yes', 'do not ask');
    examples(command, [
      ['runbook runs prune --plan', 'what would go'],
      ['runbook runs prune', 'remove it, after asking'],
      ['runbook runs prune --older-than 7d --state undone,superseded', 'what is of no use any more'],
      ['runbook runs prune --keep 20 --yes', 'without asking, as in a script'],
      ['runbook runs prune k3f9', 'this run, whatever its state'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const {engine} = workshop;
    const {yes = false, plan: only = false} = call.options<Options>();
    const now = new Date();
    const plan = engine.planPrune(call.stateDir, requestOf(call, workshop), now);
    if (only) return showPlan(call, plan, now);
    if (plan.remove.length > 0 && !yes) {
      call.tell([...planLines(plan, call, now), '']);
      if (!hasTerminal(call.around)) throw unanswered(workshop);
      if (!(await prompterOf(call, workshop).ask({kind: 'confirm', message: 'Remove them?'})))
        return engine.EXIT.failed;
    }
    const {removed, kept, bytes} = engine.pruneRuns(call.stateDir, plan);
    const keep = [...plan.keep, ...kept];
    if (call.json) call.printJson({removed, bytes, keep});
    else if (removed.length === 0) call.tell(['nothing is to be removed', ...keptLines(keep)]);
    else call.tell([`removed ${runsText(removed.length)}, ${sizeText(bytes)}`, ...keptLines(keep)]);
    return engine.EXIT.done;
  },
};

const requestOf = (call: Call, {engine, registry}: Workshop) => {
  const {olderThan, keep, unfinished = false, undoable = false, ...filter} = call.options<Options>();
  const isBounded = olderThan !== undefined || keep !== undefined;
  return {
    runs: call.args,
    filter: filterOf(filter, engine),
    olderThanMs:
      olderThan === undefined ? (isBounded ? 0 : engine.PRUNED_AGE_MS) : durationOf('--older-than', olderThan, engine),
    keep: keep ?? (isBounded ? 0 : engine.PRUNED_KEEP),
    ...{unfinished, undoable, registry},
  };
};

const prompterOf = (call: Call, {engine}: Workshop): Prompter =>
  new Prompter({
    around: call.around,
    progress: {emit: () => {}, pause: async () => {}, resume: () => {}},
    yes: false,
    colours: call.errStyle !== plain,
    refuse: (message, next) => new engine.RunbookError({code: 'no-terminal', message, next: [next]}),
  });

const unanswered = ({engine}: Workshop): Error =>
  new engine.RunbookError({
    code: 'no-terminal',
    message: 'nothing was removed: nobody can be asked',
    next: ['answer with --yes'],
  });

const showPlan = (call: Call, plan: PrunePlan, now: Date): number => {
  if (call.json) call.printJson({remove: plan.remove, keep: plan.keep});
  else call.print(planLines(plan, call, now));
  return 0;
};

const planLines = ({remove, keep}: PrunePlan, call: Call, now: Date): string[] => {
  if (remove.length === 0) return ['nothing is to be removed', ...keptLines(keep)];
  const bytes = remove.reduce((sum, run) => sum + run.bytes, 0);
  return [
    ...runTable(remove, call, now),
    '',
    `to be removed: ${runsText(remove.length)}, ${sizeText(bytes)}`,
    ...keptLines(keep),
  ];
};

const runsText = (count: number): string => `${count} ${count === 1 ? 'run' : 'runs'}`;

const BECAUSE: Readonly<Record<KeptBecause, string>> = {
  running: 'running',
  unfinished: 'could be resumed; --unfinished takes such runs, too',
  undoable: 'could be undone; --undoable takes such runs, too',
  damaged: 'damaged; --state damaged takes such runs',
  unreadable: "this program can't read them; they have to be named",
  held: 'their runbook is being run; try again when that has ended',
  changed: 'changed meanwhile',
};

/** How many stay, and why; a run may have two reasons. */
const keptLines = (keep: readonly KeptRun[]): string[] =>
  (Object.keys(BECAUSE) as KeptBecause[]).flatMap((reason) => {
    const count = keep.filter(({because}) => because.includes(reason)).length;
    return count === 0 ? [] : [`stay: ${runsText(count)} (${BECAUSE[reason]})`];
  });
