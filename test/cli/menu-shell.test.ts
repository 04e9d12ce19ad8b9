import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';
import {editor, failing, OPEN, opensShell} from '../menu-rig.ts';
import {startPty} from '../pty.ts';

const test = suite('the shell of the menu');

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

    await opensShell(pty);
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

    await opensShell(pty);
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

    await opensShell(pty);
    pty.types('echo "$KEY $TOKEN $RUNBOOK_INPUT_token" > seen; exit\r');
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1, pty.text());
    assert.is(await rig.read('seen'), 'hunter2!hunter2! hunter2!hunter2! hunter2!hunter2!\n');
    assert.not.match(pty.raw(), 'hunter2!');
  }),
);

test.run();
