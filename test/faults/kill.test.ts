import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';
import {isSoak, SEED, seeded} from '../random.ts';
import {canTrace} from '../tools.ts';
import {
  entriesIn,
  filesLeft,
  inPairs,
  type Kill,
  type KillCase,
  momentsOf,
  processesOf,
  trial,
  undoTrial,
  writesOf,
} from './killing.ts';

const test = suite('kill');

/** Everything that a runbook can do on one machine. Every act leaves a line in `acts`; `mkdir` fails where it was done. */
const RUNBOOK = `name: kill
title: Effects that can be counted
inputs:
  parts: {type: list, default: [a, b, c]}
  extra: {type: boolean, default: true}
steps:
  - id: part
    uses: file.write
    foreach: \${{ inputs.parts }}
    with: {path: "out/deep/\${{ item.key }}", content: "\${{ item.value }}"}
  - id: token
    run: cat out/deep/a
    effect: reads
    outputs:
      token: {value: "'canary-' + result.stdout", secret: true}
  - id: use
    uses: shell
    needs: [token]
    with:
      run: |
        echo use >> acts
        printf %s "$TOKEN" > out/token
      env: {TOKEN: "\${{ steps.token.outputs.token }}"}
    undo: {run: rm -f out/token}
  - id: pay
    run: |
      sleep 0.02
      echo pay >> acts
      sleep 0.02
    effect: once
    needs: [part]
  - id: data
    when: inputs.extra
    run: |
      echo data >> acts
      sleep 0.02
      mkdir out/data
      sleep 0.02
    needs: [use, pay]
    verify: [{run: test -d out/data, effect: reads}]
    undo: {run: rmdir out/data}
  - id: never
    when: "!inputs.extra"
    run: echo never >> acts
  - id: first
    run: |
      echo first >> acts
      touch out/first
    verify: [{run: test -f out/first, effect: reads}]
    check_first: true
    undo: {run: rm -f out/first}
  - id: child
    uses: runbook
    with: {runbook: ./child.yaml, inputs: {word: "\${{ steps.first.outputs.stdout }}built"}}
  - id: flaky
    run: |
      [ -e out/tried ] || { touch out/tried; exit 1; }
      echo flaky >> acts
    retry: {attempts: 2, delay: 10ms}
    undo: {run: rm -f out/tried}
  - id: daemon
    run: |
      echo daemon >> acts
      sleep 1000 >/dev/null 2>&1 &
      echo $! > out/pid
    verify: [{run: kill -0 "$(cat out/pid)", effect: reads}]
    undo: {run: "[ ! -e out/pid ] || { kill \\"$(cat out/pid)\\" || true; rm -f out/pid; }"}
  - id: seen
    run: cat out/told
    effect: reads
    expect: result.stdout == "built\\n"
  - {id: last_1, run: "true"}
  - {id: last_2, run: "true"}
  - {id: last_3, run: "true"}
  - {id: last_4, run: "true"}
  - {id: last_5, run: "true"}
  - id: tidy
    run: echo tidy >> acts
    always: true
`;

const CHILD = `name: child
title: A part that is a runbook
inputs:
  word: {type: string}
steps:
  - id: build
    run: |
      echo child.build >> acts
      echo \${{ inputs.word }} > out/build
      cat out/build
    undo: {run: rm -f out/build}
  - id: tell
    uses: file.write
    with: {path: out/told, content: "\${{ steps.build.outputs.stdout }}"}
`;

const EFFECTS = {
  'out/deep/a': 'a',
  'out/deep/b': 'b',
  'out/deep/c': 'c',
  'out/token': 'canary-a',
  'out/build': 'built\n',
  'out/told': 'built\n',
};

const runIn = (dir: string): string => {
  const [first] = entriesIn(dir);
  return first?.type === 'run-started' ? first.run : 'none';
};

const local: KillCase = {
  name: 'files and processes',
  files: {'kill.yaml': RUNBOOK, 'child.yaml': CHILD},
  once: ['pay'],
  async exists(rig) {
    for (const [file, text] of Object.entries(EFFECTS)) assert.is(await rig.read(file), text, file);
    assert.equal(processesOf(runIn(rig.dir)), ['daemon']);
  },
  left: async (rig) => [...filesLeft(rig.dir, local), ...processesOf(runIn(rig.dir))],
};

const traced = canTrace('kills at the boundaries of the journal') ? test : test.skip;

/** So many of them, other ones with another seed; all at length. */
const sample = <T>(all: readonly T[], count: number, next: () => number): readonly T[] => {
  if (isSoak) return all;
  const left = [...all];
  return Array.from(
    {length: Math.min(count, left.length)},
    () => left.splice(Math.floor(next() * left.length), 1)[0] as T,
  );
};

traced(
  'at the boundary of an entry, before and after it is durable, leaves a run that resumes, or is undone',
  async () => {
    let writes = 0;
    await cliTest(async (rig) => {
      await rig.write(local.files);
      writes = await writesOf(rig, local);
      await rig.runbook(['undo', '--yes']);
    })();
    const next = seeded(SEED);
    const all = Array.from({length: writes}, (_, index): Kill[] => [
      {at: 'write', n: index + 1},
      {at: 'sync', n: index + 1},
    ]).flat();
    assert.ok(writes > 20, 'so many parts has its journal');

    await inPairs(sample(all, 20, next).map((run) => () => trial(local, {run})));
    await inPairs(sample(all, 6, next).map((kill) => () => undoTrial(local, kill)));
  },
);

traced('at a boundary, in the resume and in the undo too, leaves what the next call finishes', async () => {
  const next = seeded(SEED + 1);
  const boundary = (most: number): Kill => ({
    at: next() < 0.5 ? 'write' : 'sync',
    n: 1 + Math.floor(next() * most),
  });
  const kills = Array.from({length: isSoak ? 100 : 4}, () => ({
    run: boundary(25),
    resumes: [boundary(12), boundary(12)],
    undo: boundary(20),
  }));

  await inPairs(kills.map((each) => () => trial(local, each)));
});

test('at any moment, alone or with its group, leaves a run that resumes, or is undone', async () => {
  const next = seeded(SEED + 2);
  const moment = await momentsOf(next);
  const count = Number(process.env.RUNBOOK_TEST_KILLS ?? (isSoak ? 300 : 6));

  await inPairs(
    Array.from({length: count}, () => {
      const kills = {run: moment(400), resumes: next() < 0.5 ? [moment(300)] : [], undo: moment(300)};
      return next() < 0.2 ? () => undoTrial(local, kills.run) : () => trial(local, kills);
    }),
  );
});

test.run();
