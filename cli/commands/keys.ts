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
      ['keys=$(runbook keys swarm-master 192.168.99.102)', '$keys is their folder'],
      ['runbook keys --remove swarm-master', 'when the machine is gone'],
    ]);
  },

  async act(call) {
    const {env} = call.around;
    const [name = '', ip, ...further] = call.args;
    const [{machineName}, v, {RunbookError}] = await Promise.all([
      import('../../steps/clients/machines/options.ts'),
      import('valibot'),
      import('../../engine/index.ts'),
    ]);
    if (!v.is(machineName, name)) {
      throw new RunbookError({code: 'usage', message: `"${name}" is no name for a machine`});
    }
    if (call.options<{readonly remove?: boolean}>().remove === true) {
      const {forgetMachine} = await import('../../steps/clients/machines/machines.ts');
      await forgetMachine(env, name);
      return 0;
    }
    if (ip === undefined) throw new RunbookError({code: 'usage', message: 'say which address the machine has'});
    const [{ensureKeys}, {readRecord, writeRecord}] = await Promise.all([
      import('../../steps/clients/machines/keys.ts'),
      import('../../steps/clients/machines/store.ts'),
    ]);
    const {folder} = await ensureKeys(env, name, [ip, ...further]);
    if ((await readRecord(env, name)) === undefined) {
      await writeRecord(env, {name, driver: 'docker', ip, url: `tcp://${ip}:2376`, certificates: folder});
    }
    call.print([folder]);
    return 0;
  },
};
