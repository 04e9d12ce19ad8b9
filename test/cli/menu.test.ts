import {chmod} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, program, shellRunbook} from '../cli-rig.ts';
import {type Pty, type PtyOptions, startPty} from '../pty.ts';

const test = suite('the menu of a failed step');

/** It can be seen whole. */
const OPEN = '? explains';

const WEB = {
  first: 'echo first >> acts; echo 10.0.0.7',
  fail: 'echo fail >> acts; echo looking; test -f go',
  last: 'echo last >> acts',
};

/** Runs a runbook whose step `fail` fails until there is a file `go`. */
const failing = async (rig: CliRig, options: PtyOptions & {args?: readonly string[]} = {}): Promise<Pty> => {
  await rig.write({'runbooks/web.yaml': shellRunbook('web', WEB)});
  const pty = startPty(rig, ['run', 'web', ...(options.args ?? [])], options);
  await pty.says(OPEN);
  return pty;
};

const actsOf = async (rig: CliRig): Promise<string[]> => (await rig.read('acts')).trim().split('\n');

/** A script for people to call as their editor. */
const editor = async (rig: CliRig, name: string, script: string): Promise<string> => {
  await rig.write({[name]: `#!/bin/sh\n${script}\n`});
  const path = join(rig.dir, name);
  await chmod(path, 0o755);
  return path;
};

test(
  'stands below the error, names what can be done, and explains it on ?',
  cliTest(async (rig) => {
    const pty = await failing(rig);

    const screen = pty.text();
    assert.match(screen, /✖ runbooks\/web\.yaml:6:5: step "fail" \(shell\) failed: exited with code 1/);
    assert.match(screen, /✖ failed after .*\n\n\? step "fail" failed\. What now\?\n▸ \[r\]etry /);
    for (const choice of ['[e]dit', '[s]hell', '[v]erify', '[a]ccept', '[u]ndo', '[q]uit'])
      assert.match(screen, choice);
    assert.not.match(screen, /\[i\]nside|\[g\]o on/);
    assert.ok(pty.cursorHidden);

    pty.types('?');
    await pty.says('Starts your shell in the folder of the step');
    await pty.says('reason is kept in the journal');

    pty.types('q');
    assert.is(await pty.ended, 1);
    assert.match(pty.text(), /\? step "fail" failed\. What now\? · quit\n {2}next {6}go on with: runbook resume \S+$/);
    assert.not.ok(pty.cursorHidden);
  }),
);

for (const [name, key] of [
  ['Esc', '\x1b'],
  ['Ctrl-C', '\x03'],
  ['Ctrl-D', '\x04'],
] as const)
  test(
    `is left by ${name} with exit code 1 and the line that resumes`,
    cliTest(async (rig) => {
      const pty = await failing(rig);

      pty.types(key);

      assert.is(await pty.ended, 1);
      assert.match(pty.text(), 'go on with: runbook resume ');
    }),
  );

test(
  'retries: what was finished is kept, the rest is done, and the exit code is that of the end',
  cliTest(async (rig) => {
    const pty = await failing(rig);

    pty.types('r');
    await pty.says(OPEN);
    await rig.write({go: ''});
    pty.types('\r');

    assert.is(await pty.ended, 0, pty.text());
    assert.match(pty.text(), /✔ done in/);
    assert.equal(await actsOf(rig), ['first', 'fail', 'fail', 'fail', 'last']);
  }),
);

test(
  'is walked through by arrows, round its ends',
  cliTest(async (rig) => {
    const pty = await failing(rig);

    pty.types('\x1b[A');
    await pty.says('▸ [q]uit');
    pty.types('\x1b[B');
    await pty.says('▸ [r]etry');
    pty.types('\x1b[B');
    await pty.says('▸ [e]dit');
    pty.types('\x1b[A\x1b[A\r');

    assert.is(await pty.ended, 1);
  }),
);

