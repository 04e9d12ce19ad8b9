import {randomBytes} from 'node:crypto';
import {closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';

/** Removes a file that is only in the way: that it stays is no reason to stop. */
export const discard = (file: string): void => {
  try {
    rmSync(file, {force: true});
  } catch {
    // whoever needs the place will be told
  }
};

/** Writes all bytes: the system may take a part at a time. */
export const writeAll = (fd: number, bytes: Buffer, position: number): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
};

/** Makes the names in a folder durable. */
export const syncFolder = (folder: string): void => {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** Makes a folder and those above it, for this user only; what was made survives a power loss. */
export const makeFolder = (folder: string): void => {
  const first = makeMissing(folder);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) trySync(dirname(made));
};

/** The outermost folder that was made. Node's own `recursive` never returns for a folder that can't be, as in /proc. */
const makeMissing = (folder: string): string | undefined => {
  try {
    mkdirSync(folder, {mode: 0o700});
    return folder;
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return undefined;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    const outer = makeMissing(dirname(folder));
    // there now, and still it can't be made: nothing can be made in there
    mkdirSync(folder, {mode: 0o700});
    return outer ?? folder;
  }
};

// A folder above may be one that we may enter but not read.
const trySync = (folder: string): void => {
  try {
    syncFolder(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
  }
};

/** A file that is on disk whole, aside of where it is to go; `put` gives it its name. */
const writeAside = (file: string, bytes: Buffer, put: (draft: string) => void): void => {
  const draft = `${file}-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const fd = openSync(draft, 'wx', 0o600);
    try {
      writeAll(fd, bytes, 0);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    put(draft);
  } finally {
    discard(draft);
  }
  syncFolder(dirname(file));
};

/** Writes a file whole or not at all, also when the power fails; one that is there is replaced. */
export const putFile = (file: string, bytes: Buffer): void =>
  writeAside(file, bytes, (draft) => renameSync(draft, file));

/** The same, but one that is there stays: of two processes that get here at once, one makes it. */
export const makeFile = (file: string, bytes: Buffer): void =>
  writeAside(file, bytes, (draft) => {
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  });
