/** A terminal that goes away, or is not to be used: closed windows, `nohup`, background jobs, a session that died. */
import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Live, program, shellRunbook} from '../cli-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('world: a terminal');
const onTerminal = hasTools('script', 'setsid', 'nohup') ? test : test.skip;

/** The program as it is installed: started by its own first line. */
const installed = fileURLToPath(new URL('../../dist/cli/runbook.cjs', import.meta.url));

const LONG = shellRunbook('long', {
  a: 'echo $$ > child; sleep 60 & echo begun; while [ ! -e go ]; do sleep 0.05; done; echo a >> acts',
  b: 'echo b >> acts',
});

/** Waits until something is so; a test's own limit ends it. */
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(20);
};

/** One that has ended and was not asked for how is no longer alive. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const started = (rig: CliRig): Promise<void> => until(() => rig.exists('child'));

/** A line typed in a terminal of its own, which ends when `script` is killed: the kernel hangs up. */
const onOwnTerminal = (rig: CliRig, line: string): Live =>
  rig.start(['-qefc', line, '/dev/null'], {command: ['script'], env: {TERM: 'xterm-256color', SHELL: '/bin/sh'}});

const typed = program.map((word) => `'${word}'`).join(' ');

/** What the run's state directory says when nobody is left. */
const left = async (rig: CliRig): Promise<{state: string; released: boolean}> => {
  const [run] = JSON.parse((await rig.runbook(['runs', '--json'])).stdout) as {state: string}[];
  const folder = join(rig.dir, '.runbook/locks/long');
  const [lock = ''] = readdirSync(folder);
  return {state: run?.state ?? '', released: JSON.parse(readFileSync(join(folder, lock), 'utf8')).released};
};

/** The run can be gone on with, does each step once, and leaves no process behind. */
const completes = async (rig: CliRig): Promise<void> => {
  assert.not.ok(isAlive(Number(await rig.read('child'))), 'the step goes on without us');
  assert.equal(await left(rig), {state: 'interrupted', released: true});
  await rig.write({go: ''});
  const resumed = await rig.runbook(['resume']);
  assert.is(resumed.code, 0, resumed.stderr);
  assert.is(await rig.read('acts'), 'a\nb\n');
};

onTerminal(
  'that is closed stops the run: 129, the steps ended, the lock released',
  cliTest(async (rig) => {
    await rig.write({'long.yaml': LONG});
    // The shell goes on, so that it can tell how the run ended.
    const terminal = onOwnTerminal(rig, `trap : HUP; ${typed} run ./long.yaml; echo $? > code`);
    await started(rig);

    terminal.signal('SIGKILL');
    await until(() => rig.exists('code'));

    assert.is((await rig.read('code')).trim(), '129');
    await completes(rig);
  }),
);

onTerminal(
  'that is closed stops a run that asks',
  cliTest(async (rig) => {
    await rig.write({
      'long.yaml': 'name: long\ntitle: A question\nsteps:\n  - {id: ask, uses: confirm, with: {message: Go?}}\n',
    });
    const terminal = onOwnTerminal(rig, `trap : HUP; ${typed} run ./long.yaml; echo $? > code`);
    await terminal.says('Go?');

    terminal.signal('SIGKILL');
    await until(() => rig.exists('code'));

    assert.is((await rig.read('code')).trim(), '129');
    assert.is((await left(rig)).released, true);
  }),
);

onTerminal(
  'that is closed while nothing can be sent is noticed by what can no longer be written',
  cliTest(async (rig) => {
    await rig.write({'long.yaml': LONG.replace('sleep 60 &', 'while :; do echo alive; sleep 0.2; done &')});
    // In a session of its own the run hears no hang-up; what it writes fails.
    const terminal = onOwnTerminal(
      rig,
      `setsid -f sh -c "${typed.replaceAll("'", '')} run ./long.yaml; echo \\$? > code"; sleep 60`,
    );
    await started(rig);

    terminal.signal('SIGKILL');
    await until(() => rig.exists('code'));

    assert.is((await rig.read('code')).trim(), '129');
    await completes(rig);
  }),
);

onTerminal(
  'that is closed does not stop what nohup has started',
  cliTest(async (rig) => {
    await rig.write({'long.yaml': LONG});
    const terminal = onOwnTerminal(rig, `nohup ${installed} run ./long.yaml > log 2>&1; echo $? > code & sleep 60`);
    await started(rig);
    const [run] = JSON.parse((await rig.runbook(['runs', '--json'])).stdout) as {state: string}[];
    assert.is(run?.state, 'running');

    terminal.signal('SIGKILL');
    await terminal.ended;
    await rig.write({go: ''});
    await until(() => rig.exists('acts') && readFileSync(join(rig.dir, 'acts'), 'utf8') === 'a\nb\n');

    await until(() => readFileSync(join(rig.dir, 'log'), 'utf8').includes('done in'));
  }),
);

test(
  'is not missed where there is none: nohup, setsid, no input and no output',
  cliTest(async (rig) => {
    await rig.write({'short.yaml': shellRunbook('short', {a: 'echo a >> acts'})});
    for (const line of [
      `nohup ${installed} run ./short.yaml`,
      `setsid -w ${installed} run ./short.yaml`,
      `${installed} run ./short.yaml <&-`,
      `${installed} run ./short.yaml >&-`,
      `${installed} run ./short.yaml 2>&-`,
      `${installed} run ./short.yaml <&- >&- 2>&-`,
      `${installed} run ./short.yaml & wait $!`,
    ]) {
      const {code, stderr} = await rig.start(['-c', line], {command: ['sh']}).ended;
      assert.is(code, 0, `${line}: ${stderr}`);
    }
    assert.is(await rig.read('acts'), 'a\n'.repeat(7));
  }),
);

onTerminal(
  'of which the run is a background job does not stop it',
  cliTest(async (rig) => {
    await rig.write({'long.yaml': LONG});
    const job = `set -m; ${typed} run ./long.yaml & wait $!; echo $? > code; sleep 60`;
    const terminal = onOwnTerminal(rig, job);
    await started(rig);
    await rig.write({go: ''});
    await until(() => rig.exists('code'));

    assert.is((await rig.read('code')).trim(), '0');
    await terminal.says('✔ done');
    terminal.signal('SIGKILL');
  }),
);

const hasTmux = hasTools('tmux') && spawnSync('tmux', ['-V']).status === 0;
(hasTmux ? test : test.skip)(
  'of tmux whose session is killed: the run stops like at a Ctrl-C',
  cliTest(async (rig) => {
    await rig.write({'long.yaml': LONG});
    const tmux = (...args: string[]) =>
      rig.start(['-L', `rbt-${process.pid}`, '-f', '/dev/null', ...args], {command: ['tmux'], env: {SHELL: '/bin/sh'}})
        .ended;
    await tmux('new-session', '-d', '-s', 'ops', 'bash --norc -i');
    await tmux('send-keys', '-t', 'ops', `${program.join(' ')} run ./long.yaml`, 'Enter');
    await started(rig);

    await tmux('kill-session', '-t', 'ops');
    await until(() => !isAlive(Number(readFileSync(join(rig.dir, 'child'), 'utf8'))));
    let found = await left(rig);
    while (!found.released) found = await left(rig);

    await completes(rig);
  }),
);

test.run();
