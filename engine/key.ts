import {randomBytes} from 'node:crypto';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {makeFile} from './durable.ts';
import {messageOf, RunbookError} from './errors.ts';
import {readStart} from './regular-file.ts';

const KEY_BYTES = 32;

const fileIn = (dir: string): string => join(dir, 'key');

/** With what the hashes of secrets are made, so that nobody can guess a secret by its hash. */
export const newKey = (): Buffer => randomBytes(KEY_BYTES);

export const hasKey = (dir: string): boolean => existsSync(fileIn(dir));

/** Of two processes that get here at once, one makes it. */
export const makeKey = (dir: string): void => makeFile(fileIn(dir), newKey());

/**
 * The key of a state directory; undefined where none was made yet.
 * @throws RunbookError `state-damaged`
 */
export const readKey = (dir: string): Buffer | undefined => {
  try {
    const key = readStart(fileIn(dir), KEY_BYTES + 1);
    if (key.length === KEY_BYTES) return key;
    throw damagedKey(dir, `it does not have ${KEY_BYTES} bytes`);
  } catch (error) {
    if (error instanceof RunbookError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw damagedKey(dir, messageOf(error));
  }
};

// With another key every secret would seem to have changed, and what was made with it would be taken back.
export const damagedKey = (dir: string, why: string): RunbookError =>
  new RunbookError({
    code: 'state-damaged',
    message: `the key of the state directory can't be used: ${why}`,
    found: fileIn(dir),
    next: [
      `restore it from a copy, or make another: head -c ${KEY_BYTES} /dev/urandom > ${fileIn(dir)}`,
      'with another one, all steps that were given a secret count as changed',
    ],
  });
