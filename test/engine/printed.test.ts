import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Printed, PrintedReader} from '../../engine/printed.ts';
import {StepLog} from '../../engine/step-log.ts';
import {type Rig, rigTest} from '../rig.ts';

const test = suite('printed');

const MB = 1_000_000;

const allOf = (reader: PrintedReader): Printed[] => {
  const found: Printed[] = [];
  for (let lines = reader.read(); lines !== undefined; lines = reader.read()) found.push(...lines);
  return [...found, ...reader.rest()];
};

const textOf = (printed: readonly Printed[]): string[] =>
  printed.map((one) => {
    if (one.kind === 'line') return one.text;
    return one.kind === 'begin' ? `-- ${one.label}` : `[${one.bytes}]`;
  });

/** A log with the times that the test wants. */
const written = (rig: Rig, text: string, times: string): void => {
  mkdirSync(join(rig.dir, 'steps'), {recursive: true});
  writeFileSync(join(rig.dir, 'steps', 'web.log'), text);
  writeFileSync(join(rig.dir, 'steps', 'web.times'), times);
};

test(
  'gives lines with the time at which each was begun',
  rigTest(async (rig) => {
    written(rig, 'one\ntwo\nthree', '[0,1000]\n[6,2000]\n[8,3000]\n');

    assert.equal(allOf(new PrintedReader(rig.dir, 'web')), [
      {kind: 'line', text: 'one', at: 1000},
      {kind: 'line', text: 'two', at: 1000},
      {kind: 'line', text: 'three', at: 3000},
    ]);
  }),
);

test(
  'separates attempts, also where one has not ended its line',
  rigTest(async (rig) => {
    const log = new StepLog(rig.dir, 'web');
    log.begin('1');
    log.write('a\nhalf');
    log.begin('2');
    log.write('b\n');
    log.close();
    const undo = new StepLog(rig.dir, 'web');
    undo.begin('undo');
    undo.write('gone\n');
    undo.close();

    assert.equal(textOf(allOf(new PrintedReader(rig.dir, 'web'))), [
      '-- 1',
      'a',
      'half',
      '-- 2',
      'b',
      '-- undo',
      'gone',
    ]);
  }),
);

test(
  'gives a log without times as it is',
  rigTest(async (rig) => {
    written(rig, 'one\n\ntwo\n', '');
    rmSync(join(rig.dir, 'steps', 'web.times'));

    assert.equal(allOf(new PrintedReader(rig.dir, 'web')), [
      {kind: 'line', text: 'one'},
      {kind: 'line', text: ''},
      {kind: 'line', text: 'two'},
    ]);
    assert.equal(allOf(new PrintedReader(rig.dir, 'other')), []);
  }),
);

test(
  'says what is left out, and goes on with the lines after it',
  rigTest(async (rig) => {
    const log = new StepLog(rig.dir, 'web');
    const line = `${'x'.repeat(99)}\n`;
    for (let bytes = 0; bytes < 40 * MB; bytes += 1000 * line.length) log.write(line.repeat(1000));
    log.write('end\n');
    log.close();

    const printed = allOf(new PrintedReader(rig.dir, 'web'));

    assert.equal(
      printed.filter(({kind}) => kind === 'left-out'),
      [{kind: 'left-out', bytes: 30 * MB + 4}],
    );
    assert.is(printed.filter(({kind}) => kind === 'line').length, 100_001);
    assert.is(textOf(printed).at(-1), 'end');
  }),
);

test(
  'reads on while it is written, over all its segments, losing nothing',
  rigTest(async (rig) => {
    const log = new StepLog(rig.dir, 'web');
    const reader = new PrintedReader(rig.dir, 'web');
    const read: string[] = [];
    const line = (n: number): string => `${n} ${'.'.repeat(90)}`;
    for (let n = 0; n < 150_000; n += 500) {
      log.write(Array.from({length: 500}, (_, i) => `${line(n + i)}\n`).join(''));
      for (let lines = reader.read(); lines !== undefined; lines = reader.read()) read.push(...textOf(lines));
    }
    log.close();

    assert.is(read.length, 150_000);
    assert.ok(read.every((text, n) => text === line(n)));
  }),
);

test(
  'goes on where it can when the writer was faster',
  rigTest(async (rig) => {
    const log = new StepLog(rig.dir, 'web');
    const reader = new PrintedReader(rig.dir, 'web');
    const text = `${'y'.repeat(999)}\n`.repeat(1000);
    for (let n = 0; n < 3; n++) log.write(text);
    while (reader.read() !== undefined);
    for (let n = 0; n < 40; n++) log.write(text);
    log.close();

    const printed = allOf(reader);

    const leftOut = printed.find((one) => one.kind === 'left-out');
    assert.ok(leftOut !== undefined && leftOut.bytes > 20 * MB, JSON.stringify(leftOut));
    assert.ok(printed.length > 9000);
  }),
);

test(
  'reads up to a position or a time, and from there on later',
  rigTest(async (rig) => {
    written(rig, 'one\ntwo\nthree\n', '[0,1000]\n[4,2000]\n[8,3000]\n');
    const reader = new PrintedReader(rig.dir, 'web');

    assert.equal(textOf(reader.read(undefined, 1999) ?? []), ['one']);
    assert.is(reader.read(undefined, 1999), undefined);
    assert.equal(textOf(reader.read(8) ?? []), ['two']);
    assert.is(reader.read(8), undefined);
    assert.equal(textOf(reader.read() ?? []), ['three']);
    assert.is(reader.end(), 14);
  }),
);

test(
  'cuts a line without end into several, and no character',
  rigTest(async (rig) => {
    const text = 'ü'.repeat(100_000);
    written(rig, text, '');

    const lines = textOf(allOf(new PrintedReader(rig.dir, 'web')));

    assert.ok(lines.length > 5);
    assert.is(lines.join(''), text);
  }),
);

test.run();
