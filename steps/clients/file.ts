import {createHash, randomUUID} from 'node:crypto';
import {lstat, mkdir, open, readFile, realpath, rename, stat, unlink} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {PermanentError, StepError} from '../../engine/step-type.ts';

/** What a look gives; null where there is nothing to look at. */
export const orNull = async <T>(look: Promise<T>): Promise<T | null> => {
  try {
    return await look;
  } catch (error) {
    // ENOTDIR: a part of the path is a file
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
};

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder',
};

/** Says in words why a file could not be written. */
export const orExplain = async <T>(path: string, act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StepError) throw error;
    const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''] ?? String(error);
    throw new StepError(`cannot write ${path}: ${reason}`, {code: 'file-failed', cause: error});
  }
};

/** Content and permissions of a file; null where there is none. */
export const lookAt = async (path: string): Promise<{content: Buffer; mode: number} | null> => {
  const found = await orNull(stat(path));
  if (found === null) return null;
  if (!found.isFile()) throw new PermanentError(`${path} is not a file`, {code: 'file-failed'});
  return {content: await readFile(path), mode: found.mode & 0o7777};
};

/** Where a step's file is made before it takes its name: the same in each attempt, so that a killed one leaves no litter. */
const draftOf = (target: string, key: string): string =>
  join(dirname(target), `.${createHash('sha256').update(key).digest('hex').slice(0, 16)}.runbook`);

/** Whether a killed attempt of a step has left a half-written file. */
export const hasDraft = async (path: string, key: string): Promise<boolean> =>
  (await orNull(lstat(draftOf((await orNull(realpath(path))) ?? path, key)))) !== null;

/** Removes what a killed attempt of a step may have left. */
export const removeDraft = async (path: string, key: string): Promise<void> => {
  await orNull(unlink(draftOf((await orNull(realpath(path))) ?? path, key)));
};

/**
 * The whole file at once or not at all, on disk when it returns. A link is followed, as the shell does.
 * @param key the step's, where one does this: what a killed attempt left is cleared away by the next
 */
export const replaceFile = async (
  path: string,
  content: Buffer | string,
  mode: number,
  key: string = randomUUID(),
): Promise<void> => {
  const target = (await orNull(realpath(path))) ?? path;
  const owner = await orNull(stat(target));
  const draft = draftOf(target, key);
  await orNull(unlink(draft));
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      // only root may give files away
      if (owner) await file.chown(owner.uid, owner.gid).catch(() => undefined);
      await file.chmod(mode); // last: giving away takes the set-user bit
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(target));
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
};

/** Makes a folder and those above it. Node's own `recursive` never returns for a folder that can't be, as in /proc. */
export const makeFolders = async (folder: string): Promise<void> => {
  for (const missing of await missingFolders(folder, new Set()))
    await mkdir(missing).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error; // somebody else was first
    });
};

/** Folders that are not there yet, or that are counted as such; the outermost first. */
export const missingFolders = async (folder: string, counted: ReadonlySet<string>): Promise<string[]> => {
  if (!counted.has(folder) && (await orNull(lstat(folder))) !== null) return [];
  return [...(await missingFolders(dirname(folder), counted)), folder];
};