test(
  'takes no key that was typed before it could be seen',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', {a: 'sleep 1; exit 1'})});
    const pty = startPty(rig, ['run', 'web']);
    await pty.says('running');
    pty.types('\rr');

    await pty.says(OPEN);

    pty.types('q');
    assert.is(await pty.ended, 1);
    assert.not.match(pty.text(), 'resuming');
  }),
);

test(
  'opens the runbook at the failed step in the editor of VISUAL, arguments and quotes and all',
  cliTest(async (rig) => {
    const path = await editor(rig, 'my tools/vi', 'printf "%s\\n" "$@" > given; sed -i "s/test -f go/true/" "$3"');
    const pty = await failing(rig, {env: {VISUAL: `"${path}" -X`, EDITOR: 'false'}});
    assert.match(pty.text(), '[e]dit    web.yaml, line 6, in vi; then retry');

    pty.types('e');

    assert.is(await pty.ended, 0, pty.text());
    assert.is(await rig.read('given'), `-X\n+6\n${join(rig.dir, 'runbooks/web.yaml')}\n`);
    assert.equal(await actsOf(rig), ['first', 'fail', 'fail', 'last']);
    assert.match(pty.text(), /- first +no check/);
  }),
);

test(
  'shows what is wrong with an edit, and opens the editor again, there',
  cliTest(async (rig) => {
    const path = await editor(
      rig,
      'nano',
      'echo "$1" >> given; case $(wc -l < given) in 1) sed -i "s/test -f go/true/; s/  - id: first/&\\n    wrong: x/" "$2" ;; *) sed -i /wrong/d "$2" ;; esac',
    );
    const pty = await failing(rig, {env: {EDITOR: path}});

    pty.types('e');
    await pty.says('has no key "wrong"');
    await pty.says(OPEN);
    assert.match(pty.text(), '▸ [e]dit    web.yaml, line 5, in nano; then retry');
    pty.types('\r');

    assert.is(await pty.ended, 0, pty.text());
    assert.is(await rig.read('given'), '+6\n+5\n');
    assert.equal(await actsOf(rig), ['first', 'fail', 'fail', 'last']);
  }),
);

test(
  'retries nothing where the editor changed nothing, failed, or is not there',
  cliTest(async (rig) => {
    const path = await editor(rig, 'ed.sh', 'test ! -f bad || exit 3');
    const pty = await failing(rig, {env: {EDITOR: path}});

    pty.types('e');
    await pty.says('runbooks/web.yaml:6:5 was left as it is; nothing was retried');
    await pty.says(OPEN);
    await rig.write({bad: ''});
    pty.types('e');
    await pty.says('the editor exited with code 3; nothing was retried');
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1);
    const other = await failing(rig, {env: {EDITOR: 'no-such-editor'}});
    other.types('e');
    await other.says('there is no editor "no-such-editor": set EDITOR to one that you have');
    await other.says(OPEN);
    other.types('q');
    assert.is(await other.ended, 1);
    assert.equal(await actsOf(rig), ['first', 'fail', 'first', 'fail']);
  }),
);

const PLACED = `name: web
title: The runbook web
inputs: {servers: {type: integer, default: 3}}
steps:
  - {id: first, run: echo 10.0.0.7}
  - id: fail
    uses: shell
    with: {run: 'echo "mode $MODE" >> seen; test -f go', cwd: sub, env: {MODE: fast}}
`;

