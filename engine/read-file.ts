import {closeSync, constants, fstatSync, openSync, readFileSync, statSync} from 'node:fs';
import {advised} from './advice.ts';
import {type Code, type Problem, RunbookError} from './errors.ts';

const LARGEST = 5 * 1024 * 1024;

/**
 * The text of a runbook's file, without a byte order mark.
 * @throws RunbookError for what is no readable, reasonably small file in UTF-8
 */
export const readRunbookFile = async (file: string): Promise<string> => {
  const bytes = read(file);
  const wrong = foreignEncoding(bytes);
  if (wrong !== undefined) {
    return fail(file, 'bad-encoding', `the file is not UTF-8; it seems to be ${wrong.encoding}`, {
      expected: 'text in UTF-8',
      next: [`convert it: iconv -f ${wrong.iconv} -t UTF-8`],
    });
  }
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    const {line, column} = firstBadByte(bytes);
    const message = 'the file is not UTF-8; it seems to be Latin-1 or binary';
    throw new RunbookError({
      code: 'bad-encoding',
      message,
      place: {file, line, column},
      expected: 'text in UTF-8',
      next: ['if it is Latin-1, convert it: iconv -f LATIN1 -t UTF-8'],
    });
  }
};

const read = (file: string): Buffer => {
  try {
    // asked before opening: to open a FIFO would wait for its writer
    const before = statSync(file);
    if (before.isDirectory()) fail(file, 'not-a-file', 'this is a directory, not a runbook');
    if (!before.isFile()) fail(file, 'not-a-file', 'this is a device, socket or pipe, not a file');
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const {size} = fstatSync(fd);
      if (size > LARGEST)
        fail(file, 'file-too-large', `the file has ${megabytes(size)} MB`, {expected: 'at most 5 MB'});
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof RunbookError) throw error;
    return fail(file, ...unreadable(error as NodeJS.ErrnoException), {}, error);
  }
};

const unreadable = (error: NodeJS.ErrnoException): [Code, string] => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return ['no-such-runbook', 'there is no such file'];
  if (error.code === 'EACCES' || error.code === 'EPERM') return ['file-unreadable', 'no permission to read the file'];
  if (error.code === 'ELOOP') return ['file-unreadable', 'the symbolic link leads nowhere'];
  return ['file-unreadable', `the file can't be read: ${error.code ?? error.message}`];
};

const fail = (file: string, code: Code, message: string, details: Partial<Problem> = {}, cause?: unknown): never => {
  throw new RunbookError(advised({code, message, place: {file, line: 1, column: 1}, ...details}), cause);
};

const megabytes = (size: number): string => (size / 1024 / 1024).toFixed(size < 10 * LARGEST ? 1 : 0);

const foreignEncoding = (bytes: Buffer): {encoding: string; iconv: string} | undefined => {
  const start = bytes.subarray(0, 4).toString('hex');
  if (start === 'fffe0000' || start === '0000feff') return {encoding: 'UTF-32', iconv: 'UTF-32'};
  if (start.startsWith('fffe')) return {encoding: 'UTF-16 (little endian)', iconv: 'UTF-16'};
  if (start.startsWith('feff')) return {encoding: 'UTF-16 (big endian)', iconv: 'UTF-16'};
  const sample = bytes.subarray(0, 1024);
  if (!sample.includes(0)) return undefined;
  // ASCII in UTF-16 without its mark has a NUL in every other byte
  const nuls = [0, 0];
  sample.forEach((byte, index) => {
    if (byte === 0) nuls[index % 2] = (nuls[index % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = nuls;
  if (odd > sample.length / 4 && even === 0) return {encoding: 'UTF-16 (little endian)', iconv: 'UTF-16LE'};
  if (even > sample.length / 4 && odd === 0) return {encoding: 'UTF-16 (big endian)', iconv: 'UTF-16BE'};
  return {encoding: 'binary', iconv: 'ENCODING'};
};

// Decodes line by line: no multi-byte character of UTF-8 contains a line feed.
const firstBadByte = (bytes: Buffer): {line: number; column: number} => {
  for (let line = 1, start = 0; start < bytes.length; line++) {
    const next = bytes.indexOf(10, start);
    const end = next < 0 ? bytes.length : next;
    const column = new TextDecoder('utf-8').decode(bytes.subarray(start, end)).indexOf('\ufffd');
    if (column >= 0) return {line, column: column + 1};
    start = end + 1;
  }
  return {line: 1, column: 1};
};
