import {cp, mkdir, readdir, rm, stat} from 'node:fs/promises';
import {basename, dirname, isAbsolute, join, relative} from 'node:path';

/** Larger folders are a whole project, or a home: nobody wants copies of that. */
const MOST_BYTES = 200_000_000;

/** Where one trial runs: a copy of the runbook's folder, and a state directory of its own. */
export interface Sandbox {
  readonly dir: string;
  /** The copied runbook. */
  readonly file: string;
  /** The working directory. */
  readonly cwd: string;
  readonly stateDir: string;
  /** Where the trace of the process is written. */
  readonly trace: string;
}

/** Where the runbook is, and from where it is started. */
export interface Original {
  readonly file: string;
  readonly cwd: string;
  /** The user's own state directory: never copied. */
  readonly stateDir: string;
}

const isInside = (path: string): boolean => !path.startsWith('..') && !isAbsolute(path);

/**
 * Copies the folder of a runbook, and the `env` folder beside it, so that its relative paths mean the same. Where it lies in
 * the working directory it lies at the same place in the sandbox's; else that is an empty folder.
 */
export const makeSandbox = async (dir: string, {file, cwd, stateDir}: Original): Promise<Sandbox> => {
  const folder = dirname(file);
  const within = relative(cwd, folder);
  const work = join(dir, 'project', 'work');
  const copy = isInside(within) ? join(work, within) : join(dir, 'project', 'runbook', basename(folder));
  await mkdir(work, {recursive: true});
  await copyFolder(folder, copy, stateDir);
  const env = join(dirname(folder), 'env');
  if (folder !== dirname(folder) && (await isFolder(env))) await copyFolder(env, join(dirname(copy), 'env'), stateDir);
  return {
    dir,
    file: join(copy, basename(file)),
    cwd: work,
    stateDir: join(dir, 'state'),
    trace: join(dir, 'trace'),
  };
};

/** Without state directories, and without the sandbox itself where that lies in the folder. */
const copyFolder = async (from: string, to: string, stateDir: string): Promise<void> => {
  await mkdir(to, {recursive: true});
  for (const name of await readdir(from)) {
    const source = join(from, name);
    if (isInside(relative(source, to))) continue;
    await cp(source, join(to, name), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
      filter: (path) => path !== stateDir && !isState(path),
    });
  }
};

/** A state directory, whosever it is. */
const isState = (path: string): boolean => basename(path) === '.runbook';

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** How large a runbook's folder is; undefined where it is small enough to be copied. */
export const tooLarge = async (file: string): Promise<number | undefined> => {
  let bytes = 0;
  const pending = [dirname(file)];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of await readdir(folder, {withFileTypes: true}).catch(() => [])) {
      const path = join(folder, entry.name);
      if (isState(path)) continue;
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile()) bytes += (await stat(path).catch(() => ({size: 0}))).size;
      if (bytes > MOST_BYTES) return bytes;
    }
  }
  return undefined;
};

/** The files and folders that a runbook can make by relative paths, as they are now. */
export const filesIn = async ({dir}: Sandbox): Promise<ReadonlySet<string>> => {
  const found = await readdir(join(dir, 'project'), {recursive: true});
  return new Set(found.map((path) => path.replace(/^work\//, '')));
};

export const removeSandbox = (dir: string): Promise<void> => rm(dir, {recursive: true, force: true, maxRetries: 5});
