import {execFileSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Entry, Stamped} from '../../engine/entries.ts';
import {readJournal} from '../../engine/journal.ts';
import {seal} from '../../engine/journal-line.ts';
import {JournalWriter} from '../../engine/journal-writer.ts';
import {rejects, rigTest, throws} from '../rig.ts';
import {RUN_STARTED} from '../run-started.ts';

const test = suite('journal');

const remembered = (value: string): Entry => ({type: 'remembered', step: 'a', name: 'n', value});

const valuesOf = (entries: readonly Stamped[]): unknown[] =>
  entries.map((entry) => (entry.type === 'remembered' ? entry.value : entry.type));

const write = async (file: string, values: readonly string[]): Promise<Buffer> => {
  const journal = JournalWriter.create(file);
  await journal.append(RUN_STARTED);
  for (const value of values) await journal.append(remembered(value));
  journal.close();
  return readFileSync(file);
};

test(
  'gives back what was appended, numbered',
  rigTest(async (rig) => {
    await write(join(rig.dir, 'j'), ['one', 'zwei ü 漢']);

    const {entries, tornBytes} = readJournal(join(rig.dir, 'j'));

    assert.equal(
      entries.map(({n, type}) => [n, type]),
      [
        [1, 'run-started'],
        [2, 'remembered'],
        [3, 'remembered'],
      ],
    );
    assert.is(tornBytes, 0);
  }),
);

test(
  'keeps the order of entries that are appended at once',
  rigTest(async (rig) => {
    const journal = JournalWriter.create(join(rig.dir, 'j'));

    const stamped = await Promise.all(
      [RUN_STARTED, ...Array.from({length: 50}, (_, i) => remembered(`${i}`))].map((entry) => journal.append(entry)),
    );
    journal.close();

    assert.equal(valuesOf(readJournal(join(rig.dir, 'j')).entries), valuesOf(stamped));
    assert.equal(
      stamped.map(({n}) => n),
      Array.from({length: 51}, (_, i) => i + 1),
    );
  }),
);

test(
  'does afterwards what is to follow: in order, and never where the entry before it could not be written',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const journal = JournalWriter.create(file);
    const done: string[] = [];
    const follow = (name: string): void => journal.afterwards(() => void done.push(`${name} ${existsSync(file)}`));

    follow('nothing before');
    const first = journal.append(RUN_STARTED).then(() => done.push('resolved'));
    follow('one');
    follow('two');
    await first;
    const refused = rejects(journal.append(remembered('late')), 'state-unwritable');
    follow('late');
    journal.close();
    await refused;

    assert.equal(done, ['nothing before false', 'one true', 'two true', 'resolved']);
  }),
);

test(
  'goes on where it ended',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    await write(file, ['one']);

    const journal = JournalWriter.open(file, readJournal(file));
    await journal.append(remembered('two'));
    journal.close();

    assert.equal(
      readJournal(file).entries.map(({n}) => n),
      [1, 2, 3],
    );
  }),
);

test(
  'drops a last entry that was cut at any byte, and goes on',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const bytes = await write(file, ['one', 'two']);
    const lines = bytes.toString().split('\n');
    const kept = Buffer.byteLength(`${lines[0]}\n${lines[1]}\n`);

    for (let cut = kept; cut < bytes.length; cut++) {
      writeFileSync(file, bytes.subarray(0, cut));
      const contents = readJournal(file);
      assert.is(contents.entries.length, 2, `cut at ${cut}`);
      assert.is(contents.tornBytes, cut - kept);
      const journal = JournalWriter.open(file, contents);
      await journal.append(remembered('three'));
      journal.close();
      assert.is(readJournal(file).entries.length, 3, `cut at ${cut}`);
    }
  }),
);

test(
  'is never empty: it has its name once its first entry is on disk',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const journal = JournalWriter.create(file);
    assert.is(existsSync(file), false);

    await journal.append(RUN_STARTED);

    assert.is(readJournal(file).entries.length, 1);
    assert.is(existsSync(`${file}.new`), false);
    journal.close();
  }),
);

test(
  'refuses one whose first entry was cut: it was there',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const bytes = await write(file, []);

    for (let cut = 0; cut < bytes.length; cut++) {
      writeFileSync(file, bytes.subarray(0, cut));
      throws(() => readJournal(file), 'journal-damaged');
    }
  }),
);

test(
  'drops a tail that a power loss has filled with zeros',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const bytes = await write(file, ['one']);

    writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(300)]));
    assert.is(readJournal(file).entries.length, 2);

    const half = await write(join(rig.dir, 'k'), ['one', 'x'.repeat(2000)]);
    half.fill(0, 512, 1024);
    writeFileSync(file, half);
    assert.is(readJournal(file).entries.length, 2, 'a block that never arrived');
  }),
);

test(
  'notices every flipped bit, and changes nothing',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const bytes = await write(file, ['one two', 'three @ four']);

    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        writeFileSync(file, flipped);
        throws(
          () => assert.unreachable(`byte ${at}, bit ${bit}: ${readJournal(file).entries.length} entries`),
          'journal-damaged',
        );
      }
    }
  }, 60_000),
);

