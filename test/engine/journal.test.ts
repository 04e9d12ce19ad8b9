import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readJournal} from '../../engine/journal.ts';
import {JournalWriter} from '../../engine/journal-writer.ts';
import {rejects, rigTest, throws} from '../rig.ts';
import {RUN_STARTED} from '../run-started.ts';
import {remembered, valuesOf, write} from './journaling.ts';

const test = suite('journal');

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

test.run();
