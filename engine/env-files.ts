import {parse} from 'dotenv';
import {advised} from './advice.ts';
import {type Place, type Problem, RunbookError} from './errors.ts';
import {interruptible, TookTooLong} from './interruptible.ts';
import {NotAFile, readStart} from './regular-file.ts';
import type {Runbook} from './runbook.ts';
import {isMaskable, SHORTEST_SECRET} from './secret-forms.ts';

type Variables = Readonly<Record<string, string>>;

/** What expressions may read as `env.X`. */
export interface RunbookEnv {
  readonly variables: Variables;
  /** Names of those that are secrets. */
  readonly secrets: ReadonlySet<string>;
}

export const NO_ENV: RunbookEnv = {variables: {}, secrets: new Set()};

/**
 * The names that the runbook's files and the extra files define, with their values. Later files win, the process
 * environment wins over all. A name that a secret file defines is secret, wherever its value comes from.
 * @throws RunbookError with an `env-file` for every file that is missing or can't be read, and every secret that is too short
 */
export const resolveEnv = async (
  runbook: Pick<Runbook, 'env'>,
  extraFiles: readonly string[],
  processEnv: Readonly<Record<string, string | undefined>>,
): Promise<RunbookEnv> => {
  const extra = extraFiles.map((path): Asked => ({path, secret: false}));
  const read = await Promise.all([...runbook.env, ...extra].map(readEnvFile));
  throwAll(read.flatMap(({problem}) => problem ?? []));
  const defined: Variables = Object.assign({}, ...read.map(({variables}) => variables));
  // a name such as "constructor" is no variable of the process
  const inProcess = (name: string): string | undefined =>
    Object.hasOwn(processEnv, name) ? processEnv[name] : undefined;
  const variables = Object.fromEntries(
    Object.entries(defined).map(([name, value]) => [name, inProcess(name) ?? value]),
  );
  const secrets = new Set(read.flatMap((file) => (file.secret ? Object.keys(file.variables) : [])));
  throwAll([...secrets].flatMap((name) => tooShort(name, variables[name] ?? '')));
  return {variables, secrets};
};

const throwAll = ([first, ...rest]: readonly Problem[]): void => {
  if (first !== undefined) throw new RunbookError([first, ...rest]);
};

// nothing at all has nothing to hide
const tooShort = (name: string, value: string): readonly Problem[] =>
  value === '' || isMaskable(value)
    ? []
    : [
        {
          code: 'env-file',
          message: `the secret ${name} is shorter than ${SHORTEST_SECRET} characters, so it can't be masked`,
          next: ['choose a longer one'],
        },
      ];

/** A file to read. */
interface Asked {
  readonly path: string;
  readonly place?: Place | undefined;
  readonly secret: boolean;
}

/** What one file defines; nothing when it has a problem. */
export interface EnvFile {
  readonly variables: Variables;
  readonly secret: boolean;
  readonly problem?: Problem;
}

/** The variables of one dotenv file, or what is wrong with it. Nothing in it is expanded or run. */
export const readEnvFile = async ({path, place, secret}: Asked): Promise<EnvFile> => {
  try {
    return {variables: variablesIn(textOf(path)), secret};
  } catch (error) {
    const message = `the env file ${path} ${reasonOf(error)}`;
    const problem = advised({code: 'env-file', message, ...(place === undefined ? {} : {place})});
    return {variables: {}, secret, problem};
  }
};

const LARGEST = 1_000_000;

/** It is read as often as somebody asks, so it can't be a pipe, which may also wait forever. */
const textOf = (path: string): string => {
  const bytes = readStart(path, LARGEST + 1);
  if (bytes.length > LARGEST) throw new NotAFile(`it has more than ${LARGEST / 1_000_000} MB`);
  return bytes.toString('utf8');
};

/** So much is read in no time whatever it is. */
const FEW = 8000;
const LONGEST_MS = 2000;

/** The library takes quadratic time for some texts, such as empty lines. */
const variablesIn = (text: string): Variables =>
  text.length <= FEW ? parse(text) : interruptible(LONGEST_MS, () => parse(text));

const reasonOf = (error: unknown): string => {
  if (error instanceof TookTooLong) return `is no list of variables: ${error.message} to read`;
  if (error instanceof NotAFile) return error.message.replace(/^it /, '');
  const {code = String(error)} = error as NodeJS.ErrnoException;
  return REASONS[code] ?? `can't be read: ${code}`;
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is missing',
  ENOTDIR: 'is missing',
  EACCES: "can't be read: permission denied",
};
