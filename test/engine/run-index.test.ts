import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Entry, Stamped} from '../../engine/entries.ts';
import {seal} from '../../engine/journal-line.ts';
import {RunIndex} from '../../engine/run-index.ts';
import {Store} from '../../engine/store.ts';
import {type Rig, rigTest, throws} from '../rig.ts';

const test = suite('run-index');

const indexOf = (rig: Rig): string => join(rig.stateDir, 'index.jsonl');

/** Another process that opens the index; `read` names the runs whose journals it had to read. */
const opened = (rig: Rig): {index: RunIndex; read: string[]} => {
  const read: string[] = [];
  const index = new RunIndex(indexOf(rig), rig.store.journalOf, (run) => {
    read.push(run);
    return rig.store.read(run);
  });
  return {index, read};
};

/** As if some time had passed since the index was written. */
const age = (rig: Rig): void => {
  const later = Date.now() / 1000 + 60;
  utimesSync(indexOf(rig), later, later);
};

const ranOnce = async (rig: Rig): Promise<string> => {
  rig.step('web');
  await rig.runbook('  - {id: web, uses: web}\n');
  const {run} = await rig.run();
  age(rig);
  return run;
};

test(
  'tells of a run what its journal says, without reading it',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);

    const {index, read} = opened(rig);
    const facts = index.facts(run);

    assert.equal(read, []);
    assert.equal([facts?.run, facts?.runbook, facts?.outcome], [run, 'test', 'done']);
    assert.equal(facts?.steps, {done: 1, failed: 0, total: 1});
  }),
);

test(
  'knows the facts of a run that was undone',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);
    await rig.undo();
    age(rig);

    const {index, read} = opened(rig);

    assert.is(index.facts(run)?.undone, true);
    assert.equal(read, []);
  }),
);

test(
  'reads a journal that was written since',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);
    await rig.store.supersede(run, 'another');
    age(rig);

    const {index, read} = opened(rig);

    assert.is(index.facts(run)?.supersededBy, 'another');
    assert.equal(read, [run]);
  }),
);

test(
  'notices a journal that was changed in place, keeping its size',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);
    const file = rig.store.journalOf(run);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"done"', '"doNe"'));
    age(rig);

    throws(() => opened(rig).index.facts(run), 'journal-damaged');
  }),
);

test(
  'notices a journal that another file has replaced, with its old time',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);
    const file = rig.store.journalOf(run);
    copyFileSync(file, `${file}-copy`);
    rmSync(file);
    copyFileSync(`${file}-copy`, file);
    age(rig);

    const {index, read} = opened(rig);

    assert.is(index.facts(run)?.outcome, 'done');
    assert.equal(read, [run]);
  }),
);

test(
  'trusts no entry whose journal may have changed in the moment when the index was written',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);
    utimesSync(indexOf(rig), 1, 1);

    const {index, read} = opened(rig);
    index.facts(run);

    assert.equal(read, [run]);
  }),
);

test(
  'is made again where it is missing, cut, changed, foreign or of another version',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);
    const whole = readFileSync(indexOf(rig), 'utf8');
    const texts = [
      '',
      whole.slice(0, -10),
      whole.replace('"done"', '"undone"'),
      whole.replace(/"version":\d+/, '"version":0'),
      'null\nnull\n',
      '[]',
      '\0'.repeat(100),
    ];

    for (const text of texts) {
      writeFileSync(indexOf(rig), text);
      age(rig);
      const {index, read} = opened(rig);
      assert.is(index.facts(run)?.outcome, 'done');
      assert.equal(read, [run], JSON.stringify(text));
      index.save([run]);
      age(rig);
      const after = opened(rig);
      after.index.facts(run);
      assert.equal(after.read, []);
    }
  }),
);

test(
  'goes without where it cannot be written',
  rigTest(async (rig) => {
    await ranOnce(rig);
    rmSync(indexOf(rig));
    mkdirSync(indexOf(rig));

    assert.ok((await rig.run()).ok);
    assert.is(rig.store.summaries().length, 2);
  }),
);

test(
  'keeps what two processes have learned, and forgets runs that are no more',
  rigTest(async (rig) => {
    const first = await ranOnce(rig);
    const second = (await rig.run()).run;
    rmSync(indexOf(rig));
    const [one, other] = [opened(rig), opened(rig)];

    one.index.facts(first);
    one.index.save([first, second]);
    age(rig);
    other.index.facts(second);
    other.index.save([first, second]);
    age(rig);

    const {index, read} = opened(rig);
    assert.equal([index.facts(first)?.outcome, index.facts(second)?.outcome], ['done', 'done']);
    assert.equal(read, []);
    index.learn(second, rig.store.read(second) ?? never());
    index.save([second]);
    assert.not.match(readFileSync(indexOf(rig), 'utf8'), first);
  }),
);

const never = (): never => {
  throw new Error('unreachable');
};

/** The journal of another run in which the same happened. */
const linesOf = (entries: readonly Stamped[], run: string): string => {
  let sum = 0;
  const lines = entries.map(({n, at, ...entry}) => {
    const {sum: _, ...written} = entry as Entry & {sum?: string};
    const sealed = seal({n, at, ...written, ...(written.type === 'run-started' ? {run} : {})}, sum);
    sum = sealed.sum;
    return sealed.line;
  });
  return lines.join('');
};

test(
  'starts a run beside a thousand others without reading their journals',
  rigTest(async (rig) => {
    const entries = rig.journal(await ranOnce(rig));
    for (let n = 0; n < 1000; n++) {
      const run = `20200101-000000-${String(n).padStart(5, '0')}`;
      mkdirSync(rig.store.folderOf(run));
      writeFileSync(rig.store.journalOf(run), linesOf(entries, run));
    }
    await rig.run();
    age(rig);

    const {index, read} = opened(rig);
    for (const one of rig.store.runs()) index.facts(one);

    assert.equal(read, []);
    assert.is(rig.store.runs().length, 1002);
  }),
);

test(
  'does not hide that a newer journal is damaged',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);
    appendFileSync(rig.store.journalOf(run), 'nonsense\n');
    age(rig);

    throws(() => rig.store.newest(() => true), 'journal-damaged');
    assert.ok(existsSync(indexOf(rig)));
  }),
);

test(
  'gives the steps of a run whose facts were just read as they are now, and to each who asks anew',
  rigTest(async (rig) => {
    const run = await ranOnce(rig);
    rmSync(indexOf(rig));
    const store = new Store(rig.stateDir);

    store.newest(() => true);
    const first = store.read(run);
    assert.equal([...(first?.steps.keys() ?? [])], ['web']);
    assert.is.not(store.read(run), first);

    rmSync(indexOf(rig), {force: true});
    const other = new Store(rig.stateDir);
    other.newest(() => true);
    await rig.resume({run, redo: ['web']});
    assert.is.not(other.read(run)?.lastAt, first?.lastAt);
  }),
);

test.run();
