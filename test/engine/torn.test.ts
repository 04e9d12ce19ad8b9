import {mkdtempSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Entry, Stamped} from '../../engine/entries.ts';
import {type JournalContents, parseJournal} from '../../engine/journal.ts';
import {JournalWriter} from '../../engine/journal-writer.ts';
import {isSoak, SEED, seeded} from '../random.ts';
import {rigTest, throws} from '../rig.ts';
import {RUN_STARTED} from '../run-started.ts';

const test = suite('torn');

const BLOCK = 512;

/** A journal as it was written: what was confirmed after each group, in entries and in bytes. */
interface Written {
  readonly bytes: Buffer;
  readonly entries: readonly Stamped[];
  readonly confirmed: readonly {readonly entries: number; readonly bytes: number}[];
}

/** Writes groups of entries whose values have these lengths. */
const write = async (dir: string, groups: readonly (readonly number[])[]): Promise<Written> => {
  const file = join(mkdtempSync(join(dir, 'written-')), 'j');
  const journal = JournalWriter.create(file);
  const entries: Stamped[] = [await journal.append(RUN_STARTED)];
  const confirmed = [{entries: 1, bytes: readFileSync(file).length}];
  for (const group of groups) {
    const values = group.map(
      (length): Entry => ({type: 'remembered', step: 'a', name: 'n', value: 'ü '.repeat(length)}),
    );
    entries.push(...(await Promise.all(values.map((entry) => journal.append(entry)))));
    confirmed.push({entries: entries.length, bytes: readFileSync(file).length});
  }
  journal.close();
  return {bytes: readFileSync(file), entries, confirmed};
};

const parse = (bytes: Buffer): JournalContents => parseJournal('j', bytes);

/** What the disk may hold when the power fails while a group is written: cut, and without the blocks that never arrived. */
const tornImage = (written: Buffer, from: number, length: number, hasArrived: (block: number) => boolean): Buffer => {
  const image = Buffer.from(written.subarray(0, length));
  for (let block = Math.floor(from / BLOCK); block * BLOCK < length; block++)
    if (!hasArrived(block)) image.fill(0, Math.max(from, block * BLOCK), Math.min(length, (block + 1) * BLOCK));
  return image;
};

