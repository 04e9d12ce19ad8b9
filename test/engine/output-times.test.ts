import {appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {OutputTimes, readTimes} from '../../engine/output-times.ts';
import {rigTest} from '../rig.ts';

const test = suite('output-times');

const all = (): boolean => true;

test(
  'keeps when each chunk was printed, and where an attempt begins',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'times');
    const times = new OutputTimes(file);
    times.note(0, all, '1', 1000);
    times.note(10, all, undefined, 1050);
    times.note(20, all, undefined, 1200);
    times.note(30, all, '2', 1210);
    times.close();

    assert.is(readFileSync(file, 'utf8'), '[0,1000,"1"]\n[20,1200]\n[30,1210,"2"]\n');
    assert.equal(readTimes(file), [
      {position: 0, at: 1000, label: '1'},
      {position: 20, at: 1200},
      {position: 30, at: 1210, label: '2'},
    ]);
    assert.is(statSync(file).mode & 0o777, 0o600);
  }),
);

test(
  'notices a clock that was put back',
  rigTest(async (rig) => {
    const times = new OutputTimes(join(rig.dir, 'times'));
    times.note(0, all, undefined, 5000);
    times.note(10, all, undefined, 4000);
    times.close();

    assert.equal(
      readTimes(join(rig.dir, 'times')).map(({at}) => at),
      [5000, 4000],
    );
  }),
);

test(
  'stays small however long a step prints: times become coarser, attempts stay',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'times');
    const times = new OutputTimes(file, 4000);
    for (let n = 0; n < 20_000; n++) times.note(n * 10, all, n % 5000 === 0 ? `${n / 5000}` : undefined, n * 200);
    times.close();

    assert.ok(statSync(file).size <= 4000);
    const read = readTimes(file);
    assert.equal(
      read.flatMap(({label}) => label ?? []),
      ['0', '1', '2', '3'],
    );
    assert.ok(read.length > 50);
    const gaps = read.map(({at}, index) => at - (read[index - 1]?.at ?? 0));
    assert.ok(Math.max(...gaps) < 20_000 * 200 * 0.1, `${Math.max(...gaps)}`);
  }),
);

test(
  'forgets the times of what is left out first',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'times');
    const times = new OutputTimes(file, 4000);
    for (let n = 0; n < 1000; n++) times.note(n, (position) => position > n - 20, undefined, n * 200);
    times.close();

    const read = readTimes(file);
    const last = read.slice(-10);
    assert.equal(
      last.map(({at}) => at),
      Array.from({length: 10}, (_, n) => (990 + n) * 200),
    );
  }),
);

test(
  'gives up quietly where there are too many attempts, or nothing can be written',
  rigTest(async (rig) => {
    const times = new OutputTimes(join(rig.dir, 'times'), 1000);
    for (let n = 0; n < 1000; n++) times.note(n, all, `${n}`, n);
    times.close();
    assert.ok(statSync(join(rig.dir, 'times')).size <= 1000);

    mkdirSync(join(rig.dir, 'folder'));
    new OutputTimes(join(rig.dir, 'folder')).note(0, all);
  }),
);

test(
  'reads past a line that a crash has cut, and past nonsense',
  rigTest(async (rig) => {
    const file = join(rig.dir, 'times');
    writeFileSync(file, '[0,1000]\nnull\n[1]\n["a",5]\n[5,2000]\n[3,9999]\n');
    appendFileSync(file, '[9,30');

    assert.equal(readTimes(file), [
      {position: 0, at: 1000},
      {position: 5, at: 2000},
    ]);
    assert.equal(readTimes(join(rig.dir, 'none')), []);
  }),
);

test.run();
