import {NEWLINE, type Unsealed, unseal} from './journal-line.ts';

/*
 * A group of entries is written at once and then synced; the next group is written only after that. So whatever a power
 * loss tears belongs to one group, the last one, and nobody was told of it. What it leaves of a group is a beginning, cut
 * anywhere, in which blocks that never reached the disk are holes of NUL bytes. A line of a later group is proof that the
 * sync was completed: then the file was not torn but damaged. docs/journal.md says what can't be told apart.
 */

/** The unit in which disks write: a hole begins and ends where one does. */
const BLOCK_BYTES = 512;

/** Where the intact part of a journal ends. */
export interface IntactEnd {
  /** In bytes from the file's beginning. */
  readonly offset: number;
  /** How many entries there are. */
  readonly entries: number;
  /** First and last entry of the group that the last one belongs to. */
  readonly group: readonly [number, number];
}

/** A stretch of bytes between two holes. */
interface Stretch {
  readonly bytes: Buffer;
  /** It begins where a line does. */
  readonly startsLine: boolean;
}

/** The stretches of what follows the intact part; undefined when a hole is not where a lost block would leave one. */
const stretchesOf = (rest: Buffer, offset: number): Stretch[] | undefined => {
  const stretches: Stretch[] = [];
  const isBorder = (at: number): boolean => (offset + at) % BLOCK_BYTES === 0;
  let startsLine = true;
  for (let at = 0; at < rest.length; ) {
    const hole = rest.indexOf(0, at);
    const end = hole === -1 ? rest.length : hole;
    if (end > at) stretches.push({bytes: rest.subarray(at, end), startsLine});
    if (hole === -1) break;
    let after = hole;
    while (after < rest.length && rest[after] === 0) after++;
    const isBlocks = (hole === 0 || isBorder(hole)) && isBorder(after);
    if (!isBlocks && after < rest.length) return undefined;
    startsLine = false;
    at = after;
  }
  return stretches;
};

/** The whole lines of a stretch, and what stands behind them. The end of a line whose beginning is lost says nothing. */
const linesOf = ({bytes, startsLine}: Stretch): {readonly whole: Buffer[]; readonly begun: Buffer} => {
  const whole: Buffer[] = [];
  let at = startsLine ? 0 : bytes.indexOf(NEWLINE) + 1;
  if (!startsLine && at === 0) return {whole, begun: Buffer.alloc(0)};
  for (let newline = bytes.indexOf(NEWLINE, at); newline !== -1; newline = bytes.indexOf(NEWLINE, at)) {
    whole.push(bytes.subarray(at, newline));
    at = newline + 1;
  }
  return {whole, begun: bytes.subarray(at)};
};

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value);

const groupOf = ({value}: Unsealed): readonly [number, number] | undefined => {
  const {n, group} = value;
  if (!isNumber(n)) return undefined;
  if (group === undefined) return [n, n];
  return Array.isArray(group) && isNumber(group[0]) && isNumber(group[1]) ? [group[0], group[1]] : undefined;
};

/** Whether a line that was found behind a hole was written with what the hole has swallowed. */
const isOfGroup = (line: Buffer, {entries, group: open}: IntactEnd): boolean => {
  const unsealed = unseal(line);
  const group = unsealed === undefined ? undefined : groupOf(unsealed);
  if (unsealed === undefined || group === undefined) return false;
  const n = Number(unsealed.value.n);
  const isNext = group[0] === entries + 1;
  const isOpen = group[0] === open[0] && group[1] === open[1];
  return (isNext || isOpen) && n > entries && n <= group[1];
};

/** Whether bytes can be what was written first of an entry. A newline that was changed to something else is no cut. */
const canBeBegun = (begun: Buffer, begin: string): boolean => {
  return begin.startsWith(begun.toString('latin1', 0, begin.length)) && unseal(begun.subarray(0, -1)) === undefined;
};

/** Whether what follows the intact part of a journal can be what a crash has left of a group that was never confirmed. */
export const isTorn = (rest: Buffer, end: IntactEnd): boolean => {
  const stretches = stretchesOf(rest, end.offset);
  if (stretches === undefined) return false;
  if (rest.at(-1) === NEWLINE && !rest.includes(0)) return false;
  return stretches.every((stretch, index) => {
    const {whole, begun} = linesOf(stretch);
    const isFirst = index === 0 && stretch.startsLine;
    // the line that does not follow from the one above was not torn when it is there to its end
    if (isFirst && whole.length > 0) return false;
    const begin = isFirst ? `{"n":${end.entries + 1},"at":"` : '{"n":';
    return whole.every((line) => isOfGroup(line, end)) && canBeBegun(begun, begin);
  });
};
