import {closeSync, fstatSync, openSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {crc32} from 'node:zlib';
import {discard} from './durable.ts';

/*
 * A file that only saves time: two lines of JSON, the version with the CRC-32 of the second line, and the value. It is
 * written aside and renamed into place. Missing, cut, changed by somebody, of another version, unwritable: it is as if there
 * were none.
 */

/** What a cache file holds, and when it was written (ms). */
export interface Cached {
  readonly value: unknown;
  readonly writtenAt: number;
}

const sumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** Undefined where there is none that can be trusted. */
export const readCache = (file: string, version: number): Cached | undefined => {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const writtenAt = fstatSync(fd).mtimeMs;
    const [head = '', body = ''] = readFileSync(fd, 'utf8').split('\n');
    const {version: found, sum} = JSON.parse(head) as {version?: unknown; sum?: unknown};
    return found === version && sum === sumOf(body) ? {value: JSON.parse(body), writtenAt} : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

/** Replaces a cache file in one go. Never fails: without it the next reader only takes longer. */
export const writeCache = (file: string, version: number, value: unknown): void => {
  // Two that write at once may spoil it, which its sum tells; a name of its own would stay behind after a crash.
  const draft = `${file}.new`;
  try {
    const body = JSON.stringify(value);
    writeFileSync(draft, `${JSON.stringify({version, sum: sumOf(body)})}\n${body}\n`, {mode: 0o600});
    renameSync(draft, file);
  } catch {
    discard(draft);
  }
};
