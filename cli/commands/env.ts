import {Option} from 'commander';
import type {MachineRecord} from '../../steps/machines.ts';
import {type Call, type CommandFile, examples} from '../command.ts';

interface Options {
  readonly unset?: boolean;
  readonly shell?: string;
}

/** How a shell sets and unsets a variable, and takes what a command prints for its own lines. */
interface Dialect {
  set(name: string, value: string): string;
  unset(name: string): string;
  use(line: string): string;
}

const posix: Dialect = {
  set: (name, value) => `export ${name}="${value.replace(/["\\$`]/g, '\\$&')}"`,
  unset: (name) => `unset ${name}`,
  use: (line) => `eval $(${line})`,
};

const DIALECTS: Readonly<Record<string, Dialect>> = {
  sh: posix,
  bash: posix,
  zsh: posix,
  fish: {
    set: (name, value) => `set -gx ${name} "${value.replace(/["\\$]/g, '\\$&')}";`,
    unset: (name) => `set -e ${name};`,
    use: (line) => `eval (${line})`,
  },
  tcsh: {
    set: (name, value) => `setenv ${name} '${value.replaceAll("'", `'\\''`)}';`,
    unset: (name) => `unsetenv ${name};`,
    use: (line) => `eval \`${line}\``,
  },
  powershell: {
    set: (name, value) => `$Env:${name} = '${value.replaceAll("'", "''")}'`,
    unset: (name) => `Remove-Item Env:\\${name}`,
    use: (line) => `& ${line} | Invoke-Expression`,
  },
  cmd: {
    set: (name, value) => `SET ${name}=${value}`,
    unset: (name) => `SET ${name}=`,
    use: (line) => `@FOR /f "tokens=*" %i IN ('${line}') DO @%i`,
  },
};

const COMMENTS: Readonly<Record<string, string>> = {cmd: 'REM'};
const NAMES = ['DOCKER_TLS_VERIFY', 'DOCKER_HOST', 'DOCKER_CERT_PATH', 'DOCKER_MACHINE_NAME'];

const valuesOf = ({name, url, certificates}: MachineRecord): Readonly<Record<string, string | undefined>> => ({
  DOCKER_TLS_VERIFY: certificates === undefined ? undefined : '1',
  DOCKER_HOST: url,
  DOCKER_CERT_PATH: certificates,
  DOCKER_MACHINE_NAME: name,
});

const recordOf = async (name: string, call: Call): Promise<MachineRecord> => {
  const [{allRecords, readRecord}, engine] = await Promise.all([
    import('../../steps/machines.ts'),
    import('../../engine/index.ts'),
  ]);
  const found = await readRecord(call.around.env, name);
  if (found !== undefined) return found;
  const names = (await allRecords(call.around.env)).map((each) => each.name);
  throw new engine.RunbookError({
    code: 'usage',
    message: `there is no machine "${name}"`,
    ...(names.length > 0 ? {expected: names.join(', ')} : {}),
    next: ['make it by a step: uses: machine.create'],
  });
};

/** The variables that point a shell's `docker` at a machine. */
export const env: CommandFile = {
  define(command) {
    command
      .summary('print what points a shell at a machine')
      .description(
        'Prints the variables by which every docker command of a shell goes to a machine, as docker-machine env does. Nothing of yours is changed: for one command, docker --context MACHINE does as well.',
      );
    command
      .argument('[machine]', 'its name; not needed with --unset')
      .option('-u, --unset', 'print what takes them back')
      .addOption(
        new Option('--shell <shell>', 'for which shell')
          .choices(Object.keys(DIALECTS))
          .default(undefined, 'SHELL, or sh'),
      );
    examples(command, [
      ['runbook env swarm-master', 'see what that is'],
      ['eval "$(runbook env swarm-master)"', 'from now on docker talks to swarm-master'],
      ['eval "$(runbook env -u)"', 'and now no more'],
      ['runbook env swarm-master --shell fish | source', 'in fish'],
    ]);
  },

  async act(call) {
    const {unset = false, shell} = call.options<Options>();
    const [name = ''] = call.args;
    const chosen = shell ?? call.around.env.SHELL?.split('/').at(-1) ?? 'sh';
    const dialect = DIALECTS[chosen] ?? posix;
    const comment = COMMENTS[chosen] ?? '#';
    const flag = shell === undefined ? '' : ` --shell ${shell}`;
    const line = `runbook env ${unset ? '-u' : name}${flag}`;
    const footer = [`${comment} Run this command to configure your shell:`, `${comment} ${dialect.use(line)}`];
    if (unset) {
      call.print([...NAMES.map((each) => dialect.unset(each)), ...footer]);
      return 0;
    }
    const values = valuesOf(await recordOf(name, call));
    if (call.json) call.printJson(values);
    else {
      const lines = NAMES.map((each) => {
        const value = values[each];
        return value === undefined ? dialect.unset(each) : dialect.set(each, value);
      });
      call.print([...lines, ...footer]);
    }
    return 0;
  },
};
