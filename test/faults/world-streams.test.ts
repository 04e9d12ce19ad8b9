/** Output that nobody takes: a reader that has gone, a full disk, a reader that does not read on. */
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended, program, shellRunbook} from '../cli-rig.ts';

const test = suite('world: output');

const typed = program.map((word) => `'${word}'`).join(' ');

/** A line of a shell, with `runbook` for the program; what it prints last is each part's exit code. */
const piped = (rig: CliRig, line: string): Promise<Ended> =>
  rig.start(['-c', `runbook() { ${typed} "$@"; }; ${line}; echo "codes \${PIPESTATUS[*]}"`], {command: ['bash']}).ended;

const codesIn = ({stdout}: Ended): string => /codes (.*)/.exec(stdout)?.[1] ?? '';

const CHATTY = shellRunbook('chatty', {
  a: 'echo a >> acts; sleep 0.2; seq 1 5000',
  b: 'echo b >> acts',
});

/** No reader of ours may be shown a failure of ours. */
const isCalm = (stderr: string): void => assert.not.match(stderr, /internal error|node:|Unhandled|at async/);

for (const [how, line] of [
  ['events', 'runbook run ./chatty.yaml --json 2>err | head -1'],
  ['progress', 'runbook run ./chatty.yaml 2>&1 >/dev/null | head -1'],
] as const)
  test(
    `whose reader has gone stops a run that prints ${how}, and it can be gone on with`,
    cliTest(async (rig) => {
      await rig.write({'chatty.yaml': CHATTY});

      const ended = await piped(rig, line);

      assert.is(codesIn(ended), '141 0');
      if (rig.exists('err')) isCalm(await rig.read('err'));
      const resumed = await rig.runbook(['resume']);
      assert.is(resumed.code, 0, resumed.stderr);
      assert.match(await rig.read('acts'), /^(a\n){1,2}b\n$/);
    }),
  );

const READING = [
  'show ./chatty.yaml',
  'runs',
  'log',
  'status',
  'status --json',
  'plan ./chatty.yaml',
  'list',
  'schema',
];

test(
  'whose reader has gone ends what only reads, silently',
  cliTest(async (rig) => {
    await rig.write({'chatty.yaml': CHATTY});
    assert.is((await rig.runbook(['run', './chatty.yaml'])).code, 0);
    await Promise.all(
      READING.map(async (command, n) => {
        const ended = await piped(rig, `runbook ${command} 2>gone${n} | true`);
        assert.match(codesIn(ended), /^(0|141) 0$/, command);
        assert.is(await rig.read(`gone${n}`), '', command);
      }),
    );
  }),
);

test(
  'that cannot be written is an error: no result is lost in silence',
  cliTest(async (rig) => {
    await rig.write({'chatty.yaml': CHATTY});
    assert.is((await rig.runbook(['run', './chatty.yaml'])).code, 0);
    const commands = [...READING, '--help', '--version', 'validate ./chatty.yaml'];
    await Promise.all(
      commands.map(async (command, n) => {
        const ended = await piped(rig, `runbook ${command} 2>full${n} >/dev/full`);
        const err = await rig.read(`full${n}`);
        assert.is(codesIn(ended), '1', command);
        assert.match(err, /\[output-unwritable\]/, command);
        isCalm(err);
      }),
    );
  }),
);

test(
  'that cannot be written stops a run whose events are asked for, but not one that only shows its progress',
  cliTest(async (rig) => {
    await rig.write({'chatty.yaml': CHATTY});

    const events = await piped(rig, 'runbook run ./chatty.yaml --json >/dev/full 2>err');
    const resumed = await piped(rig, 'runbook resume 2>/dev/full');

    assert.is(codesIn(events), '1');
    assert.match(await rig.read('err'), /\[output-unwritable\][\s\S]*runbook resume/);
    assert.is(codesIn(resumed), '0');
    assert.match(await rig.read('acts'), /^(a\n){1,2}b\n$/);
  }),
);

test(
  'that nobody reads neither holds a run up nor fills the memory, and says what it left out',
  cliTest(async (rig) => {
    await rig.write({
      'loud.yaml': shellRunbook('loud', {a: 'yes 0123456789 | head -c 300000000', b: 'echo $PPID > done'}),
    });
    const [file, ...args] = program;
    const child = spawn(file, [...args, 'run', './loud.yaml', '--json'], {
      cwd: rig.dir,
      env: {PATH: process.env.PATH ?? ''},
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    while (!rig.exists('done')) await new Promise((resolve) => setTimeout(resolve, 50));
    const [, most = ''] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];

    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed = (printed + chunk).slice(-100_000)));
    const code = await new Promise((resolve) => child.on('close', resolve));

    assert.is(code, 0);
    assert.ok(Number(most) < 250_000, `it took ${most} kB`);
    assert.match(printed, /"code":"output-left-out"/);
    assert.match(printed, /"type":"run-finished"/);
  }),
);

test.run();
