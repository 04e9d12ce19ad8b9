import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Stamped} from '../../engine/entries.ts';
import {parseJournal} from '../../engine/journal.ts';
import {type CliRig, cliTest} from '../cli-rig.ts';

const test = suite('kill');

/** Every effect is a file, and every act leaves a line in `acts`. `mkdir` fails where it was done already. */
const RUNBOOK = `name: kill
title: Effects that can be counted
steps:
  - id: config
    uses: file.write
    with: {path: out/config, content: "a = 1\\n"}
  - id: data
    run: |
      echo data >> acts
      sleep 0.02
      mkdir data
      sleep 0.02
    verify: [{run: test -d data, effect: reads}]
    undo: {run: rmdir data}
  - id: part
    uses: file.write
    foreach: [a, b, c]
    needs: [data]
    with: {path: "out/\${{ item.key }}", content: "\${{ item.value }}"}
  - id: pay
    run: |
      sleep 0.02
      echo pay >> acts
      sleep 0.02
    effect: once
    needs: [data]
  - id: build
    run: |
      echo build >> acts
      echo built > out/build
      echo built
    needs: [part, pay]
    undo: {run: rm -f out/build}
  - id: report
    uses: file.write
    with: {path: out/report, content: "\${{ steps.build.outputs.stdout }}"}
  - id: seen
    run: cat out/report
    effect: reads
    expect: result.stdout == "built\\n"
`;

const EFFECTS = {
  'out/config': 'a = 1\n',
  'out/a': 'a',
  'out/b': 'b',
  'out/c': 'c',
  'out/build': 'built\n',
  'out/report': 'built\n',
};

const journalIn = (dir: string): string | undefined => {
  const runs = join(dir, '.runbook/runs');
  const [run] = existsSync(runs) ? readdirSync(runs) : [];
  const file = join(runs, run ?? '', 'journal.jsonl');
  return run !== undefined && existsSync(file) ? file : undefined;
};

/** What a reader of the file sees at this moment, also while it is written. */
const entriesIn = (dir: string): readonly Stamped[] => {
  const file = journalIn(dir);
  return file === undefined ? [] : parseJournal(file, readFileSync(file)).entries;
};

/** What an undo has left behind. */
const leftIn = (dir: string): readonly string[] =>
  readdirSync(dir, {recursive: true, encoding: 'utf8'}).filter((name) => /^(out|data)/.test(name));

const actsIn = (dir: string, step: string): number => {
  const file = join(dir, 'acts');
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line === step).length
    : 0;
};

/** Goes on until the run is done; answers for the step that must not be repeated as a person would who looked. */
const resumed = async (rig: CliRig): Promise<void> => {
  const first = await rig.runbook(['resume']);
  if (first.code === 0) return;
  assert.is(first.code, 1, first.stderr);
  assert.match(first.stderr, /--redo pay/);
  assert.match(first.stderr, /--accept pay/);
  const answer = actsIn(rig.dir, 'pay') > 0 ? ['--accept', 'pay', '--reason', 'seen'] : ['--redo', 'pay'];
  const second = await rig.runbook(['resume', ...answer]);
  assert.is(second.code, 0, second.stderr);
};

/** Starts a run, kills it when told to, resumes it, looks at the effects, and takes all back. */
const trial = (name: string, moment: (rig: CliRig, ended: () => boolean) => Promise<void>) =>
  cliTest(async (rig) => {
    await rig.write({'kill.yaml': RUNBOOK});
    const live = rig.start(['run', './kill.yaml']);
    let hasEnded = false;
    void live.ended.then(() => (hasEnded = true));
    await moment(rig, () => hasEnded);
    live.signal('SIGKILL');
    await live.ended;

    const before = entriesIn(rig.dir);
    if (before.length === 0) return;
    const finished = before.at(-1)?.type === 'run-finished';
    const done = before.flatMap((entry) => (entry.type === 'step-checkpointed' ? [entry.step] : []));
    const acted = Object.fromEntries(done.map((step) => [step, actsIn(rig.dir, step)]));
    if (!finished) await resumed(rig);

    const status = await rig.runbook(['status']);
    assert.is(status.code, 0, `${name}: ${status.stdout}${status.stderr}`);
    for (const [file, text] of Object.entries(EFFECTS)) assert.is(await rig.read(file), text, `${name}: ${file}`);
    for (const step of done)
      assert.is(actsIn(rig.dir, step), acted[step], `${name}: ${step} was checkpointed, and acted again`);
    assert.is(actsIn(rig.dir, 'pay'), 1, `${name}: what must not be repeated`);
    assert.ok(actsIn(rig.dir, 'build') <= 2, name);

    const undo = await rig.runbook(['undo', '--yes']);
    assert.is(undo.code, 0, `${name}: ${undo.stderr}`);
    assert.equal(leftIn(rig.dir), [], name);
  })();

// a linear congruential generator: the moments are the same in each run of the tests
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
};

const SEED = Number(process.env.RUNBOOK_TEST_SEED ?? 20261123);
const RANDOM_KILLS = Number(process.env.RUNBOOK_TEST_KILLS ?? 12);

/** Two at a time: the tests run on two cores. */
const inPairs = async (trials: readonly (() => Promise<void>)[]): Promise<void> => {
  const queue = [...trials];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await one();
  };
  await Promise.all([worker(), worker()]);
};

test('at the boundary of every entry leaves a run that resumes to the same effects', async () => {
  // 2 entries a step that acts, 1 for one that looks, 2 for each remembered value, the first and the last
  const entries = Array.from({length: 26}, (_, index) => index + 1);
  await inPairs(
    entries.map(
      (n) => () =>
        trial(`killed at entry ${n}`, async (rig, ended) => {
          while (entriesIn(rig.dir).length < n && !ended()) await sleep(1);
        }),
    ),
  );
});

test('at any moment leaves a run that resumes to the same effects', async () => {
  const next = random(SEED);
  const moments = Array.from({length: RANDOM_KILLS}, () => Math.round(next() * 450));
  await inPairs(
    moments.map(
      (ms) => () =>
        trial(`killed after ${ms} ms (seed ${SEED})`, async (rig, ended) => {
          while (journalIn(rig.dir) === undefined && !ended()) await sleep(1);
          await sleep(ms);
        }),
    ),
  );
});

test('during a resume and during an undo leaves what the next one finishes', async () => {
  const next = random(SEED + 1);
  await inPairs(
    Array.from(
      {length: 4},
      () => () =>
        cliTest(async (rig) => {
          await rig.write({'kill.yaml': RUNBOOK});
          await rig.runbook(['run', './kill.yaml', '--until', 'config']);
          const killed = async (args: readonly string[]): Promise<void> => {
            const before = entriesIn(rig.dir).length;
            const live = rig.start(args);
            const target = before + 1 + Math.floor(next() * 12);
            let hasEnded = false;
            void live.ended.then(() => (hasEnded = true));
            while (entriesIn(rig.dir).length < target && !hasEnded) await sleep(1);
            live.signal('SIGKILL');
            await live.ended;
          };

          await killed(['resume']);
          if (entriesIn(rig.dir).at(-1)?.type !== 'run-finished') await resumed(rig);
          await killed(['undo', '--yes']);
          const run = readdirSync(join(rig.dir, '.runbook/runs'))[0] ?? '';
          const undo = await rig.runbook(['undo', run, '--yes']);

          assert.is(undo.code, 0, undo.stderr);
          assert.equal(leftIn(rig.dir), []);
        })(),
    ),
  );
});

test.run();
