import {existsSync, readdirSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {discard, makeFolder, putFile} from './durable.ts';
import {messageOf, RunbookError} from './errors.ts';
import {readStart} from './regular-file.ts';

const VERSION = '1';
const LONGEST_VERSION = 20;
/** What `newRunId` makes. Nothing else in the folder is a run, such as a copy that somebody keeps of one. */
const RUN_ID = /^\d{8}-\d{6}-[0-9a-z]+$/;

export const unwritable = (dir: string, error: unknown): RunbookError =>
  new RunbookError(
    {
      code: 'state-unwritable',
      message: `can't write the state directory: ${messageOf(error)}`,
      found: dir,
      next: ['make it writable or free space, or choose another: --state-dir DIR'],
    },
    error,
  );

const unreadable = (dir: string, error: unknown): RunbookError =>
  new RunbookError(
    {
      code: 'file-unreadable',
      message: `can't read the state directory: ${messageOf(error)}`,
      found: dir,
      next: ['look at its permissions, or choose another: --state-dir DIR'],
    },
    error,
  );

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

export const runsFolder = (dir: string): string => join(dir, 'runs');

/** Empty where there is none yet, or where a power loss has left nothing of it. */
const versionOf = (dir: string): string => {
  try {
    return readStart(join(dir, 'version'), LONGEST_VERSION).toString('latin1').replaceAll('\0', '').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    // a file has the name of the directory
    throw codeOf(error) === 'ENOTDIR' ? unwritable(dir, error) : unreadable(dir, error);
  }
};

/** @throws RunbookError `state-version` when another version of this program made it */
export const checkStateDir = (dir: string): void => {
  const version = versionOf(dir);
  if (version !== '' && version !== VERSION)
    throw new RunbookError({
      code: 'state-version',
      message: `the state directory is of version "${version}", this program reads version ${VERSION}`,
      found: dir,
      next: ['use the version of runbook that made it, or choose another: --state-dir DIR'],
    });
};

/** Makes the directory, or sees that it is one of ours. */
export const prepareStateDir = (dir: string): void => {
  checkStateDir(dir);
  try {
    makeFolder(runsFolder(dir));
    if (versionOf(dir) === '') putFile(join(dir, 'version'), Buffer.from(`${VERSION}\n`));
    const ignore = join(dir, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
    clearDrafts(dir);
  } catch (error) {
    throw error instanceof RunbookError ? error : unwritable(dir, error);
  }
};

const DRAFT = /^(key|version|index\.jsonl)-\d+-[0-9a-f]{8}$/;
const A_WHILE_MS = 60_000;

/** What processes have left that were killed while they wrote. */
const clearDrafts = (dir: string): void => {
  for (const name of readdirSync(dir)) {
    const file = join(dir, name);
    if (DRAFT.test(name) && Date.now() - (statSync(file, {throwIfNoEntry: false})?.mtimeMs ?? 0) > A_WHILE_MS)
      discard(file);
  }
};

/** Run ids, newest first. */
export const runsIn = (dir: string): string[] => {
  checkStateDir(dir);
  try {
    const names = readdirSync(runsFolder(dir)).filter((name) => RUN_ID.test(name));
    return names.sort().reverse();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw unreadable(dir, error);
  }
};
