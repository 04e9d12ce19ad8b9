import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Entry} from '../../engine/entries.ts';
import {readJournal} from '../../engine/journal.ts';
import {seal} from '../../engine/journal-line.ts';
import {JournalWriter} from '../../engine/journal-writer.ts';
import {rigTest, throws} from '../rig.ts';
import {RUN_STARTED} from '../run-started.ts';
import {remembered, valuesOf} from './journaling.ts';

const test = suite('journal: versions');

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

test.run();
