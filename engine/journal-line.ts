import {crc32} from 'node:zlib';

/*
 * One JSON object a line. The last member, `sum`, is the CRC-32 (hex) of the line before it, started with the sum of the
 * line above: a changed, lost or swapped line breaks the chain.
 */

export const NEWLINE = 0x0a;
const SUM = /^,"sum":"([0-9a-f]{8})"\}$/;
const SUM_BYTES = ',"sum":"00000000"}'.length;

/** An entry as it is written. */
export interface Sealed {
  /** With its newline. */
  readonly line: string;
  readonly sum: number;
}

/** Makes the line of an entry that follows one with the sum `previous`. */
export const seal = (entry: object, previous: number): Sealed => {
  const body = JSON.stringify(entry).slice(0, -1);
  const sum = crc32(body, previous);
  return {line: `${body},"sum":"${sum.toString(16).padStart(8, '0')}"}\n`, sum};
};

/** What stands in a line, as far as can be told without knowing the line above. */
export interface Unsealed {
  readonly value: Readonly<Record<string, unknown>>;
  /** The sum that it says it has. */
  readonly sum: number;
}

const objectIn = (line: Buffer): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** Takes a line apart, without its newline. Undefined: it is none of ours. */
export const unseal = (line: Buffer): Unsealed | undefined => {
  const end = line.length - SUM_BYTES;
  const found = end <= 0 ? undefined : SUM.exec(line.toString('latin1', end))?.[1];
  const value = found === undefined ? undefined : objectIn(line);
  return found === undefined || value === undefined ? undefined : {value, sum: Number.parseInt(found, 16)};
};

/** Whether a line is what was written after one with the sum `previous`. */
export const follows = (line: Buffer, {sum}: Unsealed, previous: number): boolean =>
  crc32(line.subarray(0, line.length - SUM_BYTES), previous) === sum;
