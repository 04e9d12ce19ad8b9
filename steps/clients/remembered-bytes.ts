import {createHash} from 'node:crypto';
import {PermanentError} from '../../engine/step-type.ts';

/** Bytes as a journal can hold them; they need not be text. */
export type RememberedBytes = {readonly base64: string; readonly check: string};

const checkOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 8);

export const toRemembered = (bytes: Buffer): RememberedBytes => ({
  base64: bytes.toString('base64'),
  check: checkOf(bytes),
});

/** The bytes again; undefined where they held a secret, since a journal masks those. */
export const fromRemembered = ({base64, check}: RememberedBytes): Buffer | undefined => {
  const bytes = Buffer.from(base64, 'base64');
  return checkOf(bytes) === check ? bytes : undefined;
};

/**
 * The bytes again, to put them back.
 * @throws PermanentError where they held a secret: writing what is left of them would be worse than nothing
 */
export const toPutBack = (remembered: RememberedBytes, what: string): Buffer => {
  const bytes = fromRemembered(remembered);
  if (bytes !== undefined) return bytes;
  throw new PermanentError(`what ${what} held before this run contained a secret, and secrets are not stored`, {
    code: 'undo-failed',
    next: `put it back by hand, or remove it`,
  });
};
