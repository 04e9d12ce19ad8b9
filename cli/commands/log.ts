import {type CommandFile, examples} from '../command.ts';

/** What the steps of a run printed. */
export const log: CommandFile = {
  define(command) {
    command
      .summary('show what the steps of a run printed')
      .description('Shows what the steps of a run printed; with --json the entries of its journal.');
    command.argument('[run]', 'its id, or enough of it (default: the newest run)').argument('[step]', 'only this step');
    examples(command, [
      ['runbook log', 'everything of the newest run'],
      ['runbook log k3f9 server1', 'one step of that run'],
      ['runbook log --json', 'the journal, for a program'],
    ]);
  },

  async act(call) {
    const {findRun, readEntries, readLog} = await import('../../engine/index.ts');
    const [part, step] = call.args;
    const run = await findRun(call.stateDir, part);
    if (call.json) call.printJson(await readEntries(call.stateDir, run));
    else for await (const text of readLog(call.stateDir, run, step)) await written(call.around.stdout, text);
    return 0;
  },
};

/** A log may be longer than a pipe holds: waits until the reader has taken it. */
const written = (stream: NodeJS.WriteStream, text: string): Promise<void> =>
  new Promise((resolve) => (stream.write(text) ? resolve() : stream.once('drain', resolve)));
