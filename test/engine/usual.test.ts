import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Entry} from '../../engine/entries.ts';
import {newRunId} from '../../engine/run-id.ts';
import {Store} from '../../engine/store.ts';
import {usualDurations} from '../../engine/usual.ts';
import {type Rig, rigTest} from '../rig.ts';
import {RUN_STARTED} from '../run-started.ts';

const test = suite('usual');

/** A finished run of one step that took so long. */
const past = async (rig: Rig, durationMs: number, more: readonly Entry[] = [], runbook = 'test'): Promise<string> => {
  const run = `${newRunId()}${rig.store.runs().length}`;
  const open = rig.store.create(runbook, run);
  await open.journal.append({...RUN_STARTED, journal: 1, run, runbook});
  await open.journal.append({
    ...{type: 'step-checkpointed', step: 'web', how: 'ran', outputs: {}, evidence: [], durationMs},
  });
  for (const entry of more) await open.journal.append(entry);
  open.journal.close();
  open.lock.release();
  return run;
};

const usualOf = (rig: Rig, runbook = 'test') => usualDurations(new Store(rig.stateDir), runbook, 'none').get('web');

test(
  'is the median of the runs of this runbook, and what almost all of them stayed below',
  rigTest(async (rig) => {
    for (const ms of [100, 900, 300, 200, 8000]) await past(rig, ms);
    await past(rig, 50_000, [], 'other');

    assert.equal(usualOf(rig), {medianMs: 300, slowMs: 8000});
    assert.is(usualOf(rig, 'third'), undefined);
  }),
);

test(
  'looks at the last twenty runs',
  rigTest(async (rig) => {
    await past(rig, 90_000);
    for (let n = 0; n < 20; n++) await past(rig, 100);

    assert.equal(usualOf(rig), {medianMs: 100, slowMs: 100});
  }),
);

test(
  'counts a step that was found true for nothing, and one that was undone for what it took',
  rigTest(async (rig) => {
    await past(rig, 700, [{type: 'step-undone', step: 'web'}]);
    await past(rig, 700, [
      {type: 'step-checkpointed', step: 'db', how: 'already-true', outputs: {}, evidence: [], durationMs: 1},
    ]);

    const usual = usualDurations(rig.store, 'test', 'none');

    assert.equal([...usual], [['web', {medianMs: 700, slowMs: 700}]]);
  }),
);

test(
  'goes by the journal where the file beside it is missing, changed or of an older state',
  rigTest(async (rig) => {
    const run = await past(rig, 400);
    const file = join(rig.store.folderOf(run), 'durations.jsonl');
    usualOf(rig);
    const whole = readFileSync(file, 'utf8');

    for (const text of [undefined, '', whole.replace('400', '500'), whole.replace('"version":1', '"version":9')]) {
      if (text === undefined) rmSync(file);
      else writeFileSync(file, text);
      assert.is(usualOf(rig)?.medianMs, 400);
      assert.is(readFileSync(file, 'utf8'), whole);
    }
    await rig.store.supersede(run, 'another');
    assert.is(usualOf(rig)?.medianMs, 400);
    assert.is.not(readFileSync(file, 'utf8'), whole);
  }),
);

test(
  'passes over a run whose journal is damaged',
  rigTest(async (rig) => {
    const run = await past(rig, 400);
    writeFileSync(rig.store.journalOf(run), 'nonsense\n');

    assert.is(usualOf(rig), undefined);
    assert.not.ok(existsSync(join(rig.store.folderOf(run), 'durations.jsonl')));
  }),
);

test(
  'is told with the steps of a run',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    await past(rig, 8000);

    const {events} = await rig.run();

    const began = events.find((event) => event.type === 'run-started');
    assert.is(began?.steps[0]?.usuallyMs, 8000);
    assert.is(web.runs, 1);
  }),
);

test.run();
