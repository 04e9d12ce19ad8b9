import {type CommandFile, examples} from '../command.ts';
import {type Listed, listRunbooks} from '../find-runbook.ts';
import {shownPath} from '../report.ts';
import type {Style} from '../streams.ts';
import {cut, padded, widthOf} from '../width.ts';

/** The runbooks that have a name here. */
export const list: CommandFile = {
  define(command) {
    command.summary('list the runbooks').description('Lists the runbooks of ./runbooks and those that are shipped.');
    examples(command, [
      ['runbook list', 'what can be run'],
      ['runbook list --json', 'for a program'],
    ]);
  },

  async act(call) {
    const {cwd} = call.around;
    const found = listRunbooks(cwd);
    if (call.json) {
      call.printJson(found);
      return 0;
    }
    const width = Math.max(0, ...found.map(({name}) => widthOf(name)));
    const layout = {width, columns: call.columns, style: call.outStyle};
    const here = found.filter(({from}) => from === 'here');
    const shipped = found.filter(({from}) => from === 'shipped');
    call.print([
      ...section(`in ${shownPath(`${cwd}/runbooks`, cwd)}`, here, layout),
      ...(here.length > 0 && shipped.length > 0 ? [''] : []),
      ...section('shipped', shipped, layout),
    ]);
    if (found.length === 0) call.tell(['no runbooks in ./runbooks, and none are shipped']);
    return 0;
  },
};

const section = (
  title: string,
  found: readonly Listed[],
  {width, columns, style}: {width: number; columns: number; style: Style},
): string[] =>
  found.length === 0
    ? []
    : [
        style('bold', title),
        ...found.map((runbook) =>
          `  ${padded(runbook.name, width)}  ${style('dim', cut(runbook.title, Math.max(20, columns - width - 5)))}`.trimEnd(),
        ),
      ];
