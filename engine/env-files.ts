import {readFile} from 'node:fs/promises';
import {parse} from 'dotenv';
import {type Place, type Problem, RunbookError} from './errors.ts';
import type {Runbook} from './runbook.ts';

type Variables = Readonly<Record<string, string>>;

/**
 * What expressions may read as `env.X`: the names that the runbook's files and the extra files define. Later files win,
 * the process environment wins over all.
 * @throws RunbookError with an `env-file` for every file that is missing or can't be read
 */
export const resolveEnv = async (
  runbook: Pick<Runbook, 'env'>,
  extraFiles: readonly string[],
  processEnv: Readonly<Record<string, string | undefined>>,
): Promise<Variables> => {
  const files = [...runbook.env, ...extraFiles.map((path) => ({path}))];
  const read = await Promise.all(files.map((file) => readEnvFile(file.path, 'place' in file ? file.place : undefined)));
  const [first, ...rest] = read.flatMap(({problem}) => problem ?? []);
  if (first !== undefined) throw new RunbookError([first, ...rest]);
  const defined: Variables = Object.assign({}, ...read.map(({variables}) => variables));
  return Object.fromEntries(Object.entries(defined).map(([name, value]) => [name, processEnv[name] ?? value]));
};

/** What one file defines; nothing when it has a problem. */
export interface EnvFile {
  readonly variables: Variables;
  readonly problem?: Problem;
}

/** The variables of one dotenv file, or what is wrong with it. Nothing in it is expanded or run. */
export const readEnvFile = async (path: string, place?: Place): Promise<EnvFile> => {
  try {
    return {variables: parse(await readFile(path))};
  } catch (error) {
    const {code = String(error)} = error as NodeJS.ErrnoException;
    const reason = REASONS[code] ?? `can't be read: ${code}`;
    const message = `the env file ${path} ${reason}`;
    return {variables: {}, problem: {code: 'env-file', message, ...(place === undefined ? {} : {place})}};
  }
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is missing',
  ENOTDIR: 'is missing',
  EACCES: "can't be read: permission denied",
  EISDIR: 'is a directory',
};
