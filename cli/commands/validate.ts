import type {Problem} from '../../engine/index.ts';
import {type CommandFile, examples} from '../command.ts';
import {reportProblems, shownPath} from '../report.ts';
import {openWorkshop} from '../workshop.ts';

/** Whether files are right, with all their problems. */
export const validate: CommandFile = {
  define(command) {
    command
      .summary('check the files of runbooks')
      .description('Checks runbooks and reports every problem with its place. Runs nothing.');
    command.argument('<path...>', 'files, or names that `runbook list` shows');
    examples(command, [
      ['runbook validate runbooks/*.yaml', 'all of a folder'],
      ['runbook validate consul-cluster', 'by name'],
      ['runbook validate ./upgrade-web.yaml --json', 'for an editor or CI'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const checked: {file: string; problems: readonly Problem[]}[] = [];
    for (const path of call.args) {
      const file = workshop.fileOf(path);
      checked.push({file, problems: await workshop.engine.validateFile(file, workshop.loadOptions)});
    }
    const problems = checked.flatMap((one) => one.problems);
    if (call.json) call.printJson({ok: problems.length === 0, files: checked});
    else {
      const right = checked.filter((one) => one.problems.length === 0);
      const {outStyle: style, around} = call;
      call.print(right.map(({file}) => `${style('green', '✔')} ${shownPath(file, around.cwd)}`));
      if (problems.length > 0) around.stderr.write(reportProblems(problems, call.report));
    }
    return problems.length === 0 ? workshop.engine.EXIT.done : workshop.engine.EXIT.usage;
  },
};
