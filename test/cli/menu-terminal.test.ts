import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest, shellRunbook} from '../cli-rig.ts';
import {failing, OPEN, opensShell, TYPED, WEB} from '../menu-rig.ts';
import {startPty} from '../pty.ts';

const test = suite('the menu on a terminal');

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  test(
    `ends by ${signal} with exit code ${code}, also while a shell is open`,
    cliTest(async (rig) => {
      const waiting = await failing(rig);
      waiting.signal(signal);
      assert.is(await waiting.ended, code);
      assert.match(waiting.text(), 'go on with: runbook resume ');

      const inShell = await failing(rig);
      await opensShell(inShell);
      inShell.signal(signal);
      assert.is(await inShell.ended, code);
    }),
  );

test(
  'is stopped by Ctrl-Z and continued by fg, as any job of a shell',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', WEB)});
    const pty = startPty(rig, [], {command: ['bash', '--norc', '--noprofile', '-i']});
    await pty.says('$ ');
    pty.types(`${TYPED} run web\r`);
    await pty.says(OPEN);

    pty.types('\x1a');
    await pty.says('Stopped');
    pty.types('echo at""home\r');
    await pty.says('athome');
    pty.types('fg\r');
    await pty.says(OPEN);
    pty.types('q');
    await pty.says('go on with: runbook resume');
    pty.types('echo code $?\r');

    await pty.says('code 1');
    pty.types('exit\r');
    await pty.ended;
  }),
);

test(
  'opens for nobody who is not there, or does not want it',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', WEB)});
    const unattended: [args: string[], env: Record<string, string>][] = [
      [['--yes'], {}],
      [['--no-menu'], {}],
      [['--json'], {}],
      [[], {CI: 'true'}],
      [[], {RUNBOOK_NO_MENU: '1'}],
      [[], {TERM: 'dumb'}],
    ];
    for (const [args, env] of unattended) {
      const pty = startPty(rig, ['run', 'web', ...args], {env});
      assert.is(await pty.ended, 1, pty.text());
      assert.not.match(pty.text(), 'What now?');
    }
    const {code, stderr} = await rig.runbook(['run', 'web']);
    assert.is(code, 1);
    assert.not.match(stderr, 'What now?');
    assert.match(stderr, /next {6}repair the cause, then: runbook resume \S+\n$/);
  }),
);

test(
  'does not stop a run in the background of a shell',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', WEB)});
    const pty = startPty(rig, [], {command: ['bash', '--norc', '--noprofile', '-i']});
    await pty.says('$ ');

    pty.types(`${TYPED} run web & wait $!; echo code $?\r`);

    await pty.says('code 1');
    pty.types('exit\r');
    await pty.ended;
    assert.not.match(pty.text(), 'What now?');
  }),
);

test(
  'is left at once where the input had ended before',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'sleep 1; exit 1'})});
    const pty = startPty(rig, ['run', 'web']);
    await pty.says('running');
    pty.types('\x04');

    assert.is(await pty.ended, 1);
    assert.match(pty.text(), 'go on with: runbook resume ');
  }),
);

test(
  'opens in a CI that says it is none, and with the results in a pipe',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', WEB)});
    const line = `${TYPED} run web | cat`;
    const pty = startPty(rig, ['-c', line], {command: ['sh'], env: {CI: 'false'}});
    await pty.says(OPEN);

    pty.types('s');
    await pty.says('$ ');
    pty.types('echo visi""ble; exit\r');
    await pty.says('visible');
    await pty.says(OPEN);
    pty.types('q');

    await pty.ended;
  }),
);

test(
  'fits 80 columns and 200, without colours too, and a low terminal',
  cliTest(async (rig) => {
    const colour = /\x1b\[[\d;]*m/;
    for (const columns of [80, 200]) {
      const pty = await failing(rig, {columns});
      assert.match(pty.raw(), colour);
      for (const line of pty.lines()) assert.ok(line.length <= columns);
      pty.types('q');
      await pty.ended;
    }
    const plain = await failing(rig, {env: {NO_COLOR: '1'}});
    assert.not.match(plain.raw(), colour);
    plain.types('a');
    await plain.says('why does step');
    plain.types('x\r');
    await plain.ended;
    assert.not.match(plain.raw(), colour);

    await rig.write({'runbooks/web.yaml': shellRunbook('web', WEB)});
    const low = startPty(rig, ['run', 'web'], {rows: 8, columns: 60});
    await low.says('▸[r]etry [e]dit [s]hell [v]erify [a]ccept [u]ndo');
    low.types('\x1b[B');
    await low.says('▸[e]dit');
    low.types('q');
    assert.is(await low.ended, 1);
  }),
);

test(
  'is drawn anew when the terminal gets another size',
  cliTest(async (rig) => {
    const pty = await failing(rig);

    pty.resize(50, 30);
    await pty.says('[a]ccept  take it as done, with a reason; th…');
    pty.types('q');

    assert.is(await pty.ended, 1);
  }),
);

test.run();
