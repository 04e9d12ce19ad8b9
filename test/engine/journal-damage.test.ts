import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readJournal} from '../../engine/journal.ts';
import {seal} from '../../engine/journal-line.ts';
import {JournalWriter} from '../../engine/journal-writer.ts';
import {rigTest, throws} from '../rig.ts';
import {RUN_STARTED} from '../run-started.ts';
import {remembered, write} from './journaling.ts';

const test = suite('journal: damage');

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

test.run();