test(
  'starts a shell where the step is, with what it was given, and comes back from it',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': PLACED, 'sub/.keep': ''});
    const pty = startPty(rig, ['run', 'web']);
    await pty.says(OPEN);

    pty.types('s');
    await pty.says('come back with: exit');
    await pty.says('$ ');
    pty.types('pwd > here; env > env; sh -c "$RUNBOOK_COMMAND"; touch go; exit\r');
    await pty.says(OPEN);
    pty.types('r');

    assert.is(await pty.ended, 0, pty.text());
    assert.is(await rig.read('sub/here'), `${join(rig.dir, 'sub')}\n`);
    const env = (await rig.read('sub/env')).split('\n');
    for (const line of ['MODE=fast', 'RUNBOOK_INPUT_servers=3', 'RUNBOOK_OUTPUT_first_stdout=10.0.0.7'])
      assert.ok(env.includes(line), `${line} is not in\n${env.join('\n')}`);
    assert.not.ok(env.some((line) => line.startsWith('RUNBOOK_STEP=')));
    assert.is(await rig.read('sub/seen'), 'mode fast\nmode fast\nmode fast\n');
  }),
);

test(
  'leaves Ctrl-C and Ctrl-\\ to the shell, and to the editor',
  cliTest(async (rig) => {
    const path = await editor(rig, 'slow', 'echo editing; sleep 30');
    const pty = await failing(rig, {env: {EDITOR: path}});

    pty.types('s');
    await pty.says('come back with: exit');
    await pty.says('$ ');
    pty.types('echo beg""un; sleep 30\r');
    await pty.says('begun');
    pty.types('\x03');
    await pty.says('$ ');
    pty.types('echo on""wards; exit\r');
    await pty.says('onwards');
    await pty.says(OPEN);
    pty.types('e');
    await pty.says('editing');
    pty.types('\x03');
    await pty.says('nothing was retried');
    await pty.says(OPEN);
    pty.types('e');
    await pty.says('editing');
    pty.types('\x1c');
    await pty.says('nothing was retried');
    await pty.says(OPEN);
    await rig.write({go: ''});
    pty.types('r');

    assert.is(await pty.ended, 0, pty.text());
  }),
);

test(
  'takes /bin/sh where SHELL can not be started',
  cliTest(async (rig) => {
    const pty = await failing(rig, {env: {SHELL: '/no/such/shell'}});

    pty.types('s');
    await pty.says('this is /bin/sh');
    await pty.says('$ ');
    pty.types('exit\r');
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1);
  }),
);

const CHECKED = `name: web
title: The runbook web
steps:
  - id: fail
    run: echo fail >> acts; exit 1
    verify:
      - {uses: shell, effect: reads, with: {run: cat go}}
  - {id: last, run: echo last >> acts}
`;

test(
  'looks at the checks alone, and goes on without doing again what holds',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': CHECKED});
    const pty = startPty(rig, ['run', 'web']);
    await pty.says(OPEN);

    pty.types('v');
    await pty.says('step "fail" does not hold');
    await pty.says('expected  cat go');
    await pty.says('found     exited with code 1');
    await pty.says(OPEN);
    assert.not.match(pty.text(), '[g]o on');
    await rig.write({go: ''});
    pty.types('v');
    await pty.says('step "fail" holds now');
    await pty.says(OPEN);
    assert.match(pty.text(), '▸ [g]o on');
    pty.types('\r');

    assert.is(await pty.ended, 0, pty.text());
    assert.equal(await actsOf(rig), ['fail', 'last']);
    assert.match(pty.text(), /✔ fail +adopted/);
  }),
);

test(
  'says that there is nothing to look at where a step has no check',
  cliTest(async (rig) => {
    const pty = await failing(rig);

    pty.types('v');
    await pty.says('step "fail" has no check: accept it if you know that it is done');
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1);
  }),
);

test(
  'accepts a step as done for a reason, which the journal keeps',
  cliTest(async (rig) => {
    const pty = await failing(rig);

    pty.types('a');
    await pty.says('why does step "fail" count as done?');
    pty.types('\r');
    await pty.says('it must not be empty');
    pty.types('done by hand\r');

    assert.is(await pty.ended, 0, pty.text());
    assert.match(pty.text(), /✔ fail +accepted/);
    assert.equal(await actsOf(rig), ['first', 'fail', 'last']);
    const {stdout} = await rig.runbook(['status', '--json']);
    const {steps} = JSON.parse(stdout) as {steps: {step: string; standing: string; detail?: string}[]};
    const {standing, detail} = steps.find(({step}) => step === 'fail') ?? {};
    assert.equal([standing, detail], ['accepted', 'done by hand']);
  }),
);

