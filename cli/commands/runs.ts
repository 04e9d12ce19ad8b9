import type {RunSummary} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import type {Format} from '../streams.ts';
import {dateTime} from '../time.ts';
import {padded, table} from '../width.ts';

/** All runs that are remembered here. */
export const runs: CommandFile = {
  define(command) {
    command
      .summary('list the runs')
      .description('Lists the runs that are remembered in the state directory, newest first.');
    examples(command, [
      ['runbook runs', 'newest first'],
      ['runbook runs --state-dir /srv/ops/.runbook', 'of another state directory'],
      ['runbook runs --json', 'for a program'],
    ]);
  },

  async act(call) {
    const {listRuns} = await import('../../engine/index.ts');
    const summaries = await listRuns(call.stateDir);
    if (call.json) call.printJson(summaries);
    else if (summaries.length === 0) call.tell(['no runs yet; start one with: runbook run RUNBOOK']);
    else call.print(runLines(summaries, call));
    return 0;
  },
};

const FORMATS: Readonly<Record<RunSummary['state'], Format>> = {
  done: 'green',
  failed: 'red',
  interrupted: 'yellow',
  unfinished: 'yellow',
  running: 'cyan',
  superseded: 'dim',
  undone: 'dim',
};

const STATE_COLUMNS = 11;

const runLines = (summaries: readonly RunSummary[], {outStyle: style}: Call): string[] =>
  table([
    ['RUN', 'RUNBOOK', padded('STATE', STATE_COLUMNS), 'STEPS', 'STARTED'].map((text) => style('dim', text)),
    ...summaries.map(({run, runbook, state, steps, startedAt, damaged}) => [
      run,
      runbook || '?',
      damaged === undefined ? style(FORMATS[state], state) : style('red', 'damaged'),
      damaged === undefined ? `${steps.done}/${steps.total}` : '?',
      damaged === undefined ? dateTime(new Date(startedAt)) : damaged.message,
    ]),
  ]);