/** Nothing that was confirmed is lost, and nothing is made up. */
const looksTorn = (image: Buffer, {entries}: Written, confirmed: number, what: string): void => {
  let read: JournalContents;
  try {
    read = parse(image);
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`);
  }
  assert.ok(read.entries.length >= confirmed, `${what}: ${read.entries.length} of ${confirmed} confirmed`);
  const first = entries.slice(0, read.entries.length);
  assert.equal(
    JSON.stringify(read.entries.map(({sum: _, ...entry}: Stamped & {sum?: string}) => entry)),
    JSON.stringify(first),
    what,
  );
  assert.is(read.length + read.tornBytes, image.length, what);
};

const SHAPES: readonly (readonly (readonly number[])[])[] = [
  [[10], [400]],
  [[10], [200, 10, 10]],
  [[10], [10, 300], [150, 150, 150]],
  [
    [1, 1],
    [1, 1, 1, 1, 1, 1, 1, 1],
  ],
  [[100], [700, 5], [5, 700]],
];

test(
  'reads every group that lost any of its blocks as torn, and keeps what was confirmed before',
  rigTest(async (rig) => {
    for (const [index, groups] of SHAPES.entries()) {
      const written = await write(rig.dir, groups);
      for (let k = 1; k < written.confirmed.length; k++) {
        const from = written.confirmed[k - 1];
        const to = written.confirmed[k];
        assert.ok(from !== undefined && to !== undefined);
        const first = Math.floor(from.bytes / BLOCK);
        const blocks = Math.ceil(to.bytes / BLOCK) - first;
        for (let mask = 0; mask < 2 ** blocks - 1; mask++) {
          const image = tornImage(
            written.bytes,
            from.bytes,
            to.bytes,
            (block) => ((mask >> (block - first)) & 1) === 1,
          );
          looksTorn(image, written, from.entries, `journal ${index}, group ${k}, blocks ${mask.toString(2)}`);
        }
      }
    }
  }, 60_000),
);

test(
  'reads a group that was cut at any byte and lost blocks before as torn',
  rigTest(async (rig) => {
    const next = seeded(SEED);
    const written = await write(rig.dir, [[10], [300, 20, 250]]);
    const [from, to] = written.confirmed.slice(-2);
    assert.ok(from !== undefined && to !== undefined);

    for (let length = from.bytes; length < to.bytes; length++) {
      for (let go = 0; go < (isSoak ? 40 : 4); go++) {
        const lost = next();
        const image = tornImage(written.bytes, from.bytes, length, () => next() > lost);
        looksTorn(image, written, from.entries, `cut at ${length} of ${to.bytes}, seed ${SEED}`);
      }
    }
  }, 60_000),
);

test(
  'keeps the entries of a group that have arrived whole, and goes on behind them',
  rigTest(async (rig) => {
    const written = await write(rig.dir, [[5, 5, 5]]);
    const lines = written.bytes.toString().split('\n');
    const cut = parse(Buffer.from(`${lines.slice(0, 3).join('\n')}\n${lines[3]?.slice(0, 20)}`));

    assert.is(cut.entries.length, 3);
    assert.equal(cut.entries.at(-1)?.group, [2, 4]);
  }),
);

test(
  'notices a lost block of what was confirmed: a later group proves that it was there',
  rigTest(async (rig) => {
    for (const groups of SHAPES) {
      const {bytes, confirmed} = await write(rig.dir, [...groups, [1]]);
      const before = confirmed.at(-2)?.bytes ?? 0;
      for (let block = 0; (block + 1) * BLOCK <= before; block++) {
        const image = Buffer.from(bytes);
        image.fill(0, block * BLOCK, (block + 1) * BLOCK);
        throws(() => assert.unreachable(`block ${block}: ${parse(image).entries.length} entries`), 'journal-damaged');
      }
    }
  }),
);

test(
  'notices every flipped bit, in a group as well as alone, also in the last entry',
  rigTest(async (rig) => {
    const {bytes} = await write(rig.dir, [[5], [3, 4], [6]]);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        throws(() => assert.unreachable(`byte ${at}, bit ${bit}: ${parse(flipped).entries.length}`), 'journal-damaged');
      }
    }
  }, 60_000),
);

test(
  'notices a flipped bit anywhere in a journal of many blocks',
  rigTest(async (rig) => {
    const next = seeded(SEED + 1);
    const {bytes} = await write(rig.dir, [[300], [200, 10, 400], [900], [7, 600]]);
    for (let go = 0; go < (isSoak ? 200_000 : 3000); go++) {
      const at = Math.floor(next() * bytes.length);
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(next() * 8));
      throws(() => assert.unreachable(`byte ${at}: ${parse(flipped).entries.length}`), 'journal-damaged');
    }
  }, 300_000),
);

test(
  'takes what a crash does not leave for damage: a hole that is no block, other bytes, a line that ends',
  rigTest(async (rig) => {
    const {bytes} = await write(rig.dir, [[300]]);
    const hole = Buffer.from(bytes);
    hole.fill(0, bytes.length - 100, bytes.length - 90);
    const broken = Buffer.from(bytes);
    broken.write('#', bytes.length - 100);
    const noise = Buffer.concat([bytes, Buffer.from('{"n":4,"at":"x"}\n')]);

    for (const image of [hole, broken, noise]) throws(() => parse(image), 'journal-damaged');
  }),
);

test(
  'takes a lost block of the last entry for torn: nothing proves that it was confirmed',
  rigTest(async (rig) => {
    const written = await write(rig.dir, [[10], [600]]);
    const image = Buffer.from(written.bytes);
    const block = Math.ceil((written.confirmed.at(-2)?.bytes ?? 0) / BLOCK);
    image.fill(0, block * BLOCK, (block + 1) * BLOCK);

    looksTorn(image, written, 2, 'the last entry');
    assert.is(parse(image).entries.length, 2);
  }),
);

test.run();
