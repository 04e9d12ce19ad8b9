import {PermanentError, type StepContext, StepError} from '../../engine/step-type.ts';
import {dockerCommand} from './docker.ts';
import {explainText} from './docker-errors.ts';
import {lastLines} from './docker-stream.ts';
import {runProcess} from './process.ts';

/** Variables that a file of Compose is filled in with. */
export type Variables = Readonly<Record<string, string | number | boolean>>;

// Without the plugin docker takes Compose's flags for its own, or the word for an unknown command.
const NO_COMPOSE = /is not a docker command|unknown command: docker compose|unknown (?:shorthand )?flag/;

const VERBS: ReadonlySet<string> = new Set(['up', 'down', 'config', 'deploy', 'rm']);

const missing = (what: string, next: string, cause?: unknown): PermanentError =>
  new PermanentError(`${what} is missing on this machine`, {code: 'requirement-missing', next, cause});

const failure = (args: readonly string[], exitCode: number, stderr: string): StepError => {
  if (args[0] === 'compose' && NO_COMPOSE.test(stderr))
    return missing('Docker Compose 2, a plugin of the docker command,', 'see how to get it: runbook doctor');
  const found = lastLines(stderr) || 'it printed nothing';
  const {message, details} = explainText(stderr, undefined);
  if (details.code !== undefined) return new StepError(message, {...details, found});
  const verb = args.find((word, index) => index > 0 && VERBS.has(word)) ?? '';
  return new StepError(`docker ${args[0]} ${verb} exited with code ${exitCode}`, {code: 'command-failed', found});
};

/**
 * Runs the docker command itself, for what is no part of the engine: files of Compose are read by it. Gives what it
 * printed on its standard output.
 */
export const dockerCli = async (
  args: readonly string[],
  context: Pick<StepContext, 'on' | 'cwd' | 'env' | 'signal'>,
  {env = {}, output}: {readonly env?: Variables; readonly output?: StepContext['output']} = {},
): Promise<string> => {
  const [file = 'docker', ...rest] = [...dockerCommand(context), ...args];
  const given = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
  const {cwd, signal} = context;
  const command = {file, args: rest, cwd, env: {...context.env, ...given}, signal, ...(output && {output})};
  const {exitCode, stdout, stderr} = await runProcess(command).catch((error) => {
    if (!/^command not found/.test(error.message)) throw error;
    throw missing('the docker command', 'install it: runbook doctor --fix', error);
  });
  if (exitCode !== 0) throw failure(args, exitCode, stderr);
  return stdout;
};