test(
  'comes back from a reason that is not given',
  cliTest(async (rig) => {
    const pty = await failing(rig);

    pty.types('a');
    await pty.says('why does step "fail" count as done?');
    pty.types('\x03');
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1);
    assert.not.match(pty.text(), 'resuming');
  }),
);

const UNDOABLE = `name: web
title: The runbook web
steps:
  - {id: first, uses: file.write, with: {path: ../made, content: here}}
  - {id: fail, run: "exit 1", effect: reads}
`;

test(
  'takes the run back, after asking',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': UNDOABLE});
    const pty = startPty(rig, ['run', 'web']);
    await pty.says(OPEN);

    pty.types('u');
    await pty.says('taken back, in this order');
    await pty.says('take this back?');
    await pty.says(OPEN);
    pty.types('\r');
    await pty.says('What now?');
    await pty.says(OPEN);
    assert.ok(rig.exists('made'));
    pty.types('u');
    await pty.says('take this back?');
    await pty.says(OPEN);
    pty.types('y');

    assert.is(await pty.ended, 1, pty.text());
    assert.match(pty.text(), '✔ 1 taken back');
    assert.not.ok(rig.exists('made'));
  }),
);

const PARALLEL = `name: web
title: The runbook web
steps:
  - {id: a, needs: [], run: "sleep 0.5; test -f go"}
  - {id: b, needs: [], run: "sleep 0.5; test -f go"}
  - {id: last, needs: [a, b], run: "true"}
`;

test(
  'names all steps that have failed, and asks which one is meant',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': PARALLEL});
    const pty = startPty(rig, ['run', 'web']);
    await pty.says(/2 steps failed: (a, b|b, a)\. What now\?/);
    await pty.says(OPEN);
    const order = /2 steps failed: (\w), (\w)/.exec(pty.text()) ?? [];

    pty.types('a');
    await pty.says('which step?');
    await pty.says(OPEN);
    pty.types('2');
    await pty.says(`why does step "${order[2]}" count as done?`);
    pty.types('seen\r');
    await pty.says(`step "${order[1]}" failed. What now?`);
    await pty.says(OPEN);
    await rig.write({go: ''});
    pty.types('r');

    assert.is(await pty.ended, 0, pty.text());
  }),
);

test(
  'holds no lock while it waits: another may resume, and then its choice is refused, naming the owner',
  cliTest(async (rig) => {
    await rig.write({
      'runbooks/web.yaml': shellRunbook('web', {
        fail: 'test -f go',
        last: 'echo busy; while [ -f wait ]; do sleep 0.1; done',
      }),
      wait: '',
    });
    const pty = startPty(rig, ['run', 'web']);
    await pty.says(OPEN);
    await rig.write({go: ''});
    const other = rig.start(['resume']);
    await other.says('busy');

    pty.types('r');
    await pty.says('[run-held]');
    await pty.says(String(other.child.pid));
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1, pty.text());
    const {rm} = await import('node:fs/promises');
    await rm(join(rig.dir, 'wait'));
    assert.is((await other.ended).code, 0);
  }),
);

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
      inShell.types('s');
      await inShell.says('come back with: exit');
      await inShell.says('$ ');
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
    pty.types(`${program.map((word) => `'${word}'`).join(' ')} run web\r`);
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
  'asks within a retry whether a step that must not be repeated may be',
  cliTest(async (rig) => {
    const text = shellRunbook('web', {pay: 'echo paid >> acts; test -f go'}).replace(
      '- id: pay',
      '- id: pay\n    effect: once',
    );
    await rig.write({'runbooks/web.yaml': text});
    const pty = startPty(rig, ['run', 'web']);
    await pty.says(OPEN);

    pty.types('r');
    await pty.says('What about "pay"?');
    await pty.says('take it as done');
    pty.types('\r');
    await pty.says('[in-doubt]');
    await pty.says(OPEN);
    await rig.write({go: ''});
    pty.types('r');
    await pty.says('What about "pay"?');
    await pty.says('take it as done');
    pty.types('\x1b[B');
    await pty.says('▸ do it again');
    pty.types('\r');
    await pty.says('Type pay to do it again');
    pty.types('pay\r');

    assert.is(await pty.ended, 0, pty.text());
    assert.equal(await actsOf(rig), ['paid', 'paid']);
  }),
);

