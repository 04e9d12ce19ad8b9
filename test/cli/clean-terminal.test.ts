import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, program} from '../cli-rig.ts';
import {engineTest} from '../docker-engine.ts';
import {startPty} from '../pty.ts';

const test = suite('clean on a terminal');
// as root: what other runs of this machine have left running is out of sight
const apart = engineTest(test);

const SHELL = `name: shell
title: A process that stays
steps:
  - {id: back, run: "sleep 600 >/dev/null 2>&1 &", undo: {run: "true"}}
`;

/** Lines of shell in a process namespace of their own, where \`runbook\` is the program and no Docker answers. */
const onTerminal = (rig: CliRig, lines: string, columns = 80) => {
  const self = program.map((word) => `'${word}'`).join(' ');
  const script = `runbook() { ${self} "$@"; }\n${lines}`;
  return startPty(rig, [], {
    columns,
    env: {DOCKER_HOST: 'unix:///nowhere.sock'},
    command: ['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', script],
  });
};

const RUN = 'runbook run ./shell.yaml >/dev/null 2>&1';
const LEFT = "ps -eo comm | grep -c '^sleep$' | sed 's/^/left /'";

apart(
  'lists what goes, asks once, and takes a no and a yes for an answer',
  cliTest(async (rig) => {
    await rig.write({'shell.yaml': SHELL});
    const asked = onTerminal(
      rig,
      `${RUN}; rm -r .runbook; runbook clean; echo code $?; ${LEFT}; runbook clean; ${LEFT}`,
    );

    await asked.says(/process +sleep +pid \d+ +back/);
    await asked.says('Take this away?');
    asked.types('n');
    await asked.says('code 1');
    await asked.says('left 1');
    await asked.says('Take this away?');
    asked.types('y');
    await asked.says('✔ process   sleep');
    await asked.says('✔ 1 taken away');
    await asked.says('! your Docker was not looked at');
    await asked.says('left 0');
    await asked.ended;
    assert.ok(asked.lines().every((line) => line.length <= 80));
    assert.match(asked.text(), 'its journal is gone');
  }),
);

apart(
  'asks a question of its own for what is not known here',
  cliTest(async (rig) => {
    const strange = 'RUNBOOK_STEP=20260101-000000-zzzzz/a/1 sleep 600 &';
    const asked = onTerminal(rig, `${strange}\nrunbook clean; echo code $?; ${LEFT}; runbook clean; ${LEFT}`);

    await asked.says('not known here, maybe of other people: only with --missing');
    await asked.says('a runbook  run 20260101-000000-zzzzz  not known here');
    await asked.says('Also what is not known here? It may belong to other people.');
    asked.types('n');
    await asked.says('code 1');
    await asked.says('left 1');
    await asked.says('Also what is not known here?');
    asked.types('y');
    await asked.says('✔ 1 taken away');
    await asked.says('left 0');
    await asked.ended;
    assert.not.match(asked.text(), 'Take this away?');
  }),
);

apart(
  'by the name of a run: undoes it, then sweeps; Ctrl-C at the question leaves all of it',
  cliTest(async (rig) => {
    await rig.write({'shell.yaml': SHELL});
    const id = 'id=$(ls .runbook/runs)';
    const asked = onTerminal(
      rig,
      `${RUN}; ${id}; trap : INT; runbook clean $id; echo code $?; ${LEFT}; runbook clean $id; ${LEFT}; runbook runs`,
    );

    await asked.says('Take this away?');
    asked.types('\x03');
    await asked.says('code 130');
    await asked.says('left 1');
    await asked.says('Take this away?');
    asked.types('y');
    await asked.says(/back +undone/);
    await asked.says('✔ process   sleep');
    await asked.says('1 taken away, 1 step taken back');
    await asked.says('left 0');
    await asked.says(/shell +undone/);
    await asked.ended;
  }),
);

apart(
  'ps fits a narrow terminal, and a wide one has it all on one line',
  cliTest(async (rig) => {
    await rig.write({'shell.yaml': SHELL});
    const line = `${RUN}; mkdir -p else/where; cd else/where; runbook ps`;
    const narrow = onTerminal(rig, line, 80);
    await narrow.ended;
    const wide = onTerminal(rig, line, 200);
    await wide.ended;

    assert.match(narrow.text(), /^shell {2}run \S+ {2}done, (.* ago|just now)\n {2}its journal is in .*\.runbook$/m);
    assert.match(wide.text(), /^shell {2}run \S+ {2}done, (.* ago|just now) {2}its journal is in .*\.runbook$/m);
    assert.match(narrow.text(), /KIND +NAME +STATE +STEP +AGE\n/);
  }),
);

test.run();
