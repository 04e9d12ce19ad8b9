import {createHash, randomUUID} from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import {stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {PermanentError, StepError} from '../../engine/step-type.ts';

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

/*
 * What is done to a small file takes microseconds, and a trip to Node's threads many times as long: it is done at once. Only
 * whether anybody answers is asked there: as long as a network's disk is dead, nothing but this step waits for it.
 */

/** So long a folder that has answered is taken to answer. */
const ANSWER_HOLDS_MS = 1000;
const answered = new Map<string, number>();

/** Resolves when the disk with a file's folder answers at all, whatever it says. */
export const answers = async (path: string): Promise<void> => {
  const folder = dirname(path);
  if (performance.now() - (answered.get(folder) ?? Number.NEGATIVE_INFINITY) < ANSWER_HOLDS_MS) return;
  await stat(folder).catch(() => undefined);
  answered.set(folder, performance.now());
};

/** What there is, behind a link too. Where a part of the path is a file, there is nothing. */
export const lookUp = (path: string): Stats | undefined => statSync(path, {throwIfNoEntry: false});

/** Content and permissions of a file; null where there is none. */
export const lookAt = (path: string): {content: Buffer; mode: number} | null => {
  const found = lookUp(path);
  if (found === undefined) return null;
  if (!found.isFile()) throw new PermanentError(`${path} is not a file`, {code: 'file-failed'});
  return {content: readFileSync(path), mode: found.mode & 0o7777};
};

/** What a link leads to; where there is nothing, the path itself. */
const targetOf = (path: string, there: Stats | undefined): string =>
  there === undefined ? path : realpathSync.native(path);

/** Where a step's file is made before it takes its name: the same in each attempt, so that a killed one leaves no litter. */
const draftOf = (target: string, key: string): string =>
  join(dirname(target), `.${createHash('sha256').update(key).digest('hex').slice(0, 16)}.runbook`);

/** Whether a killed attempt of a step has left a half-written file. */
export const hasDraft = (path: string, key: string): boolean => isThere(draftOf(targetOf(path, lookUp(path)), key));

/** Removes what a killed attempt of a step may have left. */
export const removeDraft = (path: string, key: string): void => removeFile(draftOf(targetOf(path, lookUp(path)), key));

/**
 * The whole file at once or not at all, on disk when it returns. A link is followed, as the shell does.
 * @param key the step's, where one does this: what a killed attempt left is cleared away by the next
 */
export const replaceFile = (path: string, content: Buffer | string, mode: number, key: string = randomUUID()): void => {
  const owner = lookUp(path);
  const target = targetOf(path, owner);
  const draft = draftOf(target, key);
  removeFile(draft);
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(file, content);
      if (owner !== undefined) tryGive(file, owner);
      fchmodSync(file, mode); // last: giving away takes the set-user bit
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target);
  } catch (error) {
    removeFile(draft);
    throw error;
  }
  syncFolder(dirname(target));
};

const tryGive = (file: number, {uid, gid}: {uid: number; gid: number}): void => {
  try {
    fchownSync(file, uid, gid);
  } catch {
    // only root may give files away
  }
};

const syncFolder = (folder: string): void => {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** Makes a folder and those above it. Node's own `recursive` never returns for a folder that can't be, as in /proc. */
export const makeFolders = (folder: string): void => {
  for (const missing of missingFolders(folder, new Set())) makeFolder(missing);
};

const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // somebody else was first
  }
};

/** Folders that are not there yet, or that are counted as such; the outermost first. */
export const missingFolders = (folder: string, counted: ReadonlySet<string>): string[] => {
  if (!counted.has(folder) && isThere(folder)) return [];
  return [...missingFolders(dirname(folder), counted), folder];
};

const isThere = (path: string): boolean => lstatSync(path, {throwIfNoEntry: false}) !== undefined;

/** Removes a file, if it is there. */
export const removeFile = (path: string): void => {
  if (isThere(path)) unlinkSync(path);
};
