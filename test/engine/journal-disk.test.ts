import {execFileSync} from 'node:child_process';
import {chmodSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readJournal} from '../../engine/journal.ts';
import {JournalWriter} from '../../engine/journal-writer.ts';
import {rejects, rigTest, throws} from '../rig.ts';
import {RUN_STARTED} from '../run-started.ts';
import {remembered, write} from './journaling.ts';

const test = suite('journal: disk');

/** A file system of 64 KB: ENOSPC is real there. */
const onSmallDisk = async (dir: string, body: (disk: string) => Promise<void>): Promise<void> => {
  const disk = join(dir, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], {stdio: 'pipe'});
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    console.error('SKIPPED: the full disk needs root, to mount a small tmpfs');
    return;
  }
  try {
    await body(disk);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
};

test(
  'keeps what was durable when the disk is full',
  rigTest(async (rig) =>
    onSmallDisk(rig.dir, async (disk) => {
      const file = join(disk, 'j');
      const journal = JournalWriter.create(file);
      await journal.append(RUN_STARTED);
      let written = 1;
      const fill = async (): Promise<void> => {
        for (; ; written++) await journal.append(remembered('x'.repeat(1000)));
      };

      await rejects(fill(), 'state-unwritable');
      await rejects(journal.append(remembered('after')), 'state-unwritable');
      journal.close();

      const {entries, tornBytes} = readJournal(file);
      assert.is(entries.length, written);
      assert.is(tornBytes, 0);
    }),
  ),
);

test(
  'says that a folder or a file is read-only',
  rigTest(async (rig) =>
    onSmallDisk(rig.dir, async (disk) => {
      const file = join(disk, 'j');
      await write(file, ['one']);
      chmodSync(file, 0o400);
      execFileSync('mount', ['-o', 'remount,ro', disk]);

      throws(() => JournalWriter.create(join(disk, 'k')), 'state-unwritable');
      throws(() => JournalWriter.open(file, readJournal(file)), 'state-unwritable');
    }),
  ),
);

test.run();
