import {resolve} from 'node:path';
import * as v from 'valibot';
import {prints, quote, sh} from '../engine/sh.ts';
import {defineStepType, type Site, StepError} from '../engine/step-type.ts';
import {type Finished, runProcess} from './clients/process.ts';

const options = v.strictObject({
  run: v.pipe(
    v.string(),
    v.minLength(1),
    v.description('The script. A value of `${{ }}` in it arrives by an environment variable and is never parsed'),
  ),
  shell: v.optional(
    v.pipe(v.picklist(['sh', 'bash']), v.description('`sh -eu` (the default), or `bash -eu -o pipefail`')),
    'sh',
  ),
  env: v.optional(
    v.pipe(v.record(v.string(), v.string()), v.description('Environment variables for it, beside those of the run')),
  ),
  cwd: v.optional(
    v.pipe(v.string(), v.description('Where it starts; relative to the folder where the run was started')),
  ),
  stdin: v.optional(v.pipe(v.string(), v.description('What it reads from its standard input; nothing when left out'))),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  stdout: v.pipe(
    v.string(),
    v.description(
      'What it printed, as it is; of more than 1 MB the start and the end, with a line between that says so',
    ),
  ),
  stderr: v.pipe(v.string(), v.description('What it printed on its standard error, kept like `stdout`')),
  exitCode: v.pipe(v.number(), v.description('0: any other fails the step')),
  json: v.optional(v.pipe(v.any(), v.description('`stdout` read as JSON; absent when it is none'))),
});
type Outputs = v.InferOutput<typeof outputs>;

const BASH = ['bash', '-eu', '-o', 'pipefail', '-c'];

// a bash that finds a socket at its standard input thinks that it was started by rshd, and reads the user's bashrc
const argvOf = (shell: Options['shell']): readonly string[] =>
  shell === 'bash' ? ['bash', '--norc', ...BASH.slice(1)] : ['sh', '-eu', '-c'];

const REASONS: Readonly<Record<number, string>> = {
  126: 'exited with code 126: a command is not executable',
  127: 'exited with code 127: a command was not found',
};

const reasonOf = ({exitCode, signal}: Finished): string =>
  signal === undefined ? (REASONS[exitCode] ?? `exited with code ${exitCode}`) : `was ended by ${signal}`;

const MAY_BE_JSON = /^\s*[[{"\d\-tfn]/;

const parsed = (text: string): {json?: unknown} => {
  if (!MAY_BE_JSON.test(text)) return {};
  try {
    return {json: JSON.parse(text)};
  } catch {
    return {};
  }
};

// What would touch the shell it is pasted into, or mean something else without -eu.
const LEAVES_TRACES =
  /[;\n#]|^\s*\w+=|\b(?:exit|exec|cd|set|shift|export|readonly|unset|trap|umask|ulimit|alias|return|eval)\b|^\s*\.\s/;

// a DOCKER_HOST of the user's would win over the context
const additions = ({env}: Options, {on}: Site): Readonly<Record<string, string>> => ({
  ...(on === undefined ? {} : {DOCKER_HOST: '', DOCKER_CONTEXT: on}),
  ...env,
});

const processOf = (given: Options, site: Site) => ({
  cwd: resolve(site.cwd, given.cwd ?? '.'),
  env: additions(given, site),
});

const assignments = (given: Options, site: Site): readonly string[] =>
  Object.entries(additions(given, site)).map(([name, value]) =>
    value === '' ? `${name}=` : `${name}=${quote(value)}`,
  );

/** A subshell keeps what the script changes to itself, as a process of its own does; any shell of a person takes it. */
const inSubshell = (script: string, before: readonly string[]): string => `(\n${[...before, script].join('\n')}\n)`;

const enter = ({cwd}: Options): readonly string[] =>
  cwd === undefined ? [] : [`cd ${quote(cwd.startsWith('-') ? `./${cwd}` : cwd)}`];

const asBash = (given: Options, site: Site): string => {
  const line = [...assignments(given, site), sh`${BASH} ${given.run}`].join(' ');
  return given.cwd === undefined ? line : `(${[...enter(given), line].join(' && ')})`;
};

const asSh = (given: Options, site: Site): string => {
  const script = given.run.trimEnd();
  const before = [...enter(given), ...assignments(given, site).map((assignment) => `export ${assignment}`)];
  if (before.length === 0 && !LEAVES_TRACES.test(script)) return script;
  return inSubshell(script, ['set -eu', ...before]);
};

const command = (given: Options, site: Site): string => {
  const line = given.shell === 'bash' ? asBash(given, site) : asSh(given, site);
  return given.stdin === undefined ? line : `${prints(given.stdin)} | ${line}`;
};

/** A script, run by a shell of its own. */
export default defineStepType({
  name: 'shell',
  about: 'Runs a shell script; `run:` on a step is short for it.',
  options,
  outputs,
  effect: 'repeatable',
  effectIsSettable: true,
  secretOptions: ['run', 'env', 'stdin'],
  scriptOption: 'run',
  command,

  async run(given, context): Promise<Outputs> {
    const [file = 'sh', ...args] = argvOf(given.shell);
    const {cwd, env} = processOf(given, context);
    const done = await runProcess({
      file,
      args: [...args, given.run],
      cwd,
      env: {...context.env, ...env},
      stdin: given.stdin,
      signal: context.signal,
      output: context.output,
    });
    if (done.exitCode !== 0) throw new StepError(reasonOf(done), {code: 'command-failed'});
    const {stdout, stderr, exitCode} = done;
    return {stdout, stderr, exitCode, ...parsed(stdout)};
  },

  process: processOf,

  shell: {outputs: {stdout: command, json: command, exitCode: () => 'echo 0'}},
});