test(
  'notices lines that are lost, swapped or repeated',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const [a, b, c, d] = (await write(file, ['one', 'two', 'three'])).toString().split('\n');

    for (const lines of [
      [a, c, d],
      [a, c, b, d],
      [a, b, b, c, d],
      [b, c, d],
    ]) {
      writeFileSync(file, `${lines.join('\n')}\n`);
      throws(() => readJournal(file), 'journal-damaged');
    }
  }),
);

test(
  'refuses a foreign file and leaves it as it is',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');

    for (const text of ['hello', 'hello\n', '{"n":1}\n', '\n', 'PNG\0\0', '{"n":2,']) {
      writeFileSync(file, text);
      throws(() => readJournal(file), 'journal-damaged');
      assert.is(readFileSync(file, 'utf8'), text);
    }
  }),
);

test(
  'refuses garbage behind the last entry: a crash leaves the beginning of an entry, nothing else',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const bytes = await write(file, ['one']);

    writeFileSync(file, Buffer.concat([bytes, Buffer.from('garbage')]));

    throws(() => readJournal(file), 'journal-damaged');
  }),
);

test(
  'refuses a journal of another version',
  rigTest(async (rig) => {
    const journal = JournalWriter.create(join(rig.dir, 'j'));
    await journal.append({...RUN_STARTED, journal: 3});
    await journal.append({type: 'of a later version'} as unknown as Entry);
    journal.close();

    throws(() => readJournal(join(rig.dir, 'j')), 'state-version');
  }),
);

test(
  'reads and goes on with a journal of version 1, which does not say what was written together',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const lines: string[] = [];
    let sum = 0;
    for (const [index, entry] of [{...RUN_STARTED, journal: 1}, remembered('one'), remembered('two')].entries()) {
      const sealed = seal({n: index + 1, at: new Date().toISOString(), ...entry}, sum);
      lines.push(sealed.line);
      sum = sealed.sum;
    }
    writeFileSync(file, lines.join(''));

    const journal = JournalWriter.open(file, readJournal(file));
    await Promise.all([journal.append(remembered('three')), journal.append(remembered('four'))]);
    journal.close();

    assert.equal(valuesOf(readJournal(file).entries), ['run-started', 'one', 'two', 'three', 'four']);
  }),
);

test(
  'names an entry of a kind that a newer program has written, and that program',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const journal = JournalWriter.create(file);
    await journal.append({...RUN_STARTED, program: '9.9'});
    await journal.append({type: 'step-paused', step: 'a'} as unknown as Entry);
    journal.close();

    const error = throws(() => readJournal(file), 'state-version');

    assert.match(error.message, 'entry 2');
    assert.match(error.problems[0].found ?? '', '9.9');
  }),
);

test(
  'takes an entry that lacks what it should have, or has it in another form, for damage',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const wrong: readonly object[] = [
      {type: 'step-started', step: 'a', attempt: 1},
      {type: 'step-started', step: 'a', attempt: 1, record: {}},
      {type: 'step-checkpointed', step: 'a', how: 'somehow', outputs: {}, durationMs: 1, evidence: []},
      {type: 'step-checkpointed', step: 'a', how: 'ran', outputs: [], durationMs: 1, evidence: 'none'},
      {type: 'step-failed', step: 'a', attempt: 1, problem: 'none'},
      {type: 'run-finished', outcome: 'well', durationMs: 1},
      {type: 'undo-finished'},
      {type: 7},
      {step: 'a'},
      {type: 'step-undone', step: 'a', at: 'yesterday'},
      {type: 'step-undone', step: 'a', group: 'none'},
      {type: 'step-undone', step: 'a', n: 7},
      RUN_STARTED,
    ];

    for (const entry of wrong) {
      writeFileSync(file, '');
      const first = seal({n: 1, at: new Date().toISOString(), ...RUN_STARTED}, 0);
      const second = seal({n: 2, at: new Date().toISOString(), ...entry}, first.sum);
      writeFileSync(file, first.line + second.line);
      throws(() => assert.unreachable(`${JSON.stringify(entry)} ${readJournal(file).tornBytes}`), 'journal-damaged');
    }
  }),
);

test(
  'passes over what a newer program adds to an entry',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'j');
    const journal = JournalWriter.create(file);
    await journal.append(RUN_STARTED);
    await journal.append({...remembered('one'), ...{mood: 'good'}});
    journal.close();

    assert.equal(valuesOf(readJournal(file).entries), ['run-started', 'one']);
  }),
);

test(
  'says that there is no journal',
  rigTest(async (rig) => {
    throws(() => readJournal(join(rig.dir, 'none')), 'no-such-run');
  }),
);

test(
  'never overwrites a journal that is there',
  rigTest(async (rig) => {
    const bytes = await write(join(rig.dir, 'j'), ['one']);

    throws(() => JournalWriter.create(join(rig.dir, 'j')), 'state-unwritable');

    assert.equal(readFileSync(join(rig.dir, 'j')), bytes);
  }),
);

test(
  'refuses to append once it is closed',
  rigTest(async (rig) => {
    const journal = JournalWriter.create(join(rig.dir, 'j'));
    await journal.append(RUN_STARTED);
    journal.close();

    await rejects(journal.append(remembered('late')), 'state-unwritable');

    assert.is(readJournal(join(rig.dir, 'j')).entries.length, 1);
  }),
);

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
