import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';
import {actsOf, failing, OPEN} from '../menu-rig.ts';
import {startPty} from '../pty.ts';

const test = suite('what the menu does with a step');

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

test.run();
