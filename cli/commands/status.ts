import type {StatusReport} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {quietHost} from '../host.ts';
import {lookLines} from '../look-lines.ts';
import {OUTCOME} from '../progress/words.ts';
import {nextSteps} from '../report.ts';
import {dateTime} from '../time.ts';
import {openWorkshop} from '../workshop.ts';

/** Whether everything that a run did still holds. */
export const status: CommandFile = {
  define(command) {
    command
      .summary('look whether what a run did still holds')
      .description('Looks at every step of a run again. Exits with 4 when something drifted. Changes nothing.');
    command.argument('[run]', 'its id, or enough of it (default: the newest run)');
    examples(command, [
      ['runbook status', 'the newest run'],
      ['runbook status k3f9', 'that run'],
      ['runbook status --json', 'for a program'],
      ['runbook status k3f9 || runbook resume k3f9', 'repair what drifted'],
    ]);
  },

  async act(call) {
    const {engine, registry, load} = await openWorkshop(call);
    const [run] = call.args;
    const report = await engine.statusOf({...(run === undefined ? {} : {run}), registry, load}, quietHost(call));
    if (call.json) call.printJson(report);
    else call.print(statusLines(report, call));
    return report.drifted ? engine.EXIT.drift : engine.EXIT.done;
  },
};

const statusLines = (
  {run, runbook, outcome, startedAt, heldBy, steps, drifted}: StatusReport,
  call: Call,
): string[] => {
  const style = call.outStyle;
  const how = {style, program: call.around.program};
  const unfinished = heldBy === undefined ? 'unfinished' : `running in process ${heldBy}`;
  const word = outcome === undefined ? unfinished : style(OUTCOME[outcome].format, OUTCOME[outcome].word);
  const started = style('dim', `run ${run}, started ${dateTime(new Date(startedAt))}`);
  const bad = steps.filter(({standing}) => standing === 'drifted').length;
  return [
    `${style('bold', runbook)}  ${word}  ${started}`,
    '',
    ...lookLines(steps, style),
    '',
    drifted
      ? style('red', `${bad} of ${steps.length} steps drifted`)
      : style('green', 'everything that was finished still holds'),
    ...(drifted ? nextSteps(`repair it with: runbook resume ${run}`, how) : []),
    ...(!drifted && outcome !== 'done' && heldBy === undefined
      ? nextSteps(`go on with: runbook resume ${run}`, how)
      : []),
  ];
};
