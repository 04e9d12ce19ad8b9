import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest, shellRunbook} from '../cli-rig.ts';
import {actsOf, failing, OPEN, WEB} from '../menu-rig.ts';
import {startPty} from '../pty.ts';

const test = suite('the menu of a failed step');

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
    await rm(join(rig.dir, 'wait'));
    assert.is((await other.ended).code, 0);
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

test.run();
