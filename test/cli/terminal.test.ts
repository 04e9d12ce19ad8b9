import {spawnSync} from 'node:child_process';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Live, program, shellRunbook} from '../cli-rig.ts';
import {Terminal} from '../terminal.ts';
import {mayRun} from '../tools.ts';

const test = suite('a run on a real terminal');

// util-linux's script gives a program a terminal of its own; every Debian has it.
const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') === true;
const onTerminal = mayRun(hasScript, "tests on a real terminal (util-linux's script is not installed)")
  ? test
  : test.skip;

const SIZE = {columns: 80, rows: 24};

const start = (rig: CliRig, args: string, env: Record<string, string> = {}): Live => {
  const line = `stty cols ${SIZE.columns} rows ${SIZE.rows}; exec ${program.map((word) => `'${word}'`).join(' ')} ${args}`;
  return rig.start(['-qefc', line, '/dev/null'], {command: ['script'], env: {TERM: 'xterm-256color', ...env}});
};

const screenOf = (printed: string): Terminal => {
  const terminal = new Terminal(SIZE.columns, SIZE.rows);
  terminal.write(printed);
  return terminal;
};

onTerminal(
  'draws live lines, and leaves a calm record with the cursor visible',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'echo from a; sleep 1', b: 'true'})});

    const {code, stdout} = await start(rig, 'run web').ended;

    assert.is(code, 0, stdout);
    assert.match(stdout, '│ from a');
    const screen = screenOf(stdout);
    assert.not.ok(screen.cursorHidden);
    const text = screen.lines().join('\n');
    assert.match(text, /✔ a +ran +1\.\d s\n {2}✔ b +ran/);
    assert.match(text, '✔ done in');
    assert.not.match(text, /running|pending|│ from a/);
  }),
);

onTerminal(
  'gives the terminal back after Ctrl-C, and names what was interrupted',
  cliTest(async (rig) => {
    const step = 'echo from a; sleep 0.5; kill -INT $PPID; sleep 30';
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: step})});

    const {code, stdout} = await start(rig, 'run web').ended;

    assert.is(code, 130, stdout);
    const screen = screenOf(stdout);
    assert.not.ok(screen.cursorHidden);
    assert.match(screen.lines().join('\n'), /! a +interrupted/);
    assert.match(screen.lines().join('\n'), 'go on with: runbook resume');
  }),
);

onTerminal(
  'NO_COLOR leaves out colours, not the drawing',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'sleep 0.5'})});

    const coloured = await start(rig, 'run web').ended;
    const plain = await start(rig, 'run web', {NO_COLOR: '1'}).ended;

    const colour = /\x1b\[[\d;]*m/;
    assert.match(coloured.stdout, colour);
    assert.not.match(plain.stdout, colour);
    assert.match(plain.stdout, '\x1b[?25h');
  }),
);

test.run();
