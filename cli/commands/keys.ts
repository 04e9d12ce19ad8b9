import {type CommandFile, examples} from '../command.ts';

/** The certificates of a machine that is made by hand. */
export const keys: CommandFile = {
  define(command) {
    command
      .summary('make the certificates of a machine')
      .description(
        'Sees that a machine has certificates by your own authority, and prints their folder: ca.pem, cert.pem and key.pem for docker, and in server/ those for its engine. Good ones are kept. machine.create does this by itself; it is for the lines that you type by hand.',
      );
    command
      .argument('<machine>', 'its name')
      .argument(
        '[addresses...]',
        'its IPv4 addresses, and further names; localhost and its own name are always among them',
      )
      .option('--remove', 'remove what is kept of the machine instead');
    examples(command, [
      ['runbook keys swarm-master 192.168.99.102', 'prints their folder'],
      ['runbook keys --remove swarm-master', 'when the machine is gone'],
    ]);
  },

  async act(call) {
    const {env} = call.around;
    const [name = '', ip, ...further] = call.args;
    const [machines, {RunbookError}] = await Promise.all([
      import('../../steps/machines.ts'),
      import('../../engine/index.ts'),
    ]);
    if (!machines.isMachineName(name))
      throw new RunbookError({code: 'usage', message: `"${name}" is no name for a machine`});
    if (call.options<{readonly remove?: boolean}>().remove === true) {
      await machines.forgetMachine(env, name);
      return 0;
    }
    if (ip === undefined) throw new RunbookError({code: 'usage', message: 'say which address the machine has'});
    const {folder} = await machines.ensureKeys(env, name, [ip, ...further]);
    if ((await machines.readRecord(env, name)) === undefined) {
      await machines.writeRecord(env, {name, driver: 'docker', ip, url: `tcp://${ip}:2376`, certificates: folder});
    }
    call.print([folder]);
    return 0;
  },
};
