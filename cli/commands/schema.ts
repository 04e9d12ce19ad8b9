import {type CommandFile, examples} from '../command.ts';

/** The JSON Schema of a runbook's file, or of one step type's options. */
export const schema: CommandFile = {
  define(command) {
    command
      .summary('print the JSON Schema for editors')
      .description('Prints the JSON Schema of a runbook, or of the options of one step type.');
    command.argument('[step type]', 'such as docker.run (default: the whole file)');
    examples(command, [
      ['runbook schema > runbook.schema.json', 'for `# yaml-language-server: $schema=...`'],
      ['runbook schema docker.run', 'the options of a step type'],
    ]);
  },

  async act(call) {
    const [engine, {registry}] = await Promise.all([import('../../engine/index.ts'), import('../../steps/index.ts')]);
    const [name] = call.args;
    const type = name === undefined ? undefined : registry.get(name);
    if (name !== undefined && type === undefined)
      throw new engine.RunbookError({
        code: 'unknown-step-type',
        message: `there is no step type "${name}"`,
        ...engine.suggest(name, registry.keys()),
      });
    call.printJson(type === undefined ? engine.runbookSchema(registry) : engine.stepTypeSchema(type));
    return 0;
  },
};
