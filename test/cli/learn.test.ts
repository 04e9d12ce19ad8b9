import {execFileSync} from 'node:child_process';
import {chmodSync, createWriteStream, type WriteStream} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Live, program} from '../cli-rig.ts';

const test = suite('learn');

const RUNBOOK = `name: hello
title: Say hello
about: A **first** runbook.
inputs:
  more: {type: boolean, default: false}
steps:
  - id: greet
    title: Write the greeting
    about: We put a greeting into \`out/a.txt\`.
    uses: file.write
    with: {path: out/a.txt, content: "hi\\n"}
  - id: look
    title: Look at it
    run: cat out/a.txt
    effect: reads
    expect: result.stdout == "hi\\n"
  - id: count
    title: Count
    run: echo counted >> acts
  - id: more
    title: More
    when: inputs.more
    run: echo more >> acts
  - id: name
    title: Make a name
    run: echo called >> acts; echo world
  - id: use
    title: Use it
    uses: file.write
    with: {path: out/name.txt, content: "\${{ steps.name.outputs.stdout }}"}
`;

interface Learner {
  readonly live: Live;
  type(line: string): void;
  /** Types a line once something was said. */
  answer(said: string, line: string): Promise<void>;
  leave(): void;
}

const learner = (rig: CliRig, ...options: string[]): Learner => {
  const fifo = join(rig.dir, `typed-${Math.random().toString(36).slice(2)}`);
  execFileSync('mkfifo', [fifo]);
  const line = `exec ${program.join(' ')} learn ./hello.yaml ${options.join(' ')} < ${fifo}`;
  const live = rig.start([], {command: ['sh', '-c', line]});
  const input: WriteStream = createWriteStream(fifo);
  const type = (text: string): void => void input.write(`${text}\n`);
  return {
    live,
    type,
    answer: async (said, text) => {
      await live.says(said);
      type(text);
    },
    leave: () => void input.end(),
  };
};

const byHand = async (rig: CliRig): Promise<void> => {
  await rig.write({'out/a.txt': 'hi\n'});
  chmodSync(join(rig.dir, 'out/a.txt'), 0o644);
};

test(
  'notices what was typed elsewhere, looks where nothing can be noticed, and gives later steps what they read',
  cliTest(async (rig) => {
    await rig.write({'hello.yaml': RUNBOOK, 'out/a.txt': 'old\n'});
    const {live, answer, leave} = learner(rig);
    await answer('1/6  Write the greeting', 'hint');
    await answer("printf '%s\\n' hi", 'why');
    await live.says('not yet');
    await byHand(rig);
    await live.says('its check holds now');
    await answer('2/6  Look at it', 'done');
    await live.says('result.stdout = "hi\\n"');
    await rig.write({acts: 'by hand\n'});
    await answer('3/6  Count', 'done');
    await answer('5/6  Make a name', '');
    await answer('6/6  Use it', 'solve');
    const ended = await live.ended;
    leave();
    assert.is(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, 'does not apply here');
    assert.is(
      await rig.read('acts'),
      'by hand\ncalled\n',
      'a step that nobody can look at is the learner’s, unless its output is read',
    );
    assert.is(await rig.read('out/name.txt'), 'world\n');

    const status = await rig.runbook(['status']);
    assert.is(status.code, 0, status.stdout);
    const undo = await rig.runbook(['undo', '--yes']);
    assert.is(undo.code, 0, undo.stderr);
    assert.is(await rig.read('out/a.txt'), 'old\n', 'what was there before the learner acted is back');
    assert.not.ok(rig.exists('out/name.txt'));
  }),
);

test(
  'keeps the place, and goes on there; what is true already is said to be',
  cliTest(async (rig) => {
    await rig.write({'hello.yaml': RUNBOOK});
    await byHand(rig);
    const first = learner(rig);
    await first.answer('already true', '');
    await first.answer('2/6  Look at it', 'back');
    await first.answer('you are at step 2', 'quit');
    const left = await first.live.ended;
    first.leave();
    assert.is(left.code, 0);
    assert.match(left.stderr, 'runbook learn ./hello.yaml');

    const second = learner(rig);
    await second.live.says('greet  still holds');
    await second.answer('2/6  Look at it', 'nonsense');
    await second.answer('none of these words', 'done');
    await second.answer('3/6  Count', 'solve');
    await second.live.says('5/6  Make a name');
    second.leave();
    assert.is((await second.live.ended).code, 0);
    const rest = await rig.runbook(['resume']);
    assert.is(rest.code, 0, rest.stderr);
    assert.is(await rig.read('acts'), 'counted\ncalled\n');
    const plan = await rig.runbook(['undo', '--plan', '--json']);
    const greet = JSON.parse(plan.stdout).steps.find(({step}: {step: string}) => step === 'greet');
    assert.is(greet.action, 'keep', 'what was true before stays');
  }),
);

test(
  'says what is not so yet when somebody says done too early',
  cliTest(async (rig) => {
    await rig.write({'hello.yaml': RUNBOOK});
    const {live, answer, type, leave} = learner(rig);
    await answer('1/6  Write the greeting', 'done');
    await live.says('no such file');
    await byHand(rig);
    await live.says('2/6  Look at it');
    await rig.write({'out/a.txt': 'ho\n'});
    type('done');
    await live.says('found     result.stdout = "ho\\n"');
    await byHand(rig);
    type('done');
    await answer('3/6  Count', 'q');
    const ended = await live.ended;
    leave();
    assert.is(ended.code, 0, ended.stderr);
  }),
);

test.run();
