import {rename} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, shellRunbook} from '../cli-rig.ts';

const test = suite('status on the command line');

const CONF = `name: conf
title: Two files
steps:
  - {id: one, uses: file.write, with: {path: out/one, content: x}}
  - {id: two, title: The second, uses: file.write, with: {path: out/two, content: x}}
`;

const twoFiles = async (rig: CliRig): Promise<void> => {
  await rig.write({'conf.yaml': CONF});
  assert.is((await rig.runbook(['run', './conf.yaml'])).code, 0);
};

const move = (rig: CliRig, from: string, to: string): Promise<void> => rename(join(rig.dir, from), join(rig.dir, to));

test(
  'looks with what the journal knows when the file is gone, says so, and still knows drift',
  cliTest(async (rig) => {
    await twoFiles(rig);
    await move(rig, 'conf.yaml', 'elsewhere.yaml');

    const holds = await rig.runbook(['status']);
    await move(rig, 'out/two', 'out/lost');
    const drifted = await rig.runbook(['status']);

    assert.is(holds.code, 0, holds.stderr);
    assert.match(
      holds.stdout,
      "the runbook's file can't be used, so the journal says what to look at:\n    conf.yaml:1: ",
    );
    assert.match(holds.stdout, /= one {2}still holds\n {2}= two {2}still holds {2}The second/);
    assert.is(drifted.code, 4);
    assert.match(drifted.stdout, /✖ two {2}drifted/);
    assert.match(drifted.stdout, 'mend the file, then: runbook resume');
  }),
);

test(
  '--watch prints a line for each change, and Ctrl-C ends it with the exit code of the last look',
  cliTest(async (rig) => {
    await twoFiles(rig);

    const live = rig.start(['status', '--watch', '--every', '100ms']);
    await live.says('every 100 ms: 2 of 2 steps hold');
    await move(rig, 'out/two', 'out/lost');
    await live.says('drifted');
    await move(rig, 'out/lost', 'out/two');
    await live.says('holds again, after');
    live.signal('SIGINT');
    const back = await live.ended;
    await move(rig, 'out/one', 'out/lost');
    const other = rig.start(['status', '--watch', '--every', '100ms']);
    await other.says('1 of 2 steps hold, 1 drifted');
    other.signal('SIGINT');
    const gone = await other.ended;

    assert.is(back.code, 0);
    assert.is(back.stderr, '');
    const lines = back.stdout.trimEnd().split('\n');
    assert.is(lines.length, 3, back.stdout);
    for (const line of lines) assert.match(line, /^\d\d:\d\d:\d\d /);
    assert.is(gone.code, 4);
  }),
);

test(
  '--watch --json is one document a line for each look, and another signal is no success',
  cliTest(async (rig) => {
    await twoFiles(rig);

    const live = rig.start(['status', '--watch', '--every', '100ms', '--json']);
    await live.says('}\n{');
    live.signal('SIGTERM');
    const {code, stdout} = await live.ended;

    assert.is(code, 143);
    const looks = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as {drifted: boolean; lookedAt: string});
    assert.ok(looks.length >= 2);
    assert.ok(looks.every(({drifted}) => !drifted));
    assert.is.not(looks[0]?.lookedAt, looks[1]?.lookedAt);
  }),
);

test(
  '--watch follows a run that goes on in another process',
  cliTest(async (rig) => {
    await rig.write({
      'slow.yaml': shellRunbook('slow', {a: 'touch started; until test -e go; do sleep 0.05; done', b: 'true'}),
    });
    const run = rig.start(['run', './slow.yaml']);
    await run.says('start');
    const live = rig.start(['status', '--watch', '--every', '100ms']);
    await live.says('0 of 2 steps hold');
    await rig.write({go: ''});
    await live.says('done, no check');
    await run.ended;
    live.signal('SIGINT');

    assert.is((await live.ended).code, 0);
  }),
);

test(
  'refuses a time that is none',
  cliTest(async (rig) => {
    await twoFiles(rig);

    for (const args of [
      ['--every', '5s'],
      ['--watch', '--every', '5'],
      ['--watch', '--every', '1ms'],
    ]) {
      const {code, stderr} = await rig.runbook(['status', ...args]);
      assert.is(code, 2, args.join(' '));
      assert.match(stderr, /--every.*\n {2}next {6}\S/);
    }
  }),
);

test.run();