const QUESTION = `name: web
title: The runbook web
steps:
  - {id: sure, uses: confirm, with: {message: "Really?"}}
`;

const BY_HAND = `name: hand
title: The runbook web
steps:
  - {id: plug, uses: manual, with: {instructions: Plug it in.}, verify: [{uses: shell, effect: reads, with: {run: test -f go}}]}
`;

test(
  'is for failures: a question that was answered with no ends the run at once, work by hand that is not done does not',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': QUESTION, 'runbooks/hand.yaml': BY_HAND});
    const asked = startPty(rig, ['run', 'web']);
    await asked.says('Really?');
    asked.types('n');
    assert.is(await asked.ended, 1);
    assert.not.match(asked.text(), 'What now?');

    const byHand = startPty(rig, ['run', 'hand']);
    await byHand.says('Done?');
    byHand.types('n');
    await byHand.says(OPEN);
    await rig.write({go: ''});
    byHand.types('v');
    await byHand.says('holds now');
    await byHand.says(OPEN);
    byHand.types('g');

    assert.is(await byHand.ended, 0, byHand.text());
  }),
);

test(
  'stays in the part that was asked for: a retry of --until does not run what comes after',
  cliTest(async (rig) => {
    const pty = await failing(rig, {args: ['--until', 'fail']});
    await rig.write({go: ''});

    pty.types('r');

    assert.is(await pty.ended, 0, pty.text());
    assert.equal(await actsOf(rig), ['first', 'fail', 'fail']);
    assert.is((await rig.runbook(['resume'])).code, 0);
    assert.equal(await actsOf(rig), ['first', 'fail', 'fail', 'last']);
  }),
);

test(
  'opens after a resume that fails, too',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': shellRunbook('web', WEB)});
    await rig.runbook(['run', 'web']);
    const pty = startPty(rig, ['resume']);
    await pty.says(OPEN);
    await rig.write({go: ''});

    pty.types('r');

    assert.is(await pty.ended, 0, pty.text());
  }),
);

const SECRET = `name: web
title: The runbook web
inputs: {token: {secret: true}}
steps:
  - id: fail
    uses: shell
    effect: once
    with: {run: 'echo "$KEY"; test -f go', env: {KEY: "\${{ inputs.token }}"}}
`;

test(
  'asks for a secret once per try, hands it to the shell as the step gets it, and never prints it',
  cliTest(async (rig) => {
    await rig.write({'runbooks/web.yaml': SECRET});
    const pty = startPty(rig, ['run', 'web']);
    await pty.says('token');
    pty.types('hunter2!hunter2!\r');
    await pty.says(OPEN);

    pty.types('s');
    await pty.says('come back with: exit');
    await pty.says('$ ');
    pty.types('echo "$KEY $TOKEN $RUNBOOK_INPUT_token" > seen; exit\r');
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1, pty.text());
    assert.is(await rig.read('seen'), 'hunter2!hunter2! hunter2!hunter2! hunter2!hunter2!\n');
    assert.not.match(pty.raw(), 'hunter2!');
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

    pty.types(`${program.map((word) => `'${word}'`).join(' ')} run web & wait $!; echo code $?\r`);

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
    const line = `${program.map((word) => `'${word}'`).join(' ')} run web | cat`;
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
