import {spawnSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, program, shellRunbook} from '../cli-rig.ts';

const test = suite('run and resume');

test(
  'resumes after the failed step, without doing the finished one again',
  cliTest(async (rig) => {
    await rig.write({
      'runbooks/web.yaml': shellRunbook('web', {a: 'echo a >> ran', b: 'test -e fixed', c: 'echo c >> ran'}),
    });
    const failed = await rig.runbook(['run', 'web']);
    assert.is(failed.code, 1, failed.stderr);
    await rig.write({fixed: ''});

    const {code, stderr} = await rig.runbook(['resume']);

    assert.is(code, 0, stderr);
    assert.is(await rig.read('ran'), 'a\nc\n');
    assert.match(stderr, 'resuming web');
  }),
);

test(
  'stops after --until, successfully, and resume does the rest',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'touch a', b: 'touch b'})});

    const first = await rig.runbook(['run', 'web', '--until', 'a']);

    assert.is(first.code, 0, first.stderr);
    assert.match(first.stderr, /go on with: runbook resume/);
    assert.not.ok(rig.exists('b'));
    assert.is((await rig.runbook(['resume'])).code, 0);
    assert.ok(rig.exists('b'));
  }),
);

test(
  '--json is one event a line on stdout, and nothing else',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'printf "1\\n2\\n"', b: 'exit 3'})});

    const {code, stdout, stderr} = await rig.runbook(['run', 'web', '--json']);

    assert.is(code, 1);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as {type: string});
    assert.is(events[0]?.type, 'run-started');
    assert.is(events.at(-1)?.type, 'run-finished');
    assert.ok(events.some(({type}) => type === 'step-failed'));
    assert.match(stderr, '✖ runbooks/web.yaml');
  }),
);

test(
  'a second Ctrl-C kills what does not want to end, leaves what finished steps have started, and can be resumed',
  cliTest(async (rig) => {
    const daemon = 'sleep 300 >/dev/null 2>&1 & echo $! > daemon.pid';
    const deaf = 'trap "" INT TERM; echo $$ > deaf.pid; echo begun; sleep 50 & wait; sleep 50';
    await rig.write({'runbooks/deaf.yaml': shellRunbook('deaf', {a: daemon, b: deaf})});
    const live = rig.start(['run', 'deaf']);
    await live.says('| begun');
    live.signal('SIGINT');
    await live.says('interrupted (SIGINT)');

    live.signal('SIGINT');

    const {code, stderr} = await live.ended;
    assert.is(code, 130, stderr);
    assert.not.ok(await runs(rig, 'deaf.pid'));
    assert.ok(await runs(rig, 'daemon.pid'));
    process.kill(Number(await rig.read('daemon.pid')));
    assert.is((await rig.runbook(['resume', '--plan'])).code, 0);
  }),
);

/** Whether the process runs whose id stands in a file. */
const runs = async (rig: CliRig, file: string): Promise<boolean> => {
  try {
    return process.kill(Number(await rig.read(file)), 0);
  } catch {
    return false;
  }
};

test(
  'a reader that goes away ends a listing quietly, and stops a run so that it can be resumed',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'echo a', b: 'sleep 3; echo b', c: 'touch third'})});
    const sh = (line: string) => rig.start([], {command: ['sh', '-c', line]}).ended;
    const call = (args: string) => `"${process.execPath}" "${program[1]}" ${args}`;

    const listed = await sh(`${call('schema')} | head -c 10; echo`);
    assert.is(listed.stderr, '');

    const ran = await sh(`{ ${call('run web --json')}; echo "exit $?" >&2; } | head -n 1 > first`);
    assert.match(ran.stderr, 'exit 141');
    assert.not.ok(rig.exists('third'));
    assert.is((await rig.runbook(['resume'])).code, 0);
  }),
);

test(
  'asks nobody without a terminal; --yes answers',
  cliTest(async (rig) => {
    const ask = '  - id: sure\n    uses: confirm\n    with: {message: Go on?}\n';
    await rig.write({'runbooks/ask.yaml': `name: ask\ntitle: Ask\nsteps:\n${ask}`});

    const refused = await rig.runbook(['run', 'ask']);
    assert.is(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, '[no-terminal]');

    assert.is((await rig.runbook(['run', 'ask', '--yes'])).code, 0);
  }),
);

test(
  'says what is wrong with a state directory that cannot be written',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'touch a'}), occupied: ''});

    const {code, stderr} = await rig.runbook(['run', 'web', '--state-dir', 'occupied/state']);

    assert.is(code, 3, stderr);
    assert.match(stderr, '[state-unwritable]');
    assert.not.match(stderr, '    at ');
    assert.not.ok(rig.exists('a'));
  }),
);

test(
  'stops with what to do when the disk of the state directory is full',
  cliTest(async (rig) => {
    const small = join(rig.dir, 'small');
    mkdirSync(small);
    const options = ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', small];
    // Only root may mount; elsewhere there is no small disk to be had.
    if (spawnSync('mount', options).status !== 0) return;
    try {
      const noisy = 'head -c 60000 /dev/zero | tr "\\0" x; touch ended';
      await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: noisy, b: 'touch b'})});

      const {code, stderr} = await rig.runbook(['run', 'web', '--state-dir', 'small/state']);

      assert.is(code, 3, stderr);
      assert.match(stderr, '[state-unwritable]');
      assert.match(stderr, 'no space left');
      assert.not.match(stderr, '    at ');
      assert.not.ok(rig.exists('b'));
    } finally {
      spawnSync('umount', [small]);
    }
  }),
);

test(
  'undoes a run when told, and says what stays',
  cliTest(async (rig) => {
    const step = (id: string) => `  - id: ${id}\n    uses: file.write\n    with: {path: ../${id}.txt, content: x}\n`;
    await rig.write({'runbooks/conf.yaml': `name: conf\ntitle: Files\nsteps:\n${step('a')}${step('b')}`, 'a.txt': 'x'});
    assert.is((await rig.runbook(['run', 'conf'])).code, 0);

    const asked = await rig.runbook(['undo']);
    assert.is(asked.code, 1, asked.stderr);
    assert.match(asked.stderr, '[no-terminal]');
    assert.ok(rig.exists('b.txt'));

    const {code, stderr} = await rig.runbook(['undo', '--yes']);
    assert.is(code, 0, stderr);
    assert.ok(rig.exists('a.txt'));
    assert.not.ok(rig.exists('b.txt'));
  }),
);

test.run();
