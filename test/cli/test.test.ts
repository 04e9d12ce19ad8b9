import {readdirSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended} from '../cli-rig.ts';

const test = suite('runbook test');

const LIMIT_MS = 240_000;

const RUNBOOK = `name: small
title: Three kinds of steps
inputs:
  word: {type: string, default: x}
  password: {type: string, secret: true}
steps:
  - id: file
    uses: file.write
    with: {path: out/file, content: "\${{ inputs.word }}"}
  - id: pay
    uses: shell
    with:
      run: 'sleep 0.3; test "$PASSWORD" = canary-secret; touch paid'
      env: {PASSWORD: "\${{ inputs.password }}"}
    effect: once
    undo: {run: rm -f paid}
  - id: note
    run: echo note >> notes
    undo: {run: rm -f notes}
  - id: seen
    run: cat runbooks/out/file
    effect: reads
    expect: result.stdout == inputs.word
`;

const secret = {RUNBOOK_INPUT_PASSWORD: 'canary-secret'};

const call = async (rig: CliRig, args: readonly string[]): Promise<Ended> => {
  await rig.write({'runbooks/small.yaml': RUNBOOK});
  return await rig.runbook(['test', 'small', ...args], {env: {...secret, TMPDIR: rig.dir}});
};

interface Report {
  readonly isGood: boolean;
  readonly trials: readonly {
    readonly step: string;
    readonly moment: string;
    readonly killed: boolean;
    readonly resumed: boolean;
    readonly asked: readonly {step: string; answer: string}[];
    readonly how?: string;
    readonly acted: boolean;
    readonly holds: boolean;
    readonly remains?: {readonly files: readonly string[]};
    readonly problems: readonly string[];
  }[];
}

test(
  'kills a run before, during and after each step, resumes it and takes it back',
  cliTest(async (rig) => {
    const ended = await call(rig, ['--yes', '--json', '--set', 'word=hello']);

    assert.is(ended.code, 0, ended.stderr + ended.stdout);
    const {trials, isGood} = JSON.parse(ended.stdout) as Report;
    assert.ok(isGood);
    assert.equal(
      trials.map(({step, moment}) => `${step} ${moment}`),
      ['file', 'pay', 'note', 'seen'].flatMap((step) => [`${step} before`, `${step} during`, `${step} after`]),
    );
    assert.ok(trials.every(({killed, resumed, holds}) => killed && resumed && holds));
    const [, , fileAfter, payBefore, , payAfter, , , noteAfter] = trials;
    assert.equal([fileAfter?.how, fileAfter?.acted], ['adopted', false]);
    assert.equal(payBefore?.asked, [{step: 'pay', answer: 'redo'}]);
    assert.equal([payAfter?.asked, payAfter?.how], [[{step: 'pay', answer: 'accept'}], 'accepted']);
    assert.equal([noteAfter?.how, noteAfter?.acted], ['ran', true]);
    assert.ok(trials.every(({remains}) => remains?.files.length === 0));
    assert.not.match(ended.stdout + ended.stderr, 'canary-secret');
    assert.equal(readdirSync(rig.dir).toSorted(), ['runbooks'], 'nothing is left, of its sandboxes neither');
  }, LIMIT_MS),
);

test(
  'tells an author what acts twice, in words',
  cliTest(async (rig) => {
    const {code, stderr} = await call(rig, ['--yes', '--kill-at', 'note', '--kill-at', 'file:after']);

    assert.is(code, 0, stderr);
    assert.match(stderr, /4 kills: 2 steps/);
    assert.match(stderr, /✔ file {2}after {3}resumed: adopted; undone/);
    assert.match(stderr, /✔ note {2}before {2}resumed: done; undone/);
    assert.match(stderr, /! note {2}after {3}resumed: done again, so it has acted twice; undone/);
    assert.match(stderr, /✔ 4 of 4 kills resumed as they should/);
    assert.match(stderr, /these acted twice: note/);
  }, LIMIT_MS),
);

/** Kills a runbook after its last step, which does this, and is undone so. */
const endsBadly = async (rig: CliRig, act: string, undo: string): Promise<Ended> => {
  await rig.write({
    'bad.yaml': `
name: bad
title: What an author would want to mend
steps:
  - id: made
    run: touch made-by-it
    verify: [{run: test -e made-by-it, effect: reads}]
    undo: {run: rm -f made-by-it}
  - id: ends
    run: ${act}
    undo: {run: ${undo}}
`,
  });
  return rig.runbook(['test', './bad.yaml', '--yes', '--kill-at', 'ends:after'], {env: {TMPDIR: rig.dir}});
};

test(
  'fails where a resume does not complete, an undo leaves something, or a finished step acts again',
  cliTest(async (rig) => {
    const {code, stderr} = await endsBadly(rig, 'rm made-by-it', 'exit 3');

    assert.is(code, 1, stderr);
    assert.match(stderr, 'without any kill: step "ends" can\'t be undone');
  }, LIMIT_MS),
);

test(
  'says which finished step acted again, and keeps the sandbox to look at',
  cliTest(async (rig) => {
    const {code, stderr} = await endsBadly(rig, 'rm made-by-it; sleep 0.2', "'true'");

    assert.is(code, 1, stderr);
    assert.match(stderr, '"made" was finished, and acted again: drifted');
    assert.match(stderr, /see: .*runbook-test-/);
  }, LIMIT_MS),
);

test(
  'refuses where nobody can be asked, and what makes no sense',
  cliTest(async (rig) => {
    const alone = await call(rig, []);
    assert.is(alone.code, 1);
    assert.match(alone.stderr, 'the steps act for real, and nobody can be asked [no-terminal]');
    assert.match(alone.stderr, 'answer with --yes');

    const unknown = await call(rig, ['--yes', '--kill-at', 'fil']);
    assert.is(unknown.code, 2);
    assert.match(unknown.stderr, 'the run came to no step "fil"');
    assert.match(unknown.stderr, 'did you mean "file"?');

    const keep = await call(rig, ['--yes', '--keep']);
    assert.is(keep.code, 2);
    assert.match(keep.stderr, '--keep is for one kill');
    assert.equal(readdirSync(rig.dir).toSorted(), ['runbooks']);
  }, LIMIT_MS),
);

test(
  'keeps what it made when it is told to, with the sandbox',
  cliTest(async (rig) => {
    const {code, stdout, stderr} = await call(rig, ['--yes', '--json', '--keep', '--kill-at', 'note:during']);

    assert.is(code, 0, stderr);
    const {trials} = JSON.parse(stdout) as {trials: readonly {readonly sandbox?: string}[]};
    const sandbox = trials[0]?.sandbox ?? '';
    assert.ok(sandbox.startsWith(rig.dir));
    const status = await rig.runbook(['--state-dir', `${sandbox}/state`, 'status'], {env: secret});
    assert.is(status.code, 0, status.stdout + status.stderr);
  }, LIMIT_MS),
);

test(
  'does not tell what steps start that it kills',
  cliTest(async (rig) => {
    await rig.write({
      'env.yaml': 'name: env\ntitle: Its environment\nsteps:\n  - {id: a, run: "! env | grep -i rehears"}\n',
    });

    const {code, stderr} = await rig.runbook(['test', './env.yaml', '--yes', '--kill-at', 'a:before'], {
      env: {TMPDIR: tmpdir()},
    });

    assert.is(code, 0, stderr);
  }, LIMIT_MS),
);

test.run();
