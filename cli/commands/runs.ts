import type {RunSummary} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {reportProblems} from '../report.ts';
import {type FilterOptions, filterOf, filterOptions, momentOf} from '../run-filter.ts';
import {runTable} from '../run-table.ts';
import {count} from '../settings.ts';
import {prune} from './runs/prune.ts';

interface Options extends FilterOptions {
  readonly since?: string;
  readonly limit?: number;
}

/** The runs that are remembered here. */
export const runs: CommandFile = {
  subcommands: {prune},

  define(command) {
    command
      .summary('list the runs; `runs prune` removes old ones')
      .description('Lists the runs that are remembered in the state directory, newest first.');
    filterOptions(command)
      .option('--since <time>', 'only runs started since then: 7d, 12h, 2026-11-23')
      .option('--limit <n>', 'only the newest n of them', count);
    examples(command, [
      ['runbook runs', 'newest first'],
      ['runbook runs --state failed,unfinished --since 7d', 'what went wrong this week'],
      ['runbook runs --runbook consul-cluster --limit 5', 'the last five of one runbook'],
      ['runbook runs --json', 'for a program, with exact times'],
      ['runbook runs prune --plan', 'which old runs can go'],
    ]);
  },

  async act(call) {
    const engine = await import('../../engine/index.ts');
    const now = new Date();
    const {since, limit, ...options} = call.options<Options>();
    const summaries = await engine.listRuns(call.stateDir, {
      ...filterOf(options, engine),
      ...(since === undefined ? {} : {since: momentOf('--since', since, now, engine)}),
      ...(limit === undefined ? {} : {limit}),
    });
    if (call.json) call.printJson(summaries);
    else if (summaries.length === 0) call.tell([await nothing(call, engine)]);
    else tellRuns(summaries, call, now);
    return 0;
  },
};

const nothing = async (call: Call, engine: typeof import('../../engine/index.ts')): Promise<string> =>
  (await engine.listRuns(call.stateDir, {limit: 1})).length > 0
    ? 'no run is like that; see all with: runbook runs'
    : 'no runs yet; start one with: runbook run RUNBOOK';

const tellRuns = (summaries: readonly RunSummary[], call: Call, now: Date): void => {
  call.print(runTable(summaries, call, now));
  const damaged = summaries.flatMap(({damaged}) => (damaged === undefined ? [] : [damaged]));
  if (damaged.length > 0) call.around.stderr.write(`\n${reportProblems(damaged, call.report)}`);
};
