import {closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync} from 'node:fs';

/** Something else has the name of a file. */
export class NotAFile extends Error {
  override readonly name = 'NotAFile';
}

const kindOf = (stats: Stats): string => {
  if (stats.isDirectory()) return 'a folder';
  return stats.isFIFO() ? 'a named pipe' : 'a device or a socket';
};

/** Opens a file to read it; whatever stands in its place, this does not wait. */
const openRegular = (file: string): {readonly fd: number; readonly size: number} => {
  // asked before, since opening a device may do something
  const before = statSync(file);
  if (!before.isFile()) throw new NotAFile(`it is ${kindOf(before)}`);
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  return {fd, size: fstatSync(fd).size};
};

/** As many bytes as there are. */
const readAt = (fd: number, position: number, length: number): Buffer => {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const now = readSync(fd, bytes, done, length - done, position + done);
    if (now === 0) return bytes.subarray(0, done);
    done += now;
  }
  return bytes;
};

/** Gives a file to `body`, piece by piece. Throws what the system does, and `NotAFile`. */
export const withFile = <T>(
  file: string,
  body: (size: number, read: (at: number, length: number) => Buffer) => T,
): T => {
  const {fd, size} = openRegular(file);
  try {
    return body(size, (at, length) => readAt(fd, at, length));
  } finally {
    closeSync(fd);
  }
};

/** A small file; of one that is larger than expected its beginning. */
export const readStart = (file: string, limit: number): Buffer => withFile(file, (_, read) => read(0, limit));
